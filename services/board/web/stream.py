"""``/api/v1/live``: server-sent events."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from services.board.sight import Sight, asks, sight
from services.board.web.board import Board


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get(
        "/api/v1/live",
        tags=["live"],
        summary="Changes as they happen",
        response_class=StreamingResponse,
        responses={
            200: {"description": "events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            503: {"description": "too many streams are open"},
        },
    )
    async def api(request: Request) -> Response:
        """Events: ``hello`` and ``beat`` {now, rate, haste_ends, as_of, age_s, late, version, boot}; ``cells`` {as_of, rows,
        teams} as they change, a row at most once a second; ``slice``, ``alert``, ``line`` when one closes or changes.
        After a gap read ``/floor`` again. ``bye`` when the session has ended. Agents get rows of those they may see."""
        if board.live.clients >= board.max_clients:
            raise HTTPException(503, "too_many_streams", headers={"retry-after": "30"})
        who = asks.get()

        def sees() -> Sight:
            floor = board.followed.latest
            return frozenset() if floor is None else sight(floor, who)

        return StreamingResponse(
            board.live.listen(getattr(request.state, "session", None), sees),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )

    return router
