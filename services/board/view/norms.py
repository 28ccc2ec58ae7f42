"""The page of norms: for whom, how much, from where; curves of the day; what was learned of people; what changed when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.floor import Floor
from schemas.floor.days import Weekday
from schemas.floor.learned import Learned
from schemas.floor.origin import Origin, Source
from schemas.steps import STEPS, Step
from services.board.norms import Change, ChangedIn, Key, NormRow, Versions, changed_in, rows
from services.board.words import Words
from services.rules.day import DAYS

WIDTH, HEIGHT = 320, 64


@dataclass(frozen=True, slots=True)
class StepNorm:
    step: Step
    per_day: str
    reference: str
    source: Source
    said: str


@dataclass(frozen=True, slots=True)
class NormGroup:
    """The norms of one segment and its weekdays."""

    title: str
    steps: tuple[StepNorm, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A half hour from *clock*: its weight, and its place in the chart."""

    clock: str
    weight: float
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class CurveChart:
    step: Step
    bars: tuple[Bar, ...]
    even: float
    """y of the weight 1."""
    said: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Told:
    """What one version changed, a line each."""

    version: int
    applied_at: datetime
    first: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NormsView:
    groups: tuple[NormGroup, ...]
    curves: tuple[CurveChart, ...]
    learned: tuple[tuple[str, Step, str], ...]
    """(team, step, in words)."""
    versions: tuple[Told, ...]
    next_version: int | None
    """Whose norms hold from the next midnight, when they are others than today's."""


def norms_view(floor: Floor, versions: Versions, w: Words) -> NormsView:
    grouped: dict[Key, list[NormRow]] = {}
    for row in rows(floor):
        grouped.setdefault((row.for_kind, row.for_name, tuple(row.weekdays or ())), []).append(row)
    newest = versions[-1]
    return NormsView(
        groups=tuple(
            NormGroup(titled(key, floor, w), tuple(_step(row, w) for row in own)) for key, own in grouped.items()
        ),
        curves=tuple(_curve(step, floor.curves[step], floor, w) for step in STEPS if step in floor.curves),
        learned=tuple(
            (floor.team_by_id[one.for_.team].title, one.step, _learned(one, w))
            for one in floor.judgement.learned
            if one.for_.team in floor.team_by_id
        ),
        versions=tuple(_told(one, w) for one in changed_in(versions)),
        next_version=newest[0] if rows(newest[2]) != rows(floor) else None,
    )


def titled(key: Key, floor: Floor, w: Words) -> str:
    """``Команда Хантеры, пт``; a person's name only where the floor shows names."""
    kind, name, weekdays = key
    if kind == "team":
        name = floor.team_by_id[name].title if name in floor.team_by_id else name
    elif kind == "agent":
        place = [one.id for one in floor.agents].index(name) + 1 if name in floor.agent_by_id else 0
        hidden = floor.board.hide_names
        name = w("agents.number", n=place) if hidden else floor.agent_by_id[name].title if place else name
    said = w(f"norms.whom.{kind}", name=name)
    return f"{said}, {_weekdays(weekdays, w)}" if weekdays else said


def _weekdays(weekdays: Sequence[Weekday], w: Words) -> str:
    return ", ".join(w(f"weekday.short.{DAYS.index(day) + 1}") for day in weekdays)


def _step(row: NormRow, w: Words) -> StepNorm:
    said = said_of_row(row, w)
    return StepNorm(row.step, _number(row.per_day, w), _number(row.reference, w), row.source, said)


def said_of_row(row: NormRow, w: Words) -> str:
    """Where a row's numbers come from; the line of the best apart where it comes from elsewhere."""
    said = _said(row, row.source, row.reviewed_per_day if row.per_day is not None else row.reviewed_reference, w)
    if row.per_day is None or row.reference_source in (None, row.source):
        return said
    assert row.reference_source is not None
    apart = _said(row, row.reference_source, row.reviewed_reference, w)
    return f"{said}; {w('norms.reference_apart', said=apart)}"


def _said(row: NormRow, source: Source, reviewed: float | None, w: Words) -> str:
    if source == "hand" or row.members is None or row.days is None or row.applied is None:
        return w("norms.source.hand")
    if source == "changed":
        return w("norms.source.changed", day=w.day_short(row.applied), norm=_number(reviewed, w))
    assert row.since is not None
    assert row.until is not None
    window = w("norms.window", since=w.day_short(row.since), until=w.day_short(row.until))
    return f"{reviewed_by(row.members, row.days, w)} ({window}), {w('norms.holds', day=_holds(row, w))}"


def _holds(row: NormRow | Origin, w: Words) -> str:
    assert row.applied is not None
    return w.day_short(row.applied + timedelta(days=1))


def reviewed_by(members: int, days: int, w: Words) -> str:
    """``по работе 12 человек за 40 дней``."""
    return w("norms.source.review", n=members, days=w("norms.days", n=days))


def briefly(source: Source, origin: Origin | None, w: Words) -> str:
    """Where a norm comes from, for the line under an agent's chart."""
    if source == "hand" or origin is None:
        return w("norms.source.hand")
    if source == "changed":
        return w("norms.source.changed", day=w.day_short(origin.applied), norm=_number(origin.per_day, w))
    return f"{reviewed_by(origin.members, origin.days, w)}, {w('norms.holds', day=_holds(origin, w))}"


def _number(value: float | None, w: Words) -> str:
    return "—" if value is None else w.norm(value)


def _worked(at: int, first: int, last: int) -> bool:
    """Minutes since midnight of a half hour, and of a day that may run over midnight."""
    return first - 30 < at < last if first < last else at > first - 30 or at < last


def _curve(step: Step, weights: Mapping[str, float], floor: Floor, w: Words) -> CurveChart:
    """Bars of the half hours of the floor's day and of those the curve names beyond it."""
    halves = {f"{minute // 60:02}:{minute % 60:02}": minute for minute in range(0, 24 * 60, 30)}
    first, last = (at.hour * 60 + at.minute for at in (floor.day.start, floor.day.end))
    shown = [clock for clock, at in halves.items() if clock in weights or _worked(at, first, last)]
    top = max(1.0, *(weights.get(clock, 1.0) for clock in shown)) * 1.05
    wide = WIDTH / len(shown)
    bars = []
    for at, clock in enumerate(shown):
        weight = weights.get(clock, 1.0)
        high = round(weight / top * HEIGHT, 1)
        bars.append(Bar(clock, weight, round(at * wide + 1, 1), round(HEIGHT - high, 1), round(wide - 2, 1), high))
    peak = max(bars, key=lambda bar: bar.weight)
    said = w("norms.curve.peak", time=peak.clock, weight=w.num(peak.weight, 1))
    return CurveChart(step, tuple(bars), round(HEIGHT - HEIGHT / top, 1), said)


def _learned(one: Learned, w: Words) -> str:
    return w(
        "norms.learned.said", mean=w.share(one.mean), spread=w.share(one.prior_cv), times=w.num(one.overdispersion, 1)
    )


def _told(one: ChangedIn, w: Words) -> Told:
    return Told(one.version, one.applied_at, one.first, tuple(_line(change, one.floor, w) for change in one.changes))


def _line(change: Change, floor: Floor, w: Words) -> str:
    what = w("step." + change.step)
    if change.line == "reference":
        what = f"{what}, {w('norms.reference').lower()}"
    before, after = (w("norms.absent") if one is None else w.norm(one) for one in (change.before, change.after))
    return f"{titled(change.key, floor, w)}: {what} {before} → {after}"
