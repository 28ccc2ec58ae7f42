"""The wall: read from five metres, turns its own pages, needs no hand."""

from fastapi import APIRouter, Request, Response

from services.board.view.floor import floor_view
from services.board.view.wall import wall_view
from services.board.web.board import Board


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/wall", include_in_schema=False)
    async def page(request: Request) -> Response:
        today = await board.today()
        now = board.clock.now()
        w = board.words(request, today.floor)
        view = floor_view(today, now, w)
        return board.render(
            request,
            "wall.html",
            w,
            floor=today.floor,
            view=view,
            today=today,
            now=now,
            wall=wall_view(view, w),
        )

    return router
