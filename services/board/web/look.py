"""What is worth a look: the page and ``/api/v1/look``."""

from fastapi import APIRouter, Request, Response

from services.board.view.look import look_view
from services.board.web import filters
from services.board.web.board import Board, listing, no_team
from services.board.web.documented import answer
from services.reads import look
from services.reads.look import LookRow


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/look", include_in_schema=False)
    async def page(request: Request, date: filters.Day = None, team: filters.Team = None) -> Response:
        today = await board.today()
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            rows = await look.read(connection, board.kept, floor, day.date, team)
        w = board.words(request, floor)
        return board.render(
            request,
            "look.html",
            w,
            floor=floor,
            today=today,
            day=day,
            team=team,
            unknown=no_team(floor, team, w),
            people=look_view(rows, floor, w),
        )

    @router.get(
        "/api/v1/look",
        tags=["look"],
        summary="What is worth a look",
        responses=answer(LookRow, "drift, drops and habits, by agent"),
    )
    async def api(date: filters.Day = None, team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Slow drift over days, drops at the last slice, and habits of the last weeks. Nothing here is a verdict."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            rows = await look.read(connection, board.kept, floor, day.date, team)
        return listing(board.clock.now(), [row for row in rows if agent in (None, row.agent)], floor)

    return router
