"""``/api/v1/calls``: the calls of a day."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from schemas.floor import Floor
from services.board.storage import calls
from services.board.web import filters
from services.board.web.board import Board, listing, localized
from services.board.web.documented import answer
from services.rules.day import WorkingDay

Limit = Annotated[int, Query(ge=1, le=5000, description="the newest so many")]


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get(
        "/api/v1/calls", tags=["calls"], summary="Calls", responses=answer(calls.CallRow, "calls, newest first")
    )
    async def api(
        date: filters.Day = None,
        slice: filters.Slice = None,
        team: filters.Team = None,
        agent: filters.Agent = None,
        limit: Limit = 500,
    ) -> Response:
        """Ended calls, newest first. Customers and numbers called are not part of it."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            span = _span(day, slice)
            if span is None:
                return listing(board.clock.now(), [], floor)
            rows = await calls.find(
                connection, day.date, start=span[0], end=span[1], agents=_agents(floor, team, agent), limit=limit
            )
        return listing(board.clock.now(), [localized(row, floor) for row in rows], floor)

    return router


def _span(day: WorkingDay, slice_: str | None) -> tuple[datetime, datetime] | None:
    """(previous cut-off, cut-off]; the whole day without a slice; None for a slice the day does not have."""
    if slice_ is None:
        return day.starts - timedelta(seconds=1), day.ends
    cut = next((cut for cut in day.cut_offs if cut.name == slice_), None)
    return (day.previous(cut.name), cut.at) if cut else None


def _agents(floor: Floor, team: str | None, agent: str | None) -> tuple[str, ...] | None:
    if team is None and agent is None:
        return None
    return tuple(
        one.id for one in floor.agents if (team is None or one.team == team) and (agent is None or one.id == agent)
    )
