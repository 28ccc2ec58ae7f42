"""Norms proposed from what was done (DOMAIN §4, docs/decisions/0012-norms-proposed.md).

The reference is a pared mean: people are ranked by their rate of odd days, shrunk towards the segment's mean, taken from
the top until they hold a share of all exposure, and pooled on even days, so that nobody's lucky days count twice. The norm
is the segment's mean and a quarter of the way to the reference, and moves by 5 % a review at most.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from math import ceil, log10
from math import floor as whole
from statistics import median
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from schemas.floor import Floor, NormEntry, Segment
from schemas.floor.days import Weekday
from schemas.steps import STEPS, Step
from services.rules.day import DAYS
from services.rules.deviation import EXACT, multiplier
from services.rules.history import AgentDay, LeftOut, left_out
from services.rules.norms import governing

Why = Literal["few_days", "few_events", "few_agents", "reference_away"]
"""Why there is no reference of the segment's own people."""
Kept = Literal["personal", "nobody", "no_facts", "zero", "nothing_done"]
"""Why nothing is proposed."""
DIGITS: Final = 3
"""Significant digits of a proposed norm."""


@dataclass(frozen=True, slots=True)
class Performer:
    """One of the reference: ``index`` of the odd days that ranked them, and what they did on the even ones."""

    agent: str
    index: float
    count: int
    hours: float


class Proposal(msgspec.Struct, frozen=True, rename={"for_": "for"}):
    """One step of one segment. Norms, mean and reference are counts of a full standard shift.

    ``weekdays`` and ``for_`` are those of the norm entry; ``now`` is None where there is no norm yet. ``exact`` is the norm
    before the limit and rounding; ``capped`` whether the limit held it. ``per_day`` is None when nothing is proposed: see
    ``kept``. ``fallback`` says why the reference is the floor's median raised; then ``performers`` is empty.
    ``left_out``: agent-days by reason. ``days``: the days looked at, ``members`` whose they are.
    """

    for_: Segment
    weekdays: tuple[Weekday, ...] | None
    step: Step
    now: float | None
    reference_now: float | None
    per_day: float | None = None
    reference: float | None = None
    mean: float | None = None
    exact: float | None = None
    capped: bool = False
    kept: Kept | None = None
    fallback: tuple[Why, ...] = ()
    performers: tuple[Performer, ...] = ()
    members: tuple[str, ...] = ()
    days: int = 0
    events: int = 0
    hours: float = 0.0
    left_out: dict[LeftOut, int] = msgspec.field(default_factory=dict)


def propose(floor: Floor, days: Sequence[AgentDay], standard_min: float) -> list[Proposal]:
    """A proposal for every step of every norm, and for steps of teams that have none yet.

    Args:
        days: of the window, working days only; see ``window``.
        standard_min: the full shift, minutes.
    """
    seen = _Seen(floor, days, standard_min)
    found = [
        seen.of_entry(position, step) for position, entry in enumerate(floor.norms) for step in STEPS
        if step in entry.per_day
    ]  # fmt: skip
    first = [seen.of_team(team.id, step) for team in floor.teams for step in STEPS if (team.id, step) in seen.without]
    return found + [one for one in first if one.kept is None]


def window(floor: Floor, dates: Iterable[Date]) -> tuple[Date, ...]:
    """The last of the working *dates*, as many as the window holds at most."""
    return tuple(sorted(set(dates)))[-floor.review.window_days[1] :]


@dataclass(slots=True)
class _Tally:
    """Counts and minutes of exposure of one agent, on odd and on even days of the sample."""

    count: list[int] = field(default_factory=lambda: [0, 0])
    minutes: list[float] = field(default_factory=lambda: [0.0, 0.0])


ODD, EVEN = 0, 1


class _Sample:
    """Agent-days of one step that say something; the first, third… of its dates are odd."""

    def __init__(self, step: Step, rows: Iterable[AgentDay], floor: Floor, begun: Date | None) -> None:
        kept = []
        self.out: Counter[LeftOut] = Counter()
        for one in rows:
            why = "no_facts" if begun is None or one.date < begun else left_out(one, step, floor)
            if why is None:
                kept.append(one)
            else:
                self.out[why] += 1
        self.dates = sorted({one.date for one in kept})
        half = {date: number % 2 for number, date in enumerate(self.dates)}
        self.by_agent: dict[str, _Tally] = {}
        for one in kept:
            own = self.by_agent.setdefault(one.agent, _Tally())
            own.count[half[one.date]] += one.count(step)
            own.minutes[half[one.date]] += one.exposed_min * one.shift
        self.count = sum(sum(own.count) for own in self.by_agent.values())
        self.minutes = sum(sum(own.minutes) for own in self.by_agent.values())


class _Seen:
    """The window, sorted by the norm that governs each agent, weekday and step."""

    def __init__(self, floor: Floor, days: Sequence[AgentDay], standard_min: float) -> None:
        self.floor, self.standard_min = floor, standard_min
        self.by_entry: dict[tuple[int, Step], list[AgentDay]] = defaultdict(list)
        self.without: dict[tuple[str, Step], list[AgentDay]] = defaultdict(list)
        self.by_date: dict[Date, list[AgentDay]] = defaultdict(list)
        self.begun = _begun(days)
        place = {id(entry): position for position, entry in enumerate(floor.norms)}
        ruled: dict[tuple[str, str], Mapping[Step, NormEntry]] = {}
        for one in days:
            agent = floor.agent_by_id.get(one.agent)
            if agent is None:
                continue
            self.by_date[one.date].append(one)
            weekday = DAYS[one.date.weekday()]
            rules = ruled.get((agent.id, weekday))
            if rules is None:
                rules = ruled[agent.id, weekday] = governing(floor, agent, weekday)
            for step in STEPS:
                if step in rules:
                    self.by_entry[place[id(rules[step])], step].append(one)
                else:
                    self.without[agent.team, step].append(one)

    def of_entry(self, position: int, step: Step) -> Proposal:
        entry = self.floor.norms[position]
        start = Proposal(entry.for_, entry.weekdays, step, entry.per_day[step], entry.reference.get(step))
        if entry.for_.agent is not None:
            return replace(start, kept="personal")
        if not entry.per_day[step]:
            return replace(start, kept="zero")
        return self._proposal(start, self.by_entry[position, step])

    def of_team(self, team: str, step: Step) -> Proposal:
        return self._proposal(Proposal(Segment(team=team), None, step, None, None), self.without[team, step])

    def _proposal(self, start: Proposal, rows: Sequence[AgentDay]) -> Proposal:
        own = _Sample(start.step, rows, self.floor, self.begun.get(start.step))
        start = replace(
            start,
            members=tuple(sorted(own.by_agent)),
            days=len(own.dates),
            events=own.count,
            hours=own.minutes / 60,
            left_out=dict(sorted(own.out.items())),
        )
        if not own.minutes:
            return replace(start, kept="no_facts" if rows else "nobody")
        mean = own.count / own.minutes * self.standard_min
        start = replace(start, mean=mean, fallback=self._missing(own, rows))
        best = () if start.fallback else self._best(own)
        if not start.fallback and not sum(one.hours for one in best):
            start = replace(start, fallback=("reference_away",))
        reference = self._raised_median(start.step, own.dates) if start.fallback else self._pooled(best)
        if not max(mean, reference):
            return replace(start, kept="nothing_done")
        exact = mean + self.floor.review.way * (reference - mean)
        per_day, capped = limited(exact, start.now, self.floor.review.max_change)
        return replace(
            start,
            per_day=per_day,
            capped=capped,
            exact=exact,
            reference=rounded(reference),
            performers=() if start.fallback else best,
        )

    def _missing(self, own: _Sample, rows: Sequence[AgentDay]) -> tuple[Why, ...]:
        """What a reference of the segment's own people lacks. Of the days needed, an entry that governs one weekday of
        five needs a fifth."""
        by = self.floor.review
        governed = len({one.date for one in rows}) / len(self.by_date)
        lacks: dict[Why, bool] = {
            "few_days": len(own.dates) < by.window_days[0] * governed - EXACT,
            "few_events": own.count < by.min_events,
            "few_agents": len(own.by_agent) < by.min_agents,
        }
        return tuple(why for why, lacking in lacks.items() if lacking)

    def _best(self, own: _Sample) -> tuple[Performer, ...]:
        """Ranked on odd days, from the top until they hold their share of all exposure."""
        by = self.floor.judgement
        ranked = []
        for agent, tally in own.by_agent.items():
            expected = own.count / own.minutes * tally.minutes[ODD]
            index = multiplier(
                tally.count[ODD], expected, cv=by.prior_cv, overdispersion=by.overdispersion
            ).mean  # fmt: skip
            ranked.append((-index, agent))
        best, held = [], 0.0
        for minus_index, agent in sorted(ranked):
            tally = own.by_agent[agent]
            best.append(Performer(agent, -minus_index, tally.count[EVEN], tally.minutes[EVEN] / 60))
            held += sum(tally.minutes)
            if held >= self.floor.review.reference_share * own.minutes - EXACT:
                break
        return tuple(best)

    def _pooled(self, best: Sequence[Performer]) -> float:
        return sum(one.count for one in best) / sum(one.hours for one in best) / 60 * self.standard_min

    def _raised_median(self, step: Step, dates: Iterable[Date]) -> float:
        """The floor's median agent on these days, raised."""
        everybody = _Sample(
            step, (one for date in dates for one in self.by_date[date]), self.floor, self.begun.get(step)
        )
        rates = [sum(own.count) / sum(own.minutes) for own in everybody.by_agent.values()]
        return median(rates) * self.standard_min * (1 + self.floor.review.median_raise)


def limited(exact: float, now: float | None, max_change: float) -> tuple[float, bool]:
    """The norm to propose for *exact*, and whether the limit held it. Rounded towards the present norm, never past the limit."""
    if now is None:
        return rounded(exact), False
    held = min(max(exact, now * (1 - max_change)), now * (1 + max_change))
    capped = abs(held - exact) > EXACT
    if held < now:
        return min(rounded(held, ceil), now), capped
    return max(rounded(held, whole), now), capped


def rounded(value: float, way: Callable[[float], int] = round) -> float:
    """To DIGITS significant digits: 84.37 → 84.4."""
    if value <= 0:
        return 0.0
    digits = DIGITS - 1 - whole(log10(value))
    scaled = way(round(value * 10.0**digits, 6))
    return round(scaled * 10.0**-digits, max(0, digits))


def _begun(days: Iterable[AgentDay]) -> dict[Step, Date]:
    """Step → the first day it was counted for anybody: before, its source was not connected."""
    found: dict[Step, Date] = {}
    for one in days:
        for step in one.counts:
            if (step not in found or one.date < found[step]) and one.count(step):
                found[step] = one.date
    return found
