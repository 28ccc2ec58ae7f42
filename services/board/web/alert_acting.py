"""What people do about alerts: ``POST /api/v1/alerts/{alert}/…`` and ``/api/v1/silences``. alerts does it within seconds.

An act without a key is asked for once per state of its alert.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Body, HTTPException, Request, Response
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from schemas.alert_acts import (
    LONGEST_SILENCE_S,
    Acknowledge,
    AlertAct,
    EndSilence,
    MakeSilence,
    Matcher,
    Mute,
    NotTechnical,
    Resolve,
    Unacknowledge,
    WasTechnical,
)
from schemas.steps import AlertKind
from services.board.access import Person
from services.board.storage import alert_acts
from services.board.web import filters
from services.board.web.asking import Asked, asking, check
from services.board.web.board import Board, Json
from services.board.web.documented import PROBLEM, inlined

Text = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), AfterValidator(filters.printable)]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), AfterValidator(filters.printable)
]


Handler = TypeVar("Handler", bound=Callable[..., Any])


class MuteBody(Asked):
    for_s: Annotated[int, Field(ge=60, le=LONGEST_SILENCE_S, strict=True)] = 3600
    reason: Text = ""


class TechnicalBody(Asked):
    """From when to when; by default what the alert speaks of."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    note: Text = ""


class NotTechnicalBody(Asked):
    note: Text = ""


class ResolveBody(Asked):
    reason: Reason


class SilenceBody(Asked):
    """What it is about: at least one of ``kind``, ``team``, ``scope``, ``detector``; ends at ``until``, else after ``for_s``."""

    kind: AlertKind | None = None
    team: Text | None = None
    scope: Text | None = None
    detector: Text | None = None
    until: AwareDatetime | None = None
    for_s: Annotated[int, Field(ge=60, le=LONGEST_SILENCE_S, strict=True)] | None = None
    reason: Reason


class ActAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The act's id; the alert's history tells when it is done."""

    act: str


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "asked for", "content": {"application/json": {"schema": inlined(ActAsked)}}},
    400: {"description": "called by a name that is not allowed (SREZ_BOARD_HOSTS), or a body that is no JSON"},
    403: {"description": "not allowed to who asks, not about this team, or from another site", **PROBLEM},
    404: {"description": "no such alert or silence", **PROBLEM},
    409: {"description": "the alert is over already", **PROBLEM},
    415: {"description": "the body must be application/json", **PROBLEM},
    503: {"description": "the database does not answer, or no floor was applied yet", **PROBLEM},
}


def routes(board: Board) -> APIRouter:
    router = APIRouter(tags=["alerts"])

    def post(path: str, summary: str) -> Callable[[Handler], Handler]:
        return router.post(f"/api/v1/{path}", status_code=202, summary=summary, responses=ANSWERS)

    @post("alerts/{alert}/acknowledge", "Take an alert")
    async def acknowledge(request: Request, alert: UUID, body: Annotated[Asked, Body()]) -> Response:
        """It gets an owner; nobody is reminded of it and the head is not told."""
        return await _ask(board, request, alert, Acknowledge(), body.key)

    @post("alerts/{alert}/unacknowledge", "Give an alert back")
    async def unacknowledge(request: Request, alert: UUID, body: Annotated[Asked, Body()]) -> Response:
        return await _ask(board, request, alert, Unacknowledge(), body.key)

    @post("alerts/{alert}/mute", "Mute an alert and its like")
    async def mute(request: Request, alert: UUID, body: Annotated[MuteBody, Body()]) -> Response:
        return await _ask(board, request, alert, Mute(for_s=body.for_s, reason=body.reason), body.key)

    @post("alerts/{alert}/technical", "Say that it was technical")
    async def technical(request: Request, alert: UUID, body: Annotated[TechnicalBody, Body()]) -> Response:
        """Writes technical minutes by a person and withdraws the alert; tasks of that time are lifted at the next slice."""
        act = WasTechnical(since=body.since, until=body.until, note=body.note)
        return await _ask(board, request, alert, act, body.key)

    @post("alerts/{alert}/not_technical", "Take back that it was technical")
    async def not_technical(request: Request, alert: UUID, body: Annotated[NotTechnicalBody, Body()]) -> Response:
        """What a person called technical counts as working time again; what is frozen is judged again."""
        return await _ask(board, request, alert, NotTechnical(note=body.note), body.key)

    @post("alerts/{alert}/resolve", "Close an alert by hand")
    async def resolve(request: Request, alert: UUID, body: Annotated[ResolveBody, Body()]) -> Response:
        return await _ask(board, request, alert, Resolve(reason=body.reason), body.key)

    @post("silences", "Be silent about something for a while")
    async def silence(request: Request, body: Annotated[SilenceBody, Body()]) -> Response:
        match = Matcher(kind=body.kind, team=body.team, scope=body.scope, detector=body.detector)
        who, now = asking(board, request), board.clock.now()
        _of_team(who, body.team)
        until = body.until or (_minute(now) + timedelta(seconds=body.for_s) if body.for_s else now)
        if match.empty or not 0 < (until - now).total_seconds() <= LONGEST_SILENCE_S:
            raise HTTPException(422, "bad_silence")
        act = MakeSilence(match=match, until=until, reason=body.reason)
        key = body.key or f"{match}|{until.isoformat()}"
        return Json(ActAsked(act=await board.alert_acts.ask(act, None, now, who.name, key)), 202)

    @post("silences/{silence}/end", "End a silence early")
    async def end(request: Request, silence: UUID, body: Annotated[Asked, Body()]) -> Response:
        who, now = asking(board, request), board.clock.now()
        check(who, "alert")
        async with board.reader.connect() as connection:
            rows = await alert_acts.silences(connection, now)
        found = next((row for row in rows if str(row.silence) == str(silence)), None)
        if found is None:
            raise HTTPException(404, "no_silence")
        _of_team(who, found.match.get("team"))
        act = EndSilence(silence=str(silence))
        return Json(ActAsked(act=await board.alert_acts.ask(act, None, now, who.name, body.key or str(silence))), 202)

    return router


def _of_team(who: Person, team: str | None) -> None:
    """Silence about the whole floor is the head's to make and to end. Raises: HTTPException 403."""
    check(who, "alert", team=team)
    if who.role == "lead" and team is None:
        raise HTTPException(403, "not_yours")


async def _ask(board: Board, request: Request, alert: UUID, act: AlertAct, key: str | None) -> Response:
    who = asking(board, request)
    async with board.reader.connect() as connection:
        found = await alert_acts.known(connection, str(alert))
    if found is None:
        raise HTTPException(404, "no_alert")
    check(who, "alert", team=found.team)
    if isinstance(act, NotTechnical) and found.state != "invalidated":
        raise HTTPException(409, "not_said")
    if found.state not in ("firing", "acknowledged") and not isinstance(act, WasTechnical | NotTechnical):
        raise HTTPException(409, "alert_over")
    chosen = key or f"state {found.transition}"
    return Json(ActAsked(act=await board.alert_acts.ask(act, str(alert), board.clock.now(), who.name, chosen)), 202)


def _minute(now: datetime) -> datetime:
    """The next full minute: asked twice within one it is the same silence."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
