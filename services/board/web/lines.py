"""Health of lines and sources: the page and ``/api/v1/lines``."""

from datetime import datetime

import msgspec
from fastapi import APIRouter, Request, Response

from services.board.storage import intake, sources
from services.board.view.lines import line_state, lines_view
from services.board.web.board import Board, listing, localized
from services.board.web.documented import answer


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line today; ``recent_…`` within the detector's window (``outages.line_failure.window_s``)."""

    line: str
    source: str
    state: str
    attempts: int
    failures: int
    answered: int
    recent_attempts: int
    recent_failures: int
    last_at: datetime


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/lines", include_in_schema=False)
    async def page(request: Request) -> Response:
        today = await board.today()
        w = board.words(request, today.floor)
        async with board.reader.connect() as connection:
            nobody = await sources.unattributed(connection, today.date)
            lacking = await intake.lacks(connection)
        return board.render(
            request,
            "lines.html",
            w,
            floor=today.floor,
            today=today,
            now=board.clock.now(),
            view=lines_view(today, w, lacking),
            nobody=nobody,
        )

    @router.get("/api/v1/lines", tags=["lines"], summary="Lines today", responses=answer(LineRow, "lines with calls"))
    async def api() -> Response:
        """Attempts and network failures of every line that carried calls today."""
        today = await board.today()
        rows = [
            localized(
                LineRow(
                    line=one.line,
                    source=one.source,
                    state=line_state(today, one.line),
                    attempts=one.attempts,
                    failures=one.failures,
                    answered=one.answered,
                    recent_attempts=one.recent_attempts,
                    recent_failures=one.recent_failures,
                    last_at=one.last_at,
                ),
                today.floor,
            )
            for one in today.lines
        ]
        return listing(today.as_of, rows, today.floor)

    return router
