"""What a head is told at a slice: the payload of one message per team and slice, and of each coaching case."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.rows import SliceRow
from schemas.steps import STEPS
from services.alerts import routing
from services.alerts.announcing import frame
from services.alerts.storage import slice_rows
from services.rules.day import WorkingDay
from services.rules.drop import drops_at
from services.rules.pace import points
from services.rules.tasks import repeats_since

LAGGING: Final = ("soft", "hard")
ONE_FACT_STEPS: Final = ("calls", "presentations", "invoices", "payments")
"""Steps in which every fact counts at most once between them; answered and long calls are calls too."""
AHEAD_INDEX: Final = 1.15
AHEAD_EXPECTED: Final = 3.0
AHEAD_NAMED: Final = 2
DROPS_NAMED: Final = 3
ACTS_TOLD: Final = 8
"""So many last acts about a task are told."""


def key(date: str, slice_: str, team: str) -> str:
    return f"slice:{date}:{slice_}:{team}"


async def slice_payload(
    connection: AsyncConnection, floor: Floor, day: WorkingDay, close: Any, team: str, board_url: str | None
) -> dict[str, Any]:
    """Everything the message is made of; the same rows give the same payload."""
    cut_off: datetime = close.cut_off
    rows = await slice_rows.rows_of(connection, close.date, close.slice, team)
    known = await slice_rows.tasks_of(connection, team, cut_off)
    cases = await slice_rows.cases_of(connection, team, cut_off)
    lifted = await slice_rows.cases_lifted(connection, team, cut_off)
    names = [cut.name for cut in day.cut_offs]
    position = names.index(close.slice) if close.slice in names else 0
    before = await slice_rows.rows_of(connection, close.date, names[position - 1], team) if position else ()
    following = next((cut.at for cut in day.cut_offs if cut.at > cut_off), None)
    agents = sorted({row.agent for row in rows})
    began = day.previous(close.slice) if close.slice in names else day.starts
    idle = await slice_rows.technical_agents(connection, agents, began, cut_off)
    found = floor.team_by_id.get(team)
    opened = [task for task in known if task.opened == cut_off]
    acts = await slice_rows.acts_of(connection, opened)
    given = await slice_rows.given_since(connection, team, repeats_since(floor, close.date))
    verified = [task for task in known if task.verified == cut_off and task.opened < cut_off]
    carried = [task for task in known if task.opened < cut_off and task.verified != cut_off and task.due <= cut_off]
    lagging = _lagging(rows, {task.agent for task in [*opened, *carried] if task.dismissed_at is None}, floor)
    told = {one["agent"] for one in lagging} | {task.agent for task in known} | {case.agent for case in cases}
    past = await slice_rows.past_of(connection, close.date, team, cut_off)
    down = await slice_rows.team_below(connection, close.date, close.slice, team)
    return {
        **frame(floor, close.date.isoformat(), team, board_url),
        "form": "slice",
        "kind": "slice",
        "slice": close.slice,
        "team_name": found.title if found else team,
        "steps": totals(rows),
        "tasks": [
            {**_task(task, floor), "again": _again(task, given), **acted(task, acts)} for task in _surest(opened)
        ],
        "acts": sum(map(len, acts.values())) + sum(ground_of(task) is not None for task in opened),
        "verified": [_task(task, floor) for task in verified],
        "carried": [{**_task(task, floor), "due": following.isoformat() if following else None} for task in carried],
        "lagging": lagging,
        "team_below": [step for step in STEPS if step in down],
        "drops": drops(past, close.date, close.slice, told, floor),
        "drop_below": floor.judgement.drop.below,
        "good": _good(rows, before, {task.agent for task in verified}, floor),
        "coaching": [case_of(case, floor) for case in cases],
        **({"lifted": [case_of(case, floor) for case in lifted]} if lifted else {}),
        "untrusted": _untrusted(close.trust.get(team, {}), rows),
        "late": sum(row.late for row in before if row.late > 0 and row.step in ONE_FACT_STEPS),
        "technical": len(idle),
        "as_of": (cut_off + timedelta(seconds=floor.grace_s)).isoformat(),
        "below": floor.judgement.soft.below,
        "mentions": list(routing.lead(floor, team)),
    }


def acted(task: Any, acts: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """What people did about a task, as its messages tell it; the same rows give the same."""
    found = acts.get(task.task, ())
    why = next((row.arguments.get("reason", "other") for row in reversed(found) if row.act == "dismiss"), None)
    return {
        "target": task.target,
        "result": task.result,
        "state": task.state,
        **({"ground": ground} if (ground := ground_of(task)) else {}),
        "dismissed": (why or "other") if task.dismissed_at is not None else None,
        "acts": [
            {"act": row.act, "by": row.by, "at": row.at.isoformat(), **row.arguments} for row in found[-ACTS_TOLD:]
        ],
    }


def ground_of(task: Any) -> dict[str, Any] | None:
    """Of a task that was lifted because what gave it has fallen away: how that row is seen since (rules.tasks.Ground)."""
    found: dict[str, Any] | None = (task.evidence.get("verified") or {}).get("ground")
    return found


def task_payload(slice_: dict[str, Any], task: dict[str, Any], parent: str) -> dict[str, Any]:
    """Details of one task, in the thread of its slice."""
    kept = ("language", "timezone", "date", "team", "board", "slice", "below")
    return {**{name: slice_[name] for name in kept}, "form": "task", "kind": "task", "task": task, "parent": parent}


def coaching_payload(slice_: dict[str, Any], case: dict[str, Any], floor: Floor) -> dict[str, Any]:
    team = floor.team_by_id.get(slice_["team"])
    trainer = team.trainer if team else None
    kept = ("language", "timezone", "date", "team", "board", "mentions")
    return {
        **{name: slice_[name] for name in kept},
        **case,
        "form": "coaching",
        "kind": "coaching",
        "trainer": floor.called(trainer) if trainer else None,
    }


def totals(rows: Sequence[Any]) -> list[dict[str, Any]]:
    found = []
    for step in STEPS:
        own = [row for row in rows if row.step == step]
        if own:
            targets = [row.target for row in own if row.target is not None]
            target = round(sum(targets), 6) if targets else None
            found.append({"step": step, "done": sum(row.done for row in own), "target": target})
    return found


def _name(floor: Floor, agent: str) -> str:
    found = floor.agent_by_id.get(agent)
    return found.title if found else agent


def _surest(opened: Sequence[Any]) -> list[Any]:
    return sorted(opened, key=lambda task: (-(task.evidence.get("p_below") or 0.0), task.agent))


def _task(task: Any, floor: Floor) -> dict[str, Any]:
    evidence = task.evidence
    return {
        "task": task.task,
        "agent": task.agent,
        "name": _name(floor, task.agent),
        "step": task.step,
        "target": task.target,
        "due": task.due.isoformat(),
        "result": task.result,
        "why": evidence.get("why", "rate"),
        "done": evidence.get("done", 0),
        "target_now": evidence.get("target") or 0.0,
        "p_below": evidence.get("p_below") or 0.0,
        "scale": evidence.get("scale", 1.0),
        "advice": evidence.get("advice") or {},
        "hear": [{**one, "name": _name(floor, one["agent"])} for one in evidence.get("hear") or ()],
        "seen": evidence.get("verified"),
    }


def _again(task: Any, given: Sequence[Any]) -> int:
    """Which of the agent's tasks on this step within five working days it is."""
    return 1 + len(
        [1 for one in given if (one.agent, one.step) == (task.agent, task.step) and one.opened < task.opened]
    )


def case_of(case: Any, floor: Floor) -> dict[str, Any]:
    return {
        "case": case.case,
        "agent": case.agent,
        "name": _name(floor, case.agent),
        "step": case.step,
        "reason": case.reason,
        "recheck_on": case.recheck_on.isoformat(),
    }


def _lagging(rows: Sequence[Any], busy: set[str], floor: Floor) -> list[dict[str, Any]]:
    """Agents that lag and have no task, each by the step we are surest of, the surest first."""
    surest: dict[str, Any] = {}
    for row in rows:
        if row.level in LAGGING and row.agent not in busy:
            held = surest.get(row.agent)
            if held is None or (row.p_below or 0) > (held.p_below or 0):
                surest[row.agent] = row
    ordered = sorted(surest.values(), key=lambda row: (-(row.p_below or 0), row.agent))
    return [_row(row, floor) for row in ordered]


def drops(past: Sequence[SliceRow], date: Date, slice_: str, told: set[str], floor: Floor) -> list[dict[str, Any]]:
    """The surest drops against people's own earlier pace, each agent once; not of those the message tells of already."""
    found: dict[str, dict[str, Any]] = {}
    for one in drops_at(points(past), date, slice_, floor):
        if one.agent not in told and one.agent not in found and len(found) < DROPS_NAMED:
            found[one.agent] = {
                "agent": one.agent,
                "name": _name(floor, one.agent),
                "step": one.step,
                "against": one.against,
                "done": one.drop.now.done,
                "target": round(one.drop.now.expected, 6),
                "before_done": one.drop.before.done,
                "before_target": round(one.drop.before.expected, 6),
                "p_drop": round(one.drop.probability, 6),
            }
    return list(found.values())


def _good(rows: Sequence[Any], before: Sequence[Any], named: set[str], floor: Floor) -> list[dict[str, Any]]:
    """Who came back to norm since the last slice, and the best paces; each agent once."""
    lagged = {(row.agent, row.step) for row in before if row.level in LAGGING}
    found = []
    seen = set(named)
    for row in rows:
        if (row.agent, row.step) in lagged and row.level == "ok" and row.agent not in seen:
            seen.add(row.agent)
            found.append({**_row(row, floor), "what": "recovered"})
    ahead = [
        row for row in rows if row.trusted and (row.index or 0) >= AHEAD_INDEX and (row.target or 0) >= AHEAD_EXPECTED
    ]
    for row in sorted(ahead, key=lambda row: (-row.index, row.agent, row.step)):
        if row.agent not in seen and sum(one["what"] == "ahead" for one in found) < AHEAD_NAMED:
            seen.add(row.agent)
            found.append({**_row(row, floor), "what": "ahead"})
    return found


def _row(row: Any, floor: Floor) -> dict[str, Any]:
    return {
        "agent": row.agent,
        "name": _name(floor, row.agent),
        "step": row.step,
        "done": row.done,
        "target": row.target or 0.0,
        "p_below": row.p_below or 0.0,
    }


def _untrusted(trust: dict[str, Any], rows: Sequence[Any]) -> dict[str, list[str]]:
    used = {row.step for row in rows}
    return {step: list(trust[step]) for step in STEPS if step in used and trust.get(step)}
