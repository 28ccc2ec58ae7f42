"""The built-in source ``~board``: what people mark on the board comes in as any other webhook, through the journal.

No floor file can have a source of this name, and nobody can post to it: it has no gate.
"""

import hashlib
from typing import Final

import msgspec

from schemas.commands import Score
from schemas.facts import SCORE, CallScored
from schemas.floor import SourceConfig
from schemas.sources import BOARD
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Source
from services.ingest.source import Configured
from services.ingest.storage.entry import Entry

METHOD: Final = "BOARD"
"""Method of its journal rows; no webhook can carry it."""
_HEADERS: Final = '{"content-type": "application/cloudevents+json"}'


def configured() -> Configured:
    config = SourceConfig.model_construct(
        **{**SourceConfig(id="board", provider="generic", feeds=("scores",)).__dict__, "id": BOARD}
    )
    return Configured(Source(config), PROVIDERS["generic"], {})


def entry(score: Score) -> Entry:
    """The journal row: one structured CloudEvent, with an id that is the same for the same person and call."""
    data = CallScored(
        call_id=score.call,
        agent=score.agent,
        card=score.card,
        card_version=score.card_version,
        by=score.by,
        marks=score.marks,
        bans=score.bans,
        comment=score.comment,
        sample=score.sample,
    )
    event = {
        "specversion": "1.0",
        "id": f"{score.call}|{score.by}",
        "type": SCORE,
        "source": f"/sources/{BOARD}",
        "time": score.at,
        "datacontenttype": "application/json",
        "data": data,
    }
    body = msgspec.json.encode(event)
    return Entry(BOARD, score.at, METHOD, "", "", _HEADERS, body, hashlib.sha256(body).digest())
