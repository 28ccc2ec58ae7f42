"""The end of the day in words, for the page and its print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime

from services.board.report.rows import (
    AgentReport,
    DayReport,
    Incident,
    ScopeReport,
    SliceReport,
    StatedReport,
    TaskReport,
)
from services.board.today import Today
from services.board.view import saying
from services.board.view.floor import shown_name
from services.board.view.forecast import causes
from services.board.view.look import Shown, shown
from services.board.words import Words
from services.reads.cases import CaseOutcome
from services.rules.money.risk import AtRisk
from services.rules.money.units import about


@dataclass(frozen=True, slots=True)
class Card:
    """Plan and fact of the floor or a team."""

    title: str
    scope: ScopeReport
    money: list[tuple[str, str]]
    """(what, sum), currencies apart."""


@dataclass(frozen=True, slots=True)
class SliceShown:
    slice: SliceReport
    doubts: list[tuple[str, list[tuple[str, str]]]]
    """(teams that share them, [(steps, reason)])."""


@dataclass(frozen=True, slots=True)
class AgentShown:
    agent: AgentReport
    name: str


@dataclass(frozen=True, slots=True)
class TeamShown:
    title: str
    agents: list[AgentShown]


@dataclass(frozen=True, slots=True)
class TaskShown:
    """``since`` and ``without`` are empty where nothing could be measured."""

    task: TaskReport
    name: str
    what: str
    before: str
    since: str
    without: str


@dataclass(frozen=True, slots=True)
class CaseShown:
    name: str
    zone: str
    reason: str
    opened: datetime
    recheck_on: Date
    stands: bool
    lifted: bool


@dataclass(frozen=True, slots=True)
class OutcomeShown:
    """``effect`` is empty where nothing was due since."""

    name: str
    zone: str
    said: str
    effect: str


@dataclass(frozen=True, slots=True)
class IncidentShown:
    incident: Incident
    said: saying.Said
    when: str
    who: str
    """Whom it took working time from."""


@dataclass(frozen=True, slots=True)
class StatedShown:
    name: str
    when: str
    minutes: int


@dataclass(frozen=True, slots=True)
class ReportView:
    cards: list[Card]
    forecast: list[str]
    """The month ahead, and what is at risk by cause, today and this month."""
    slices: list[SliceShown]
    teams: list[TeamShown]
    tasks: list[TaskShown]
    task_summary: str
    cases: list[CaseShown]
    outcomes: list[OutcomeShown]
    look: list[tuple[str, list[Shown]]]
    """(name, what stands out); never a verdict."""
    incidents: list[IncidentShown]
    stated: list[StatedShown]
    """Faults that people, or their telephones, said themselves."""


def report_view(today: Today, found: DayReport, w: Words) -> ReportView:
    floor = today.floor
    names = {agent.id: shown_name(today, number, agent, w) for number, agent in enumerate(floor.agents, 1)}
    return ReportView(
        cards=[Card(_title(today, one.scope, w), one, _money(one, w)) for one in found.scopes],
        forecast=_forecast(found, w),
        slices=[_slice(today, one, w) for one in found.slices],
        teams=[
            TeamShown(team.title, [AgentShown(one, names[one.agent]) for one in found.agents if one.team == team.id])
            for team in floor.teams
        ],
        tasks=[_task(one, names, w) for one in found.tasks],
        task_summary=_summary(found, w),
        cases=[
            CaseShown(
                name=names.get(one.agent, one.agent),
                zone=w(f"step.{one.step}"),
                reason=w.known("coaching", one.reason),
                opened=one.opened,
                recheck_on=one.recheck_on,
                stands=one.stands,
                lifted=one.lifted is not None,
            )
            for one in found.coaching
        ],
        outcomes=[_outcome(one, names, w) for one in found.outcomes],
        look=_look(today, found, names, w),
        incidents=_incidents(today, found.incidents, names, w),
        stated=[StatedShown(names.get(one.agent, one.agent), _said(one, w), one.technical_min) for one in found.stated],
    )


def _title(today: Today, scope: str, w: Words) -> str:
    kind, _, name = scope.partition(":")
    return today.floor.team_by_id[name].title if kind == "team" else w("scope.floor")


def _money(scope: ScopeReport, w: Words) -> list[tuple[str, str]]:
    return [(w(f"report.money.{one.kind}"), w.money(one.minor, one.currency)) for one in scope.money]


def _forecast(found: DayReport, w: Words) -> list[str]:
    lines, day, one = [], found.at_risk, found.forecast
    if day and day.total:
        lines.append(_risk("report.risk.day", AtRisk(day.total, day.causes, day.broken), day.currency, w))
    if one is None:
        return lines
    median, low, high = (w.money(about(minor, one.currency), one.currency) for minor in (one.median, one.low, one.high))
    if one.p_plan is None:
        return [*lines, w("report.forecast", median=median, low=low, high=high)]
    lines.append(w("report.forecast_plan", median=median, low=low, high=high, sure=w.sure(one.p_plan)))
    if one.at_risk and one.causes:
        lines.append(_risk("report.risk", AtRisk(one.at_risk, one.causes, one.broken), one.currency, w))
    return lines


def _risk(key: str, risk: AtRisk, currency: str, w: Words) -> str:
    said = "; ".join(f"{part.title.lower()} — {part.sum}" for part in causes(risk, currency, w))
    return w(key, total=w.money(risk.total, currency), causes=said)


def _outcome(one: CaseOutcome, names: dict[str, str], w: Words) -> OutcomeShown:
    said = w("report.recheck_due", day=w.day_short(one.recheck_on))
    if one.outcome is not None:
        said = w("report.outcome", outcome=w.known("outcome", one.outcome))
    effect = ""
    if one.done is not None and one.expected is not None:
        between = w.num(one.low or 0) if one.low == one.high else f"{w.num(one.low or 0)}–{w.num(one.high or 0)}"
        effect = w("report.since_case", done=w.num(one.done), expected=w.due(one.expected), between=between)
    return OutcomeShown(names.get(one.agent, one.agent), w(f"step.{one.step}"), said, effect)


def _look(today: Today, found: DayReport, names: dict[str, str], w: Words) -> list[tuple[str, list[Shown]]]:
    by_agent: dict[str, list[Shown]] = {}
    for row in found.look:
        by_agent.setdefault(row.agent, []).append(shown(row, today.floor, w))
    return [(names.get(agent, agent), own) for agent, own in by_agent.items()]


def _slice(today: Today, one: SliceReport, w: Words) -> SliceShown:
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for team in one.untrusted:
        found.setdefault(tuple(saying.doubts(team.reasons, w)), []).append(today.floor.team_by_id[team.team].title)
    return SliceShown(one, [(", ".join(teams), list(reasons)) for reasons, teams in found.items()])


def _task(one: TaskReport, names: dict[str, str], w: Words) -> TaskShown:
    since = without = ""
    if one.since_done is not None and one.since_due is not None:
        since = w("report.of", done=w.num(one.since_done), due=w.due(one.since_due))
    if one.expected is not None:
        between = w.num(one.low or 0) if one.low == one.high else f"{w.num(one.low or 0)}–{w.num(one.high or 0)}"
        without = w("report.without", expected=w.due(one.expected), between=between)
    before = ""
    if one.before_done is not None and one.before_due is not None:
        before = w("report.of", done=w.num(one.before_done), due=w.due(one.before_due))
    return TaskShown(
        task=one,
        name=names.get(one.agent, one.agent),
        what=w(f"wanted.{one.step}", n=one.target),
        before=before,
        since=since,
        without=without,
    )


def _summary(found: DayReport, w: Words) -> str:
    """How many were given, and what became of those verified today."""
    counts = found.task_counts
    parts = [w("report.given", n=counts.given), w("report.verified", n=counts.verified)]
    parts += [
        w(f"report.result.{result}", n=counts.results[result])
        for result in ("done", "not_done", "not_enough_data", "invalidated")
        if result in counts.results
    ]
    return ", ".join(parts)


def _incidents(today: Today, found: Sequence[Incident], names: dict[str, str], w: Words) -> list[IncidentShown]:
    alerts = {alert.row.alert: alert for alert in today.alerts}
    shown = []
    for one in found:
        said = saying.say(alerts[one.alert], today.floor, w)
        agents = ", ".join(names.get(agent, agent) for agent in one.agents)
        shown.append(IncidentShown(one, said, _when(today, said, w), agents))
    return shown


def _said(one: StatedReport, w: Words) -> str:
    if one.ended_at is None:
        return w("report.still", since=w.clock(one.began_at))
    length = w.about(60 * one.technical_min)
    return w("alerts.from_to", since=w.clock(one.began_at), until=w.clock(one.ended_at), length=length)


def _when(today: Today, said: saying.Said, w: Words) -> str:
    """Of one that lasts without its length, which would change while the page is read, and on paper."""
    if said.ended is None:
        return w(
            "report.still",
            since=w.clock(said.began) if w.local(said.began).date() == today.date else w.day_and_clock(said.began),
        )
    return saying.from_to(said, w, today.date, said.ended)
