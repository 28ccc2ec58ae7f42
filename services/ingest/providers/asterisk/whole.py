"""Events of single channels into what CDRs of the same call would say: one record per dialled channel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from schemas.facts import Disposition
from services.ingest.providers.asterisk import statuses
from services.ingest.providers.asterisk.channel import Number, Side
from services.ingest.providers.asterisk.parties import Parties
from services.ingest.providers.asterisk.rows import ENDS
from services.ingest.providers.base import Leg

Talk = tuple[datetime, datetime]


@dataclass(slots=True)
class Life:
    """What is known of one channel. ``bridged``: when it was in a bridge; ``over``: its end was told."""

    unique: str
    told: Mapping[str, Any]
    start: datetime
    end: datetime
    answer: datetime | None = None
    up: bool = False
    alone: bool = False
    over: bool = False
    bridged: list[Talk] = field(default_factory=list)
    cause: int | None = None
    sip: int | None = None
    word: str | None = None
    by: str | None = None

    @property
    def answered(self) -> bool:
        return self.up or self.answer is not None or bool(self.bridged)


def over(call: str, rows: Sequence[Leg], known: Sequence[Life]) -> bool:
    """Whether a call told by its channels only has ended: said so, or its own channel has, or every known one.

    Of a channel whose end was lost the others must not wait for ever.
    """
    if any(row.data["event"] == "LINKEDID_END" for row in rows):
        return True
    return all(life.over for life in known) or any(life.over for life in known if life.unique == call)


def lives(rows: Sequence[Leg]) -> list[Life]:
    """Channels by their beginning."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda leg: (leg.data["at"], leg.leg)):
        found.setdefault(row.data["unique"], []).append(row.data)
    return sorted((_life(unique, told) for unique, told in found.items()), key=lambda life: (life.start, life.unique))


def _life(unique: str, told: Sequence[Mapping[str, Any]]) -> Life:
    instants = [datetime.fromisoformat(row["at"]) for row in told]
    began = [datetime.fromisoformat(row["began"]) for row in told if row.get("began")]
    fullest = max(told, key=lambda row: (row.get("a") is not None, len(row)))
    life = Life(unique, fullest, min(began + instants), max(instants))
    entered: datetime | None = None
    for row, at in zip(told, instants, strict=True):
        event = row["event"]
        life.over = life.over or event in ENDS
        life.up = life.up or bool(row.get("up"))
        life.alone = life.alone or bool(row.get("alone"))
        life.cause, life.sip = row.get("cause") or life.cause, row.get("sip") or life.sip
        life.word, life.by = row.get("dialled") or life.word, row.get("by") or life.by
        if event == "ANSWER":
            life.answer = life.answer or at
        life.bridged += [
            (datetime.fromisoformat(one), datetime.fromisoformat(other)) for one, other in row.get("bridged", ())
        ]
        if event == "BRIDGE_ENTER":
            entered = entered or at
        elif event == "BRIDGE_EXIT" and entered is not None:
            life.bridged.append((entered, at))
            entered = None
    if entered is not None:  # its exit is not known (yet)
        life.bridged.append((entered, max(instants)))
    life.bridged.sort()
    return life


def records(call: str, known: Sequence[Life]) -> Iterator[Leg]:
    """The caller's channel with each channel it dialled, in the shape of ``cdr.leg``; the caller alone when none."""
    first = next((life for life in known if life.unique == call), None) or known[0]
    others = [life for life in known if life is not first]
    if not others and first.unique != call:
        first, others = Life(call, {}, first.start, first.end), [first]
    tracked = any(life.bridged for life in known)
    if not others:
        yield Leg(
            call, f"whole:{first.unique}", _record(first, None, bool(first.bridged) or (first.alone and first.up))
        )
    for other in others:
        spoke = bool(other.bridged) if tracked else other.answered
        yield Leg(call, f"whole:{other.unique}", _record(first, other, spoke))


def _record(first: Life, other: Life | None, spoke: bool) -> dict[str, Any]:
    told = other or first
    word: Disposition = "answered" if spoke else _unanswered(told, first)
    answer = told.bridged[0][0] if told.bridged else told.answer
    data = {
        "kind": "whole",
        "unique": first.unique,
        "start": min(first.start, told.start).isoformat(),
        "answer": answer.isoformat() if spoke and answer else None,
        "end": max(told.end, told.bridged[-1][1] if told.bridged else told.end).isoformat(),
        "word": word,
        "spoke": spoke or None,
        **_parties(first, other),
    }
    return {name: value for name, value in data.items() if value is not None}


def _unanswered(told: Life, first: Life) -> Disposition:
    word = statuses.of_word(told.word or first.word)
    if word is not None and word != "answered":
        return word
    return statuses.CAUSES.get(told.cause or 0, "no_answer")


def _parties(first: Life, other: Life | None) -> dict[str, Any]:
    """The parties of both channels' own rows."""
    own, far = dict(first.told), other.told if other else {}
    for name in ("kind", "event", "unique", "at", "began", "up", "cause", "sip", "dialled", "by", "alone"):
        own.pop(name, None)
    own |= {f"b{name}": far.get(f"a{name}") for name in ("", "_key", "_trunk", "_agent")} if other else {}
    for name in ("identity", "line", "campaign", "did", "to_customer", "from_customer"):
        own[name] = own.get(name) or far.get(name)
    if far.get("a") == "trunk":  # a dialled channel's own number is the number dialled
        own["to_customer"] = own["to_customer"] or far.get("from_customer")
    if not own.get("set") and not far.get("set"):
        sides = cast("tuple[Side | None, Side | None]", (own.get("a"), own.get("b")))
        numbers = cast("tuple[Number | None, Number | None]", (own.get("caller"), own.get("called")))
        way = Parties(None, None, *sides, *numbers).direction()
        own |= {"direction": way or own.get("direction") or far.get("direction"), "sure": way is not None}
    elif far.get("set") and not own.get("set"):
        own |= {"direction": far.get("direction"), "set": True, "sure": True}
    return own
