"""People's acts about tasks: appended, in one transaction with what they change in ``tasks``.

Writes ``task_acts``, and of ``tasks`` what an act changes: state, target, issued, dismissed_at.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.acts import Dismiss, Edit, TaskAct, TaskState, arguments_of, kind_of, task_act
from services.rules.acts import Refusal, Standing, advance, standing

_tasks, _acts = tables.tasks.c, tables.task_acts.c


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the task is after an act; ``new``: False for a request that said what stands already."""

    state: TaskState
    target: int
    new: bool


async def record(
    connection: AsyncConnection, task: str, act: TaskAct, at: datetime, by: str, key: str | None = None
) -> Recorded | Refusal | Literal["no_task"]:
    """Do *act* about *task*, within the caller's transaction. The row of the task is held until it ends.

    Args:
        key: the asker's own id of this request; asked again with it, nothing is done twice.
    """
    query = sa.select(_tasks.state, _tasks.target, _tasks.issued, _tasks.result).where(_tasks.task == task)
    row = (await connection.execute(query.with_for_update())).one_or_none()
    if row is None:
        return "no_task"
    known = await connection.execute(
        sa.select(_acts.key, _acts.act, _acts.arguments).where(_acts.task == task).order_by(_acts.id)
    )
    earlier = [(one.key, read(one.act, one.arguments)) for one in known]
    if key is not None and any(used == key for used, _ in earlier):
        return Recorded(row.state, row.target, new=False)
    now = standing(row.state, row.target, row.result, [one for _, one in earlier if one is not None])
    after = advance(now, act)
    if not isinstance(after, Standing):
        return after
    if after == now:
        return Recorded(row.state, row.target, new=False)
    await connection.execute(
        sa.insert(tables.task_acts).values(
            task=task, at=at, by=by, act=kind_of(act), arguments=arguments_of(_told(act, now)), key=key
        )
    )
    changed: dict[str, Any] = {"state": after.state, "target": after.target}
    if after.target != now.target and row.issued is None:
        changed["issued"] = now.target
    if isinstance(act, Dismiss):
        changed["dismissed_at"] = at
    await connection.execute(sa.update(tables.tasks).where(_tasks.task == task).values(changed))
    return Recorded(after.state, after.target, new=True)


def _told(act: TaskAct, now: Standing) -> TaskAct:
    """With what the history has to say beside it."""
    if isinstance(act, Edit) and act.target is not None:
        return msgspec.structs.replace(act, was=now.target)
    return act


def read(kind: str, arguments: Any) -> TaskAct | None:
    """None for what a newer version of Srez wrote."""
    try:
        return task_act(kind, arguments)
    except (KeyError, msgspec.ValidationError):
        return None
