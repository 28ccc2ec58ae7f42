"""Headers that keep a page to itself, the names the board answers to, and what is said when something is wrong."""

from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.board.storage.reader import DATABASE_ERRORS, NoFloor
from services.board.web.board import Board
from services.kit import logs

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Headers:
    """Adds them to every answer, streams included; says what may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caching = _caching(scope["path"], scope.get("query_string", b""))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["cache-control"] = caching if message["status"] in (200, 304) else "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


def _caching(path: str, query: bytes) -> str:
    """Files with their fingerprint, and fonts, for ever; other files are asked about each time; pages never kept."""
    if not path.startswith("/static/"):
        return "no-store"
    return "public, max-age=31536000, immutable" if b"v=" in query or path.endswith(".woff2") else "no-cache"


def add_errors(app: FastAPI, board: Board) -> None:
    """One table from what went wrong to what is said: JSON for programs, a page for people."""

    async def database(request: Request, error: Exception) -> Response:
        logs.get().warning("the database does not answer", path=request.url.path, error=type(error).__name__)
        return say(request, board, 503, "unavailable", "database")

    async def no_floor(request: Request, error: Exception) -> Response:
        return say(request, board, 503, "no_floor", "no_floor")

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = error.detail if isinstance(error, HTTPException) else "error"
        headers = getattr(error, "headers", None)
        known = board.words_of(request).has(f"error.{detail}")
        return say(request, board, status, str(detail), str(detail) if known else "not_found", headers)

    async def invalid(request: Request, error: Exception) -> Response:
        if request.url.path.startswith("/api/") and isinstance(error, RequestValidationError):
            problems = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
            return JSONResponse({"detail": problems}, 422)
        return say(request, board, 422, "bad_request", "bad_request")

    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, database)
    app.add_exception_handler(NoFloor, no_floor)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def say(
    request: Request, board: Board, status: int, reason: str, key: str, headers: dict[str, Any] | None = None
) -> Response:
    w = board.words_of(request)
    extra = {**(headers or {}), **({"retry-after": "5"} if status == 503 else {})}
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": w(f"error.{key}"), "reason": reason}, status, headers=extra)
    page = board.render(request, "problem.html", w, status=status, key=key, floor=board.followed.latest)
    page.headers.update(extra)
    return page
