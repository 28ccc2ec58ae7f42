"""Messages about tasks after people did something, or one was lifted: the slice's and each task's in its thread.

Only what tells of the tasks changes; the numbers stay as the message told them. So it works for a message of any age, while
the newest slice is brought up to date as a whole (``findings/slices.py``): both make the same of the same rows.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from services.alerts import announcing
from services.alerts.findings import slices
from services.alerts.storage import outbox, slice_rows
from services.alerts.storage.outbox import Outgoing

Told = tuple[str, int, dict[str, Any]]
"""group_key, transition and payload of a message state that is to be written."""


async def newer(connection: AsyncConnection, one: Any) -> list[Told]:
    """Message states of a slice (``slice_rows.acted_since``) that lack an act; none when all is told."""
    group = slices.key(one.date.isoformat(), one.slice, one.team)
    await outbox.alone(connection, group)
    last = await outbox.newest(connection, group)
    if last is None:
        return []
    told = last.payload["tasks"]
    rows = await slice_rows.tasks_by_id(connection, [task["task"] for task in told])
    acts = await slice_rows.acts_of(connection, list(rows.values()))
    found: list[Told] = []
    fresh = [{**task, **slices.acted(rows[task["task"]], acts)} if task["task"] in rows else task for task in told]
    if last.payload.get("acts", 0) != one.acts:
        found.append((group, last.transition + 1, {**last.payload, "tasks": fresh, "acts": one.acts}))
    for task in fresh:
        details = await outbox.newest(connection, f"{group}/{task['task']}")
        if details is not None and _other(details.payload["task"], task):
            changed = {**details.payload, "task": {**details.payload["task"], **_shown(task)}}
            found.append((f"{group}/{task['task']}", details.transition + 1, changed))
    return found


def messages(floor: Floor, team: str, told: Told) -> list[Outgoing]:
    group, transition, payload = told
    if "parent" not in payload:
        return announcing.to_lanes(floor, "slice", team, group, transition, payload)
    lanes = announcing.to_lanes(floor, "slice", team, payload["parent"], transition, payload)
    return announcing.in_threads(lanes, group, transition, "task", payload, floor)


async def lifted(connection: AsyncConnection, case: str, at: str) -> list[Outgoing]:
    """The message of a coaching case, in each of its places, with when it was lifted (ISO 8601)."""
    key = f"coaching:{case}"
    await outbox.alone(connection, key)
    told = [one for one in await outbox.everywhere(connection, key) if "lifted" not in one.payload]
    return [replace(one, transition=one.transition + 1, payload={**one.payload, "lifted": at}) for one in told]


def _shown(task: dict[str, Any]) -> dict[str, Any]:
    shown = {name: task.get(name) for name in ("target", "result", "state", "dismissed", "acts")}
    return {**shown, "ground": task["ground"]} if "ground" in task else shown


def _other(before: dict[str, Any], now: dict[str, Any]) -> bool:
    return (now.get("acts") or []) != (before.get("acts") or []) or now.get("ground") != before.get("ground")
