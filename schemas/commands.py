"""What the board asks of ingest by a row of the table ``commands``, and what ingest answers there.

``problem`` is one of PROBLEMS; its details stand in the outcome's ``detail``.
"""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

Kind = Literal["replay", "assign"]
Problem = Literal["no_floor", "no_agent", "no_source", "belongs", "by_hand", "invalid", "internal"]
PROBLEMS: Final[tuple[Problem, ...]] = get_args(Problem)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Read what was rejected again: of a source, received since ``since``; with ``rows`` only these journal rows."""

    source: str
    since: datetime | None = None
    rows: tuple[int, ...] = ()


class Assign(msgspec.Struct, frozen=True, kw_only=True):
    """Write into the floor file that *agent* is *identity* for *source*."""

    source: str
    identity: str
    agent: str


class UnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that has begun: its number in ``replays`` and the journal rows that were set back."""

    replay: int
    rows: tuple[int, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``states``: journal rows by what became of them; ``version``: of the floor that says it; ``detail``: for people."""

    states: dict[str, int] = {}
    version: int | None = None
    detail: str = ""
