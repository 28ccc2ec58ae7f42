"""Who gets past the door: everything but probes, metrics, files and the login page needs a session once an account exists."""

from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.board.access import Person
from services.board.sight import asks
from services.board.storage.attempts import digest
from services.board.storage.reader import DATABASE_ERRORS, NoFloor
from services.board.web.allowed import narrowed_query
from services.board.web.board import SESSION_COOKIE, Board
from services.board.web.guard import say

OPEN: Final = frozenset({"/healthz", "/readyz", "/metrics", "/login", "/set-password"})


def safe_next(asked: str | None) -> str:
    """Where to go after signing in: a path of this board, never another site."""
    if not asked or not asked.startswith("/") or asked.startswith("//"):
        return "/"
    return "/" if "\\" in asked or not asked.isprintable() or not asked.isascii() else asked


class Gate:
    """Puts the Person into ``request.state.person``; what it cannot decide, it refuses."""

    def __init__(self, app: ASGIApp, board: Board) -> None:
        self._app, self._board = app, board
        self._any_accounts = True
        """As last read; while the database is away a loopback board that had none stays open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        asks.set(None)
        refusal = None if _is_open(scope["path"]) else await self._refusal(request)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        """What to answer instead; None: let it in."""
        try:
            self._any_accounts = await self._board.accounts.exist()
        except DATABASE_ERRORS:
            if self._any_accounts or not self._board.loopback:
                return say(request, self._board, 503, "unavailable", "database")
        if not self._any_accounts:
            if not self._board.loopback:
                return say(request, self._board, 403, "no_accounts", "closed")
            host = f"board, {request.client.host}" if request.client else "board"
            request.state.person = Person(host, "operator")
            return None
        try:
            token = request.cookies.get(SESSION_COOKIE)
            found = await self._board.accounts.who(token, self._board.clock.now()) if token else None
        except DATABASE_ERRORS:
            return say(request, self._board, 503, "unavailable", "database")
        if found is None:
            return self._ask_to_sign_in(request)
        request.state.person, request.state.session = found, digest(token or "")
        asks.set(found)
        return await self._narrow(request, found) if found.role == "agent" else None

    async def _narrow(self, request: Request, who: Person) -> Response | None:
        """Lets an agent ask only for what is kept to what they may see (services.board.web.allowed)."""
        try:
            floor = (await self._board.floors())[-1][2]
        except NoFloor:
            floor = None
        except DATABASE_ERRORS:
            return say(request, self._board, 503, "unavailable", "database")
        asked = request.scope["query_string"].decode("latin-1")
        query = narrowed_query(who, floor, request.method, request.scope["path"], asked)
        if query is None:
            return say(request, self._board, 403, "not_for_agents", "not_for_agents")
        request.scope["query_string"] = query.encode("latin-1")
        return None

    def _ask_to_sign_in(self, request: Request) -> Response:
        if request.url.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
            return say(request, self._board, 401, "sign_in", "sign_in")
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/login?next={quote(safe_next(request.url.path + query), safe='')}", 303)


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/static/")
