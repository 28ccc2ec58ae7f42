"""Requests that change something: only from the board's own pages, by somebody who may.

The gate (services.board.web.gate) says who asks: the account of the session, or the operator of a loopback board without
accounts.
"""

from typing import Annotated

from fastapi import HTTPException, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from services.board.access import Act, Person, may
from services.board.web import filters
from services.board.web.board import Board
from services.board.web.sameorigin import from_own_pages, is_json

Key = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(filters.printable)]


class Asked(BaseModel):
    """The body of an act. ``key``: the asker's own id of this request, the same when it is sent again."""

    model_config = ConfigDict(extra="forbid")

    key: Key | None = None


def person(board: Board, request: Request) -> Person | None:
    """Who asks; None: nobody we know."""
    found: Person | None = getattr(request.state, "person", None)
    return found


def asking(board: Board, request: Request) -> Person:
    """Who asks for a change. Raises: HTTPException 403, 415."""
    found = person(board, request)
    if found is None:
        raise HTTPException(403, "no_accounts")
    if not from_own_pages(request.headers):
        raise HTTPException(403, "cross_site")
    if not is_json(request.headers):
        raise HTTPException(415, "not_json")
    return found


def check(who: Person, act: Act, *, team: str | None = None, agent: str | None = None) -> None:
    """Raises: HTTPException 403 when *who* may not do *act* about them."""
    if not may(who, act, team=team, agent=agent):
        raise HTTPException(403, "not_yours")


def may_alert(board: Board, request: Request) -> bool:
    """Whether who looks is offered to act on alerts; each act asks again about its team."""
    who = person(board, request)
    return who is not None and may(who, "alert")
