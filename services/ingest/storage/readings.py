"""Rows of ``readings``: transcripts that wait to be read, and what was found in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from services.rules.quality.reading import Reading

_ASK = """
INSERT INTO readings (event_id) SELECT unnest($1::uuid[])
ON CONFLICT (event_id) DO UPDATE SET made_at = NULL
"""
_CLAIM = """
SELECT r.event_id::text, r.card, r.card_version, f.agent, f.data::text
FROM readings AS r JOIN facts AS f USING (event_id)
WHERE r.made_at IS NULL ORDER BY r.event_id LIMIT $1 FOR UPDATE OF r SKIP LOCKED
"""
_KEEP = """
UPDATE readings SET made_at = $2, card = $3, card_version = $4, marks = $5::jsonb, evidence = $6::jsonb,
    bans = $7::jsonb, stages = $8::jsonb
WHERE event_id = $1::uuid
"""


@dataclass(frozen=True, slots=True)
class Transcript:
    """``form``: what it was read by before; ``data`` is JSON of CallTranscribed."""

    event: str
    form: tuple[str, int] | None
    agent: str | None
    data: str


async def ask(connection: Any, events: Sequence[str]) -> None:
    """These transcripts are new, or say something else now."""
    if events:
        await connection.execute(_ASK, sorted(set(events)))


async def claim(connection: Any, limit: int) -> list[Transcript]:
    """Inside a transaction: the rows stay locked until it ends."""
    return [
        Transcript(event, (card, version) if card is not None else None, agent, data)
        for event, card, version, agent, data in await connection.fetch(_CLAIM, limit)
    ]


async def keep(connection: Any, event: str, at: datetime, form: tuple[str, int], found: Reading) -> None:
    parts = (found.marks, found.evidence, found.bans, found.stages)
    await connection.execute(_KEEP, event, at, *form, *(msgspec.json.encode(part).decode() for part in parts))
