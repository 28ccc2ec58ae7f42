"""What a source usually brings at a time of the week: norms × exposure, bent to the days before (DOMAIN §8; ADR 0036).

Facts that came are held against what norms × exposure expected, in bins of five minutes. The factor of a bin is that of its
hour of the week × how the bin stands out of its hour; each leans on the wider one, as on so many expected facts.
"""

from dataclasses import replace
from datetime import date as Date
from datetime import time as Time
from datetime import timedelta
from typing import Final

from schemas.floor import Floor
from services.rules.baselines import Baselines
from services.rules.day import WorkingDay, local_instant, working_day
from services.rules.sources import BIN_MIN, BINS, Load, Shape, loads
from services.rules.spans import at

Sums = dict[tuple[int, ...], tuple[float, float]]
"""() the whole, (hour), (weekday, hour), (−1, bin) → (came, expected)."""

BUSY: Final = 5
"""Facts in a bin on the days on which it was not empty: fewer may be none by chance (e⁻⁵ < 1 %)."""

Expected = dict[str, list[float]]
"""What each source was expected to bring in every bin of a day."""
Past = list[tuple[Date, Expected]]
"""Of earlier working days, in order."""


def usual_loads(
    floor: Floor, day: WorkingDay, by: Baselines | None, known: dict[Date, Expected] | None = None
) -> dict[str, Load]:
    """Load of every source on *day*. With too short a history for a profile: norms × exposure, as much of it as came on the
    days that there are, and nothing before breaks.

    Args:
        known: what was expected on earlier days of the same floor, as far as it was asked before; added to.
    """
    plain, early = loads(floor, day), floor.outages.source_silence.leave_early_s
    past = _past(floor, by, known if known is not None else {}) if by is not None and plain else []
    found = {}
    for source, load in plain.items():
        sums, days = _sums(source, past, by) if by is not None else ({}, 0)
        if days >= floor.outages.source_silence.profile_days:
            found[source] = replace(load, shape=_shape(sums, day, floor, _may_be_empty(source, past, by, day)))
        else:
            found[source] = _left_early(load, early, _whole(_after_the_first(source, past, by), floor))
    return found


def _after_the_first(source: str, past: Past, by: Baselines | None) -> Sums:
    """Sums without the first day on which the source was heard: it may have been connected in the middle of it."""
    if by is None:
        return {}
    heard = [date for date, _ in past if by.by_day[date].arrived.get(source)]
    return _sums(source, [one for one in past if one[0] > heard[0]], by)[0] if heard else {}


def _left_early(load: Load, early_s: float, share: float) -> Load:
    """The last minutes before a break or the end of a shift owe nothing: the last calls of a day end before it does."""
    groups = []
    for group in load.groups:
        spans = tuple((start, end - early_s) for start, end in group.spans if end - early_s > start)
        groups.append(group._replace(spans=spans, per_min=group.per_min * share))
    return replace(load, groups=tuple(groups))


def _past(floor: Floor, by: Baselines, known: dict[Date, Expected]) -> Past:
    """Earlier working days → what each source was expected to bring in every bin."""
    found: Past = []
    alike: dict[tuple[object, ...], Expected] = {}
    for date in sorted(by.by_day):
        day = working_day(floor, date)
        if not day.working:
            continue
        key = day.weekday, tuple((start - at(day.starts), end - at(day.starts)) for start, end in day.hours)
        if key not in alike:  # a floor of ten thousand takes half a second; who was away then is not asked
            if date not in known:
                known[date] = _expected(floor, day)
            alike[key] = known[date]
        found.append((date, alike[key]))
    return found


def _expected(floor: Floor, day: WorkingDay) -> Expected:
    starts = [local_instant(day.date, clock, floor.zone) for clock in _clock()]
    ends = [*starts[1:], local_instant(day.date + timedelta(days=1), _clock()[0], floor.zone)]
    return {
        source: [load.expected(start, end) for start, end in zip(starts, ends, strict=True)]
        for source, load in loads(floor, day).items()
    }


def _clock() -> list[Time]:
    return [Time(n * BIN_MIN // 60, n * BIN_MIN % 60) for n in range(BINS)]


def _sums(source: str, past: Past, by: Baselines) -> tuple[Sums, int]:
    """What came and what was expected, by how wide one looks; and of how many days on which the source was heard."""
    sums: Sums = {}
    days = 0
    for date, expected in past:
        came = by.by_day[date].arrived.get(source, {})
        if not came or source not in expected:
            continue
        days += 1
        for number, due in enumerate(expected[source]):
            if due > 0:
                hour = number * BIN_MIN // 60
                for key in ((), (hour,), (date.weekday(), hour), (-1, number)):
                    before = sums.get(key, (0.0, 0.0))
                    sums[key] = (before[0] + came.get(number, 0), before[1] + due)
    return sums, days


def _whole(sums: Sums, floor: Floor) -> float:
    """What came of what was expected, over all days; leans on norms × exposure."""
    came, due = sums.get((), (0.0, 0.0))
    lean = floor.outages.source_silence.lean_on
    return (came + lean) / (due + lean)


def _may_be_empty(source: str, past: Past, by: Baselines | None, day: WorkingDay) -> frozenset[int]:
    """Bins in which often nobody brings anything: a meeting that opens the week, a floor that begins when it likes.

    A mean tells them badly: a bin that is empty on one Monday in two and busy on all other days still owes most of it.
    """
    days: dict[bool, int] = {False: 0, True: 0}
    empty: dict[bool, dict[int, int]] = {False: {}, True: {}}
    came: dict[int, list[int]] = {}
    for date, expected in past:
        brought = by.by_day[date].arrived.get(source, {}) if by is not None else {}
        if not brought or source not in expected:
            continue
        alike = date.weekday() == day.date.weekday()
        days[alike] += 1
        for number, due in enumerate(expected[source]):
            if number in brought:
                came.setdefault(number, []).append(brought[number])
            elif due > 0:
                empty[alike][number] = empty[alike].get(number, 0) + 1
    found = set()
    for number in empty[True].keys() | empty[False].keys():
        own, others = empty[True].get(number, 0), empty[False].get(number, 0)
        often = own >= max(2, days[True] / 3) or own + others >= max(2, (days[True] + days[False]) / 5)
        busy = came.get(number, [])
        if often and busy and sum(busy) >= BUSY * len(busy):
            found.add(number)
    return frozenset(found)


def _shape(sums: Sums, day: WorkingDay, floor: Floor, empty: frozenset[int]) -> Shape:
    lean, whole = floor.outages.source_silence.lean_on, _whole(sums, floor)

    def leaning(key: tuple[int, ...], wider: float) -> float:
        came, due = sums.get(key, (0.0, 0.0))
        return (came + lean * wider) / (due + lean)

    factors = []
    for number in range(BINS):
        hour = number * BIN_MIN // 60
        of_day = leaning((hour,), whole)
        of_week = leaning((day.date.weekday(), hour), of_day)
        factors.append(of_week * leaning((-1, number), of_day) / of_day if of_day and number not in empty else 0.0)
    return Shape(floor.zone, tuple(factors))
