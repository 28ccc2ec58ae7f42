"""The Floor page, from the top line to the recents, as values a template only has to place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas.floor import Agent, Team
from schemas.steps import STEPS, Step
from services.board.standing import Shown, Standing, standing
from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.board.view import saying
from services.board.view.dues import carried, due_at, owed, task_done
from services.board.view.ending import Ending, ending
from services.board.view.pace import Curve, Day, Pace, by_half, of_agent, of_group
from services.board.view.reason import of_standing
from services.board.words import Words
from services.reads.forecast import paid_by
from services.reads.freshness import evidence
from services.rules.exposure import NONE
from services.rules.forecast import month_plan
from services.rules.trust import TrustEvidence, gate, with_some

CARD_STEPS: Final[tuple[Step, ...]] = ("calls", "long_calls", "presentations", "invoices", "payments")
"""The five results of the method (DOMAIN §1)."""


SUMMED: Final[Mapping[str, tuple[Shown, ...]]] = {
    "ok": ("ok",),
    "below": ("watch", "soft", "hard"),
    "unsure": ("not_enough_data", "untrusted", "none"),
    "technical": ("technical",),
}


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One row of the agents table."""

    agent: Agent
    name: str
    now: AgentNow
    state: str
    state_since: datetime | None
    standing: Standing
    reason: str
    """Why the level is what it is."""
    paces: tuple[Pace, ...]
    task: Task | None
    task_due: datetime | None
    task_carried: bool
    task_owed: int
    task_done: int
    on_shift: bool
    idle_s: float | None
    """Working seconds since the last call."""
    work: str
    """Working spans of the day as JSON, in Unix seconds: pages count on with them."""

    def pace(self, step: Step) -> Pace:
        return self.paces[STEPS.index(step)]


@dataclass(frozen=True, slots=True)
class TeamCard:
    team: Team
    size: int
    paces: tuple[Pace, ...]
    curves: tuple[Curve, ...]
    money: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a team's data cannot be trusted."""

    team: str
    reasons: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FloorView:
    today: Today
    now: datetime
    lines: list[AgentLine]
    cards: list[TeamCard]
    troubles: list[saying.Said]
    doubts_now: list[Doubt]
    doubts_slice: list[Doubt]
    plan: tuple[int, int, str] | None
    ending: Ending | None

    @property
    def trusted(self) -> bool:
        return not self.doubts_now and not self.doubts_slice


def floor_view(today: Today, now: datetime, w: Words, *, team: str = "", order: str = "") -> FloorView:
    """*team* limits the agents; *order* is ``need`` or ``name``, by default the floor's."""
    whole = today.everybody
    everyone = [_line(whole, number, agent, now, w) for number, agent in enumerate(whole.floor.agents, 1)]
    by_team = {team.id: [line for line in everyone if line.agent.team == team.id] for team in today.floor.teams}
    lines = [line for line in everyone if line.agent.id in today.floor.agent_by_id]
    day = Day(whole, now)
    return FloorView(
        today=today,
        now=now,
        lines=ordered(
            [line for line in lines if not team or line.agent.team == team], order or today.floor.board.order
        ),
        cards=[_card(whole, one, by_team[one.id], day) for one in today.floor.teams],
        troubles=[
            saying.say(alert, today.floor, w, today.affected.get(alert.row.alert, 0))
            for alert in today.alerts
            if alert.open
        ],
        doubts_now=doubts_now(today, now, w),
        doubts_slice=doubts_slice(today, w),
        plan=_plan(today),
        ending=ending(today, now, w),
    )


def ordered(lines: list[AgentLine], order: str) -> list[AgentLine]:
    if order == "name":
        return sorted(lines, key=lambda line: line.name.casefold())
    return sorted(lines, key=lambda line: (not line.on_shift, *line.standing.need, line.name.casefold()))


def shown_name(today: Today, number: int, agent: Agent, w: Words) -> str:
    return w("agents.number", n=number) if today.floor.board.hide_names else agent.title


def _line(today: Today, number: int, agent: Agent, now: datetime, w: Words) -> AgentLine:
    known = today.agents.get(agent.id) or AgentNow(agent.id)
    task = today.open_task(agent.id)
    found = standing(today, agent.id)
    return AgentLine(
        agent=agent,
        name=shown_name(today, number, agent, w),
        now=known,
        state="technical" if agent.id in today.technical_now else known.state or "unknown",
        state_since=today.technical_now.get(agent.id, known.state_since),
        standing=found,
        reason=of_standing(found, today, agent.id, w),
        paces=tuple(of_agent(today, agent.id, step, now) for step in STEPS),
        task=task,
        task_due=due_at(today, task) if task else None,
        task_carried=task is not None and carried(today, task),
        task_owed=owed(today, task) if task else 0,
        task_done=task_done(today, task, known) if task else 0,
        on_shift=today.on_shift(agent.id),
        idle_s=today.idle_s(agent.id, now),
        work=json.dumps([(int(a), int(b)) for a, b in today.exposures.get(agent.id, NONE).net]),
    )


def _card(today: Today, team: Team, members: list[AgentLine], day: Day) -> TeamCard:
    ids = [line.agent.id for line in members]
    return TeamCard(
        team=team,
        size=len(members),
        paces=tuple(
            of_group([line.pace(step) for line in members]) if members else Pace(step, 0, None, None)
            for step in CARD_STEPS
        ),
        curves=tuple(
            day.curve(ids, by_half(today.halves, step, team=team.id), step, width=120, height=28) for step in CARD_STEPS
        ),
        money=tuple(
            (kind, minor, currency)
            for (of, kind, currency), minor in sorted(today.money.items())
            if of == team.id and kind == "payments" and minor
        ),
    )


def _plan(today: Today) -> tuple[int, int, str] | None:
    """(paid this month, planned, currency) of the whole floor in its reporting currency; None without a plan."""
    month = month_plan(today.floor, today.date)
    if month is None or month.minor is None:
        return None
    paid = paid_by(today, None)
    return paid.month_minor + paid.today_minor, month.minor, today.floor.currency


def money_today(today: Today, kind: str) -> list[tuple[int, str]]:
    """(minor units, currency) of the whole floor, the reporting currency first; zero is shown in that one only."""
    found: dict[str, int] = {today.floor.currency: 0}
    for (_, of, currency), minor in today.money.items():
        if of == kind:
            found[currency] = found.get(currency, 0) + minor
    return [(minor, currency) for currency, minor in found.items() if minor or currency == today.floor.currency]


def doubts_now(today: Today, now: datetime, w: Words) -> list[Doubt]:
    """What the trust gate would say at this moment. Outside working hours only which sources were never heard: at night
    nothing is judged anyway."""
    open_ = [alert for alert in today.alerts if alert.open and alert.row.scope.startswith("source:")]
    seen = evidence(today.freshness, ((one.detector, one.row.scope, one.row.evidence) for one in open_))
    if not any(start <= now.timestamp() <= end for start, end in today.day.hours):
        seen = TrustEvidence(unheard=today.freshness.unheard)
    found = []
    for team, steps in with_some(today.floor, gate(today.floor, seen), seen).items():
        reasons = saying.doubts(steps, w)
        if reasons:
            found.append(Doubt(today.floor.team_by_id[team].title, reasons))
    return found


def doubts_slice(today: Today, w: Words) -> list[Doubt]:
    last = today.last_close
    if last is None:
        return []
    pairs = [(team.title, saying.doubts(last.reasons(team.id), w)) for team in today.floor.teams]
    return [Doubt(team, reasons) for team, reasons in pairs if reasons]


def slice_summary(today: Today) -> dict[str, Any] | None:
    """The last slice in three numbers per team; None before the first."""
    today = today.everybody
    last = today.last_close
    if last is None:
        return None
    teams = []
    for team in today.floor.teams:
        levels = [standing(today, agent.id).level for agent in today.floor.agents if agent.team == team.id]
        teams.append(
            {
                "team": team,
                "levels": [
                    (word, count)
                    for word, names in SUMMED.items()
                    if (count := sum(levels.count(name) for name in names)) or word == "ok"
                ],
                "tasks": sum(task.slice == last.slice and task.row.team == team.id for task in today.tasks),
            }
        )
    return {"close": last, "teams": teams}


def source_states(today: Today) -> dict[str, str]:
    """Source → ok, silent, quiet (never heard today)."""
    silent = {alert.row.scope for alert in today.alerts if alert.open and alert.detector != "crm_silence"}
    heard = {source.source for source in today.sources}
    return {
        source.id: "silent" if f"source:{source.id}" in silent else "ok" if source.id in heard else "quiet"
        for source in today.floor.sources
    }
