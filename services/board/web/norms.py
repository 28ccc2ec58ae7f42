"""Norms and where they come from: the page and ``/api/v1/norms``."""

from fastapi import APIRouter, Request, Response

from services.board import norms
from services.board.norms import NormRow
from services.board.view.norms import norms_view
from services.board.web.board import Board, listing
from services.board.web.documented import answer


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/norms", include_in_schema=False)
    async def page(request: Request) -> Response:
        today = await board.today()
        w = board.words(request, today.floor)
        view = norms_view(today.floor, await board.floors(), w)
        return board.render(request, "norms.html", w, floor=today.floor, today=today, view=view)

    @router.get(
        "/api/v1/norms",
        tags=["norms"],
        summary="Norms of today and where they come from",
        responses=answer(NormRow, "steps of norms, in the order of the floor file"),
    )
    async def api() -> Response:
        """By hand, or by a review of so many people's work over so many days."""
        today = await board.today()
        return listing(today.as_of, list(norms.rows(today.floor)), today.floor)

    return router
