"""``/login`` and ``/logout``."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.board.web import forms
from services.board.web.board import SESSION_COOKIE, Board
from services.board.web.gate import safe_next
from services.board.web.sameorigin import from_own_form
from services.kit import logs


def routes(board: Board) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def page(request: Request, asked: str | None, *, wrong: bool = False) -> Response:
        w = board.words_of(request)
        given = {"floor": board.followed.latest, "next": safe_next(asked), "wrong": wrong}
        return board.render(request, "login.html", w, status=401 if wrong else 200, **given)

    @router.get("/login")
    async def show(request: Request) -> Response:
        return page(request, request.query_params.get("next"))

    @router.post("/login")
    async def sign_in(request: Request) -> Response:
        form = await forms.form(request)
        address = forms.address(request)
        name, password = form.get("name", "")[:200], form.get("password", "")[:200]
        found = await board.accounts.sign_in(name, password, address, board.clock.now())
        if found is None:
            logs.get().warning("a sign-in was refused", address=address)
            return page(request, form.get("next"), wrong=True)
        logs.get().info("signed in", account=name, address=address)
        answer = RedirectResponse(safe_next(form.get("next")), 303)
        secure = board.https or request.url.scheme == "https"
        age = int(found.lasts.total_seconds())
        answer.set_cookie(
            SESSION_COOKIE, found.token, max_age=age, path="/", httponly=True, samesite="lax", secure=secure
        )
        return answer

    @router.post("/logout")
    async def sign_out(request: Request) -> Response:
        if not from_own_form(request.headers):
            raise HTTPException(403, "cross_site")
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            await board.accounts.sign_out(token, board.clock.now())
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer

    return router
