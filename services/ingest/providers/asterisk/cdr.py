"""One CDR into one leg of a call. Several CDRs of a call (forked dials, queues, transfers) are joined by ``linkedid``."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from schemas.facts import Disposition
from services.ingest.providers import values
from services.ingest.providers.asterisk import parties, statuses, times
from services.ingest.providers.asterisk.channel import Sides
from services.ingest.providers.asterisk.record import Record
from services.ingest.providers.base import Ignored, Leg, Source
from services.kit.errors import BadInput


def leg(record: Record, source: Source, sides: Sides, received_at: datetime) -> Leg | Ignored:
    """Raises: BadInput (missing_field)."""
    unique, linked = record.get("uniqueid"), record.get("linkedid")
    name = unique or linked
    if name is None:
        raise BadInput("a CDR without uniqueid", "missing_field")
    told = parties.told(record, source, sides)
    if linked is None and told["a_half"] == 2:
        return Ignored("not_counted", "the far half of a Local channel; with linkedid it would be joined to its call")
    at = times.of(record, source.timezone, received_at)
    word = statuses.of_word(record.get("disposition"))
    billed = values.number(record.get("billsec")) or 0
    if word is None:
        word = "answered" if at.answer or billed > 0 else "no_answer"
    elif word in ("no_answer", "failed"):
        word = _finer(word, statuses.of_word(record.get("dialstatus")))
    talk = values.number(record.get("talk"))
    recording = record.field(source.config.fields.recording) or record.get("recording", 500)
    data = {
        "kind": "cdr",
        "unique": name,
        "order": values.integer(record.get("sequence")),
        "start": at.start.isoformat(),
        "answer": at.answer.isoformat() if at.answer else None,
        "end": at.end.isoformat(),
        "guessed": at.guessed or None,
        "word": word,
        "spoke": (word == "answered" and _spoke(record)) or None,
        "voicemail": app(record) in statuses.VOICEMAIL or None,
        "talk_s": talk if talk is not None and 0 <= talk <= times.WEEK_S else None,
        "cause": cause(record.get("cause")),
        "sip": sip(record.get("tech")),
        "recording": recording if recording and recording.startswith(("https://", "http://")) else None,
        **told,
    }
    part = record.get("sequence") or f"{record.get('peer') or ''}:{'' if at.guessed else at.start.isoformat()}"
    return Leg(call=linked or name, leg=key("cdr", name, part), data=kept(data))


def key(*parts: str) -> str:
    """Name of a leg, short enough for an index."""
    whole = ":".join(parts)
    return whole if len(whole) <= 180 else f"{parts[0]}:{sha256(whole.encode('utf-8', 'replace')).hexdigest()}"


def kept(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def cause(value: object) -> int | None:
    """A Q.850 cause; 0 is Asterisk's "not set"."""
    found = values.integer(value)
    return found if found is not None and 1 <= found <= 127 else None


def sip(value: object) -> int | None:
    found = values.integer(value)
    return found if found is not None and 300 <= found <= 699 else None


def app(record: Record) -> str:
    return (record.get("app") or "").lower()


def _finer(word: Disposition, dialled: Disposition | None) -> Disposition:
    """``DIALSTATUS`` tells a cancel and a busy line where the CDR only says NO ANSWER or FAILED."""
    return dialled if dialled not in (None, "answered", "no_answer") else word


def _spoke(record: Record) -> bool:
    """Whether ANSWERED may mean a talk with an agent or customer, not with a menu, a queue or a mailbox."""
    last = app(record)
    if last in statuses.VOICEMAIL:
        return False
    if record.get("peer"):
        return True
    if last in statuses.AFTERWARDS:
        return not record.has("peer")
    return last in statuses.TALKING and last != "queue" and not record.has("peer")
