"""A call out of one element. What the body does not tell is worked out of what it does, where that is sure enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from schemas import facts
from schemas.facts import CallEnded, Disposition, HangupBy
from schemas.floor.mapping import Rule
from services.ingest.providers import values
from services.ingest.providers.base import Draft
from services.ingest.providers.mapped.element import Element
from services.kit.errors import BadInput

_NONE: Final = timedelta(0)
_SPOKEN: Final = ("answered", "voicemail")
_BY: Final = ("agent", "customer", "system")


@dataclass(slots=True)
class Times:
    """Whatever the body tells; what is None is not told."""

    started: datetime | None
    answered: datetime | None
    ended: datetime | None
    total: timedelta | None
    ring: timedelta | None
    talk: timedelta | None

    def spoken(self) -> bool:
        return self.answered is not None if self.talk is None else self.talk > _NONE

    def length_of_talk(self) -> timedelta | None:
        """Of an answered call."""
        if self.talk is not None:
            return self.talk
        if self.answered is not None:
            if self.ended is not None:
                return self.ended - self.answered
            if self.started is not None and self.total is not None:
                return self.started + self.total - self.answered
        if self.ring is None:
            return None
        if self.total is not None:
            return self.total - self.ring
        return self.ended - self.started - self.ring if self.ended and self.started else None


def draft(rule: Rule, element: Element) -> Draft:
    """Raises: BadInput (missing_field, bad_value)."""
    id_ = element.id(rule.id)
    direction = element.word("direction", rule.direction, values.direction)
    if direction is None:
        raise BadInput(f"direction: {element.findings[-1].why}", "bad_value")
    told = Times(
        element.instant("started_at", rule.started_at),
        element.instant("answered_at", rule.answered_at),
        element.instant("ended_at", rule.ended_at),
        element.length("total_s", rule.total_s),
        element.length("ring_s", rule.ring_s),
        element.length("talk_s", rule.talk_s),
    )
    disposition = _disposition(rule, element, told)
    spoken = disposition in _SPOKEN
    known = told.length_of_talk() if spoken else _NONE
    talk = max(known or _NONE, _NONE)
    started, answered, ended = _instants(told, talk if spoken else None)
    if spoken and told.talk is None:
        why = "by the other times" if known is not None else "nothing tells it"
        element.note("talk_s", "", None, values.seconds(talk.total_seconds()), why)
    customer = element.text("customer", rule.customer)
    data = CallEnded(
        call_id=element.source.call_id(id_),
        identity=element.text("identity", rule.identity),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds(talk.total_seconds()),
        ring_s=_ring(told, started, answered, ended),
        disposition=disposition,
        q850=element.code("q850", rule.q850),
        sip_status=element.code("sip_status", rule.sip_status),
        hangup_by=element.word("hangup_by", rule.hangup_by, _by),
        line=element.source.line(element.text("line", rule.line)),
        did=values.digits(element.text("did", rule.did)),
        campaign=element.text("campaign", rule.campaign),
        customer=None if direction == "internal" else element.source.customer(values.number_part(customer)),
        recording_url=element.text("recording_url", rule.recording_url, 500),
    )
    return Draft(facts.CALL, id_, ended, data)


def _disposition(rule: Rule, element: Element, told: Times) -> Disposition:
    """Their word; without one that is known, an answer or a talk tells, else nobody answered."""
    word = element.word("disposition", rule.disposition, _ours)
    if word is not None:
        return word
    found: Disposition = "answered" if told.spoken() else "no_answer"
    element.note("disposition", "", None, found, "by the talk")
    return found


def _ours(word: str) -> Disposition | None:
    plain = word.lower().replace("-", "_").replace(" ", "_")
    return cast(Disposition, plain) if plain in facts.DISPOSITIONS else None


def _by(word: str) -> HangupBy | None:
    return cast(HangupBy, word.lower()) if word.lower() in _BY else None


def _instants(told: Times, talk: timedelta | None) -> tuple[datetime, datetime | None, datetime]:
    """(start, answer, end) in order; *talk* is None when nobody answered. Raises: BadInput when no instant is known."""
    ended = told.ended or _ended(told, talk)
    answered = (told.answered or ended - talk) if talk is not None else None
    started = told.started or _started(told, answered, ended)
    ended = max(ended, started)
    return started, None if answered is None else min(max(answered, started), ended), ended


def _ended(told: Times, talk: timedelta | None) -> datetime:
    if told.started is not None and told.total is not None:
        return told.started + told.total
    if told.answered is not None:
        return told.answered + (talk or _NONE)
    if told.started is not None:
        return told.started + (told.ring or _NONE) + (talk or _NONE)
    raise BadInput("none of started_at, answered_at and ended_at found a time", "missing_field")


def _started(told: Times, answered: datetime | None, ended: datetime) -> datetime:
    if told.total is not None:
        return ended - told.total
    return (answered or ended) - (told.ring or _NONE)


def _ring(told: Times, started: datetime, answered: datetime | None, ended: datetime) -> int | float | None:
    if told.ring is not None:
        return values.seconds(told.ring.total_seconds())
    if told.total is None and (told.started is None or told.answered is told.ended is None):
        return None
    return values.seconds(((answered or ended) - started).total_seconds())
