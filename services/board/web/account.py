"""``/account``: the own password, signing out; ``/set-password``: by a link from ``srez account link``, once."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.board.web import forms
from services.board.web.asking import person
from services.board.web.board import SESSION_COOKIE, Board
from services.kit import logs
from services.kit.passwords import LONGEST, SHORTEST, Weakness, weakness


def routes(board: Board) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def page(request: Request, problem: str | None = None) -> Response:
        w = board.words_of(request)
        given = {"floor": board.followed.latest, "who": person(board, request), "problem": problem, "rules": _RULES}
        return board.render(request, "account.html", w, status=422 if problem else 200, **given)

    @router.get("/account")
    async def show(request: Request) -> Response:
        return page(request)

    @router.post("/account/password")
    async def change(request: Request) -> Response:
        form, name = await forms.form(request), _name(request)
        new = form.get("new", "")
        problem: str | None = _refused(new, form.get("again", ""), name)
        if problem is None:
            old, address = form.get("old", "")[:LONGEST], forms.address(request)
            if not await board.accounts.change_password(name, old, new, address, board.clock.now()):
                problem = "wrong"
        if problem is not None:
            return page(request, problem)
        logs.get().info("a password was changed", account=name)
        return _to_login()

    @router.post("/account/sign-out-everywhere")
    async def everywhere(request: Request) -> Response:
        await forms.form(request)
        await board.accounts.sign_out_everywhere(_name(request), board.clock.now())
        return _to_login()

    @router.get("/set-password")
    async def by_link(request: Request) -> Response:
        return await _linked(request, request.query_params.get("token", ""))

    @router.post("/set-password")
    async def set_by_link(request: Request) -> Response:
        form = await forms.form(request)
        token, new = form.get("token", ""), form.get("new", "")
        name = await board.accounts.of_link(token, board.clock.now())
        problem = _refused(new, form.get("again", ""), name) if name else None
        if name is None or problem is not None:
            return await _linked(request, token, problem)
        if not await board.accounts.set_by_link(token, new, board.clock.now()):
            return await _linked(request, token)
        logs.get().info("a password was set by a link", account=name)
        return _to_login()

    async def _linked(request: Request, token: str, problem: str | None = None) -> Response:
        name = await board.accounts.of_link(token, board.clock.now())
        given = {"floor": board.followed.latest, "whose": name, "token": token, "problem": problem, "rules": _RULES}
        status = 404 if name is None else 422 if problem else 200
        return board.render(request, "set_password.html", board.words_of(request), status=status, **given)

    return router


_RULES = {"shortest": SHORTEST, "longest": LONGEST}


def _name(request: Request) -> str:
    """Of the account whose session it is. Raises: HTTPException 403 where there is none."""
    if getattr(request.state, "session", None) is None:
        raise HTTPException(403, "no_accounts")
    name: str = request.state.person.name
    return name


def _refused(new: str, again: str, name: str) -> Weakness | None:
    return "differ" if new != again else weakness(new, name)


def _to_login() -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer
