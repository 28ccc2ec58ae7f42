"""What people may ask for: ``POST /api/v1/sources/{source}/assign`` and ``/replay``.

Ingest does it; the page shows how it went.
"""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.functional_validators import AfterValidator

from schemas.commands import Assign, Replay
from services.board.storage import intake
from services.board.web import filters
from services.board.web.asking import asking, check
from services.board.web.board import Board, Json
from services.board.web.documented import PROBLEM, inlined
from services.board.web.sources import Name, replay_since

Identity = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(filters.printable)]


class AssignBody(BaseModel):
    """Who *identity* is."""

    model_config = ConfigDict(extra="forbid")

    identity: Identity
    agent: filters.Name


class ReplayBody(BaseModel):
    """Nothing: all that was rejected in seven days; or these journal rows of it."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field([], max_length=100)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The order's number; ``/api/v1/sources/{source}`` tells how it goes."""

    order: int


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "asked for", "content": {"application/json": {"schema": inlined(Asked)}}},
    400: {"description": "called by a name that is not allowed (SREZ_BOARD_HOSTS), or a body that is no JSON"},
    403: {"description": "the account may not do this, or the request is from another site", **PROBLEM},
    404: {"description": "no such source, agent, identity or rejected webhook", **PROBLEM},
    415: {"description": "the body must be application/json", **PROBLEM},
    503: {"description": "the database does not answer, or no floor was applied yet", **PROBLEM},
}


def routes(board: Board) -> APIRouter:
    async def allowed(request: Request) -> None:
        """Raises: HTTPException 403, 415."""
        check(asking(board, request), "intake")

    router = APIRouter(tags=["sources"], dependencies=[Depends(allowed)])

    @router.post(
        "/api/v1/sources/{source}/assign", status_code=202, summary="Give an identity to an agent", responses=ANSWERS
    )
    async def assign(request: Request, source: Name, body: Annotated[AssignBody, Body()]) -> Response:
        """Writes a new version of the floor file; facts of the identity then become the agent's, of all days."""
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
            if source not in floor.source_by_id:
                raise HTTPException(404, "no_source")
            if body.agent not in floor.agent_by_id:
                raise HTTPException(404, "no_agent")
            if not await intake.is_unowned(connection, source, body.identity):
                raise HTTPException(404, "no_identity")
        return await _ask(request, Assign(source=source, identity=body.identity, agent=body.agent))

    @router.post(
        "/api/v1/sources/{source}/replay", status_code=202, summary="Read rejected webhooks again", responses=ANSWERS
    )
    async def replay(request: Request, source: Name, body: Annotated[ReplayBody, Body()]) -> Response:
        """After the floor file or a parser was mended. Signatures are not checked again; slices are untrusted meanwhile."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            if source not in floor.source_by_id:
                raise HTTPException(404, "no_source")
            for row in body.rows:
                if await intake.raw(connection, source, row) is None:
                    raise HTTPException(404, "no_row")
            since = None if body.rows else replay_since(day)
            if since and not (await intake.rejected(connection, source, since, day.starts, 1))[0]:
                raise HTTPException(404, "nothing_rejected")
        return await _ask(request, Replay(source=source, since=since, rows=tuple(sorted(set(body.rows)))))

    async def _ask(request: Request, asked: Assign | Replay) -> Response:
        order = await board.orders.ask(asked, board.clock.now(), asking(board, request).name)
        return Json(Asked(order=order), 202)

    return router
