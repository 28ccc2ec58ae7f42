"""Carries out what people ask of quality: marks go into the journal as facts, disputes into their table."""

from datetime import datetime
from typing import Any, Final

import msgspec

from schemas.commands import Dispute, Outcome, Score, Settle
from schemas.facts import SCORE
from services.ingest import board_source
from services.ingest.roster import Refused

_COLUMNS: Final = "source, received_at, method, path, query, headers, body, body_hash"
_MARKED: Final = f"""
SELECT data -> 'marks' ->> $2, data -> 'marks' ? $2, agent, data ->> 'call_id'
FROM facts WHERE event_id = $1::uuid AND type = '{SCORE}'
"""  # noqa: S608 - a constant of ours
_RAISE: Final = """
INSERT INTO disputes (score, call, agent, item, mark, raised_at, raised_by, text)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (score) DO NOTHING
"""
_SETTLE: Final = """
UPDATE disputes SET settled_at = $2, settled_by = $3, outcome = $4, new_mark = $5, answer = $6, alone = $7
WHERE id = $1 AND settled_at IS NULL
"""


async def mark(connection: Any, arguments: str) -> Outcome:
    """Journals the score; the parser makes the fact. Replaying the journal makes it again, with the same id."""
    wanted = msgspec.json.decode(arguments, type=Score)
    row = board_source.entry(wanted)
    await connection.execute(
        f"INSERT INTO journal ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)",  # noqa: S608
        *msgspec.structs.astuple(row),
    )
    return Outcome()


async def dispute(connection: Any, arguments: str, at: datetime) -> Outcome:
    """Raises: Refused."""
    wanted = msgspec.json.decode(arguments, type=Dispute)
    row = await connection.fetchrow(_MARKED, wanted.score, wanted.item)
    if row is None or not row[1] or row[2] is None:
        raise Refused("no_score", wanted.item)
    marked = None if row[0] is None else float(row[0])
    done = await connection.execute(
        _RAISE, wanted.score, row[3], row[2], wanted.item, marked, at, wanted.by, wanted.text
    )
    if done.endswith(" 0"):
        raise Refused("disputed")
    return Outcome()


async def settle(connection: Any, arguments: str, at: datetime) -> Outcome:
    """Raises: Refused."""
    wanted = msgspec.json.decode(arguments, type=Settle)
    outcome = "upheld" if wanted.upheld else "changed"
    mark_ = None if wanted.upheld else wanted.mark
    done = await connection.execute(_SETTLE, wanted.dispute, at, wanted.by, outcome, mark_, wanted.text, wanted.alone)
    if done.endswith(" 0"):
        raise Refused("settled")
    return Outcome()
