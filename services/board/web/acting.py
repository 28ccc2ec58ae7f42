"""What people do about a task: ``POST /api/v1/tasks/{task}/confirm|edit|dismiss|talk|acknowledge``."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Body, HTTPException, Request, Response
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from schemas.acts import Acknowledge, Confirm, Dismiss, DismissReason, Edit, Talk, TaskAct, TaskState
from services.acts.tasks import Recorded
from services.board.access import Act
from services.board.storage import tasks
from services.board.web import filters
from services.board.web.asking import Asked, asking, check
from services.board.web.board import Board, Json
from services.board.web.documented import PROBLEM, inlined

TARGET_MAX: Final = 10_000
Text = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True), AfterValidator(filters.printable)]


class EditBody(Asked):
    """Another target, or other words for what to do; at least one of them."""

    target: Annotated[int, Field(ge=1, le=TARGET_MAX, strict=True)] | None = None
    what: Text | None = None


class DismissBody(Asked):
    """Why; ``other`` needs a note."""

    reason: DismissReason
    note: Text = ""


class TalkBody(Asked):
    """When they talked, now by default, and what was said."""

    at: AwareDatetime | None = None
    minutes_ago: Annotated[int, Field(ge=0, le=31 * 24 * 60, strict=True)] | None = None
    note: Text = ""


class TaskNow(msgspec.Struct, frozen=True, kw_only=True):
    """The task after the act. ``new``: false when this was said before."""

    task: str
    state: TaskState
    target: int
    new: bool


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "the task as it is now", "content": {"application/json": {"schema": inlined(TaskNow)}}},
    400: {"description": "called by a name that is not allowed (SREZ_BOARD_HOSTS), or a body that is no JSON"},
    403: {"description": "not allowed to who asks, not about this team, or from another site", **PROBLEM},
    404: {"description": "no such task", **PROBLEM},
    409: {"description": "the task was verified or dismissed already", **PROBLEM},
    415: {"description": "the body must be application/json", **PROBLEM},
    503: {"description": "the database does not answer, or no floor was applied yet", **PROBLEM},
}


def routes(board: Board) -> APIRouter:
    router = APIRouter(tags=["tasks"])

    @router.post("/api/v1/tasks/{task}/confirm", summary="Confirm a task", responses=ANSWERS)
    async def confirm(request: Request, task: UUID, body: Annotated[Asked, Body()]) -> Response:
        """The head stands behind the task."""
        return await _do(board, request, task, Confirm(), "task", body.key)

    @router.post("/api/v1/tasks/{task}/edit", summary="Edit a task", responses=ANSWERS)
    async def edit(request: Request, task: UUID, body: Annotated[EditBody, Body()]) -> Response:
        """The new target is what is verified from now on; an edited task is a confirmed one."""
        return await _do(board, request, task, Edit(target=body.target, what=body.what), "task", body.key)

    @router.post("/api/v1/tasks/{task}/dismiss", summary="Dismiss a task", responses=ANSWERS)
    async def dismiss(request: Request, task: UUID, body: Annotated[DismissBody, Body()]) -> Response:
        """The task is never verified and counts for nothing; the agent may get a new one at the next cut-off."""
        if body.reason == "other" and not body.note:
            raise HTTPException(422, "no_note")
        return await _do(board, request, task, Dismiss(reason=body.reason, note=body.note), "task", body.key)

    @router.post("/api/v1/tasks/{task}/talk", summary="Record a talk", responses=ANSWERS)
    async def talk(request: Request, task: UUID, body: Annotated[TalkBody, Body()]) -> Response:
        """The head talked with the agent about the task."""
        now = board.clock.now()
        at = _sane(now - timedelta(minutes=body.minutes_ago) if body.minutes_ago is not None else body.at, now)
        return await _do(board, request, task, Talk(at=at, note=body.note), "task", body.key)

    @router.post("/api/v1/tasks/{task}/acknowledge", summary="Acknowledge a task", responses=ANSWERS)
    async def acknowledge(request: Request, task: UUID, body: Annotated[Asked, Body()]) -> Response:
        """The agent takes the task."""
        return await _do(board, request, task, Acknowledge(), "acknowledge", body.key)

    return router


def _sane(at: datetime | None, now: datetime) -> datetime:
    """Raises: HTTPException 422 for a talk that is still to come or was in another year."""
    if at is None:
        return now
    if not -60 <= (now - at).total_seconds() <= 31 * 86400:
        raise HTTPException(422, "talk_when")
    return at


async def _do(board: Board, request: Request, task: UUID, act: TaskAct, right: Act, key: str | None) -> Response:
    who = asking(board, request)
    async with board.reader.connect() as connection:
        found = await tasks.one(connection, str(task))
    if found is None:
        raise HTTPException(404, "no_task")
    check(who, right, team=found.row.team, agent=found.row.agent)
    done = await board.acts.about_task(str(task), act, board.clock.now(), who.name, key)
    if not isinstance(done, Recorded):
        raise HTTPException({"no_task": 404, "nothing_to_edit": 422}.get(done, 409), done)
    if done.new:
        board.live.ask_reload()
    return Json(TaskNow(task=str(task), state=done.state, target=done.target, new=done.new))
