"""What an account of the role agent may ask for: only what stands here, narrowed as it says here.

Every other route is refused, so that a new page is safe before anybody thinks of it. To open one to agents, put it here with
the way in which it keeps from them what is others':

``reading``
    it reads through ``Board.today``, ``Board.whole_day`` or ``Board.day``, which narrow by themselves, and nothing else
    that tells of agents;
``path``
    it is about the agent named in its path, who must be one that may be seen;
``query``
    it reads a list with the filters ``agent`` and ``team``, which are set for it;
``one``
    it is about one task, case or call, and the page itself refuses those of others (``about_own``);
``nobody``
    it tells of no agent.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException

from schemas.floor import Floor
from services.board.access import Person
from services.board.sight import asks, sight

How = Literal["reading", "path", "query", "one", "nobody"]

NARROWED: Final[Mapping[str, How]] = {
    "/": "reading",
    "/tasks": "reading",
    "/tasks/{task}": "one",
    "/coaching": "reading",
    "/coaching/{case}": "one",
    "/quality": "reading",
    "/quality/calls/{call:path}": "one",
    "/agents/{agent}": "path",
    "/api/v1/floor": "reading",
    "/api/v1/live": "reading",
    "/api/v1/agents/{agent}/day": "path",
    "/api/v1/slices": "query",
    "/api/v1/tasks": "query",
    "/api/v1/coaching": "query",
    "/api/v1/calls": "query",
    "/api/v1/quality": "query",
    "/api/v1/quality/stages": "query",
    "/api/v1/quality/disputes": "query",
    "/api/v1/quality/forms": "nobody",
    "/api/v1/quality/calls/{call:path}": "one",
    "/api/v1/openapi.json": "nobody",
    "/account": "nobody",
}
"""Route → how it is narrowed; GET and HEAD only."""
SENT: Final = re.compile(
    r"/logout|/account/password|/account/sign-out-everywhere|/api/v1/tasks/[^/]+/acknowledge|/api/v1/quality/calls/.+/dispute"
)
"""What an agent may POST; that the task or the score is theirs is checked where it is known whose it is."""


def _pattern(path: str) -> re.Pattern[str]:
    whole = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", whole))


_PATTERNS: Final = [(_pattern(path), how) for path, how in NARROWED.items()]


def narrowed_query(person: Person, floor: Floor | None, method: str, path: str, query: str) -> str | None:
    """The query string to answer instead of *query*; None: refused.

    Args:
        floor: the newest; None before the first is applied.
    """
    if method not in ("GET", "HEAD"):
        return query if SENT.fullmatch(path) else None
    found = next(((match, how) for pattern, how in _PATTERNS if (match := pattern.fullmatch(path))), None)
    if found is None:
        return None
    match, how = found
    if how in ("reading", "one", "nobody"):
        return query
    if floor is None:
        return None
    seen = sight(floor, person)
    if how == "path":
        return query if seen is None or match["agent"] in seen else None
    if seen is None:
        return query
    given = parse_qsl(query, keep_blank_values=True)
    asked = {value for name, value in given if name == "agent" and value}
    if asked - seen or not seen:
        return None
    kept = [(name, value) for name, value in given if name not in ("agent", "team")]
    return urlencode([*kept, *_filter(person, floor, asked)])


def _filter(person: Person, floor: Floor, asked: set[str]) -> list[tuple[str, str]]:
    """Filters that leave what may be seen: one agent, or the own team."""
    if asked:
        return [("agent", min(asked))]
    own = person.agent or ""
    return [("team", floor.agent_by_id[own].team)] if floor.board.agents_see == "team" else [("agent", own)]


def reachable(person: Person | None, floor: Floor | None, path: str) -> bool:
    """Whether *path* may be looked at: pages show no links that would be refused."""
    return person is None or person.role != "agent" or narrowed_query(person, floor, "GET", path, "") is not None


def about_own(floor: Floor, agent: str) -> None:
    """Raises: HTTPException 403 when whoever asks may not see what is about *agent*."""
    seen = sight(floor, asks.get())
    if seen is not None and agent not in seen:
        raise HTTPException(403, "not_yours")
