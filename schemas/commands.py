"""What the board asks of ingest by a row of the table ``commands``, and what ingest answers there.

``problem`` is one of PROBLEMS; its details stand in the outcome's ``detail``.
"""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from schemas.facts import Sample

Kind = Literal["replay", "assign", "score", "dispute", "settle"]
Problem = Literal[
    "no_floor", "no_agent", "no_source", "belongs", "by_hand", "invalid", "internal", "no_score", "disputed", "settled"
]  # fmt: skip
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


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Marks of *call* by a person, as a ``srez.call.scored.v1`` fact; the same person's again are a revision of it."""

    call: str
    agent: str
    card: str
    card_version: int
    by: str
    at: datetime
    marks: dict[str, float | None]
    bans: tuple[str, ...] = ()
    comment: str = ""
    sample: Sample = "chosen"


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """*by* disputes the mark of *item* in the score that is the fact *score*: one question of it, once."""

    call: str
    score: str
    item: str
    by: str
    text: str


class Settle(msgspec.Struct, frozen=True, kw_only=True):
    """*by* answers a dispute: ``upheld`` leaves the mark as it is, else *mark* stands instead of it.

    ``alone``: the mark is *by*'s own, and nobody else could answer.
    """

    call: str
    dispute: int
    by: str
    text: str
    upheld: bool
    mark: float | None = None
    alone: bool = False


class UnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that has begun: its number in ``replays`` and the journal rows that were set back."""

    replay: int
    rows: tuple[int, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``states``: journal rows by what became of them; ``version``: of the floor that says it; ``detail``: for people."""

    states: dict[str, int] = {}
    version: int | None = None
    detail: str = ""
