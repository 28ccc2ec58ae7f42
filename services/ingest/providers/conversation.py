"""Legs of a programmable-voice platform into one call: where an application answers or places each leg by itself.

The **main** leg is the one that was received, else the earliest; what was placed after it are its children. Who talked
with whom: a child that was answered and lasted longest (the main leg also holds menus and queues), else the main leg.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition, HangupBy
from services.ingest.providers import values
from services.ingest.providers.base import Draft, Source

_ACCOUNTS: Final = ("client:", "sip:", "sips:")
_TELEPHONE: Final = re.compile(r"\+[0-9]+|[0-9]{7,}")
_SPOKEN: Final = ("answered", "voicemail")
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)

Side = Literal["caller", "callee", "system"]


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is who on a leg. ``*_account``: the name of an agent's softphone; ``*_customer``: a hash, also of our number.

    ``line``, ``did``: our number, of a leg where it surely is ours. ``direction``, ``identity``, ``campaign``,
    ``recording`` stand where the floor file or the platform says.
    """

    from_account: str | None = None
    to_account: str | None = None
    from_customer: str | None = None
    to_customer: str | None = None
    line: str | None = None
    did: str | None = None
    direction: Direction | None = None
    identity: str | None = None
    campaign: str | None = None
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One leg as all its known events together tell it. Instants are aware.

    ``received``: it came to the platform (else it was placed by it); ``child``: the platform says that it was placed
    from another leg. ``open``: it was answered and is not over. ``talk_s``: the platform's own seconds of talk, else
    end − answer.
    """

    id: str
    received: bool = False
    child: bool = False
    open: bool = False
    started: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    talk_s: float | None = None
    disposition: Disposition | None = None
    ended_by: Side | None = None
    q850: int | None = None
    sip: int | None = None
    parties: Parties = Parties()


def parties(
    source: Source, caller: str | None, called: str | None, way: Direction | None, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """What is known of ``Parties`` by one event, as a leg keeps it: numbers that may be a customer's only as hashes.

    *way*: inbound was received, outbound placed; None: not told. A received leg from outside was dialled to our number,
    a placed one to a number shows ours; on a leg to an agent's softphone the number shown may be the customer's.
    *sent*: where ``sources[].fields`` are looked for.
    """
    from_account, to_account = account(caller), account(called)
    ours = None
    if way == "inbound" and from_account is None:
        ours = called
    elif way == "outbound" and to_account is None:
        ours = caller
    shown = None if account(ours) else values.number_part(ours)
    fields = source.config.fields
    known = {
        "from_account": from_account,
        "to_account": to_account,
        "from_customer": None if from_account else source.customer(values.number_part(caller)),
        "to_customer": None if to_account else source.customer(values.number_part(called)),
        "line": _reach(sent, fields.line) or shown,
        "did": values.digits(shown),
        "direction": values.direction(fields.direction) or values.direction(_reach(sent, fields.direction)),
        "identity": _reach(sent, fields.identity),
        "campaign": _reach(sent, fields.campaign),
    }
    return {name: value for name, value in known.items() if value}


def gathered(told: Iterable[Mapping[str, Any]], recording: str | None = None) -> Parties:
    """Of all events of a leg, in a fixed order: the first that knows counts."""
    known: dict[str, Any] = {}
    for one in told:
        for name in Parties.__dataclass_fields__:
            if one.get(name):
                known.setdefault(name, one[name])
    return Parties(**{**known, **({"recording": recording} if recording else {})})


def account(address: str | None) -> str | None:
    """The name of a softphone (``sip:ivan@…``, ``sip:101@…``); None for a telephone number, also as a SIP address."""
    if address is None or not ("@" in address or address.lower().startswith(_ACCOUNTS)):
        return None
    name = values.number_part(address)
    return None if name is None or _TELEPHONE.fullmatch(name) else name


def draft(source: Source, call: str, known: Sequence[Part], line: str | None = None) -> Draft | None:
    """The fact of all known legs; None while one is open, or none is over.

    ``line``: the trunk, where it is not our number.
    """
    if not any(part.ended for part in known) or any(part.open for part in known):
        return None
    ordered = _ordered(known)
    main, children = ordered[0], ordered[1:]
    told = _telling(main, [part for part in children if part.ended])
    direction = _direction(main, children)
    ended = told.ended or max(part.ended for part in ordered if part.ended)
    disposition = told.disposition or "no_answer"
    answered = min(told.answered, ended) if told.answered and disposition in _SPOKEN else None
    began = [at for part in ordered for at in (part.started, part.answered) if at]
    started = min([*began, answered or ended, ended])
    unheard = disposition in _SPOKEN and answered is None
    rang = min(told.started, answered or ended) if told.started and not unheard else None
    data = CallEnded(
        call_id=source.call_id(call),
        identity=_identity(told, ordered, direction),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds(_talk(told, answered, ended).total_seconds()),
        ring_s=values.seconds(((answered or ended) - rang).total_seconds()) if rang else None,
        disposition=disposition,
        q850=told.q850,
        sip_status=told.sip,
        hangup_by=_hangup_by(told, direction),
        line=source.line(line or _first(ordered, "line")),
        did=_first(ordered, "did"),
        campaign=_first(ordered, "campaign"),
        customer=_customer(ordered, direction),
        recording_url=_first([told, *ordered], "recording"),
    )
    return Draft(facts.CALL, call, ended, data)


def _ordered(known: Sequence[Part]) -> list[Part]:
    def key(part: Part) -> tuple[bool, bool, datetime, str]:
        return part.child, not part.received, part.started or part.answered or part.ended or _NEVER, part.id

    return sorted(known, key=key)


def _telling(main: Part, children: Sequence[Part]) -> Part:
    """The leg that tells how it went: an answered child, else the last child, else the main leg."""
    spoke = [part for part in children if part.disposition in _SPOKEN]
    if spoke:
        return max(spoke, key=lambda part: (_talk(part, part.answered, part.ended), part.id))
    return max(children, key=lambda part: (part.ended or _NEVER, part.id)) if children else main


def _talk(part: Part, answered: datetime | None, ended: datetime | None) -> timedelta:
    if answered is None or ended is None:
        return timedelta()
    return ended - answered if part.talk_s is None else timedelta(seconds=part.talk_s)


def _direction(main: Part, children: Sequence[Part]) -> Direction:
    """Received from outside is inbound; from one of our softphones outbound, internal when it calls another one.

    A placed main leg is outbound, whomever it calls first; a child without its parent is what its own ends tell.
    """
    for part in (main, *children):
        if part.parties.direction:
            return part.parties.direction
    from_ours, to_ours = bool(main.parties.from_account), bool(main.parties.to_account)
    if main.received and not from_ours:
        return "inbound"
    if main.child and not main.received:
        return ("internal" if from_ours else "inbound") if to_ours else "outbound"
    placed_to_ours = [bool(part.parties.to_account) for part in children] or ([to_ours] if from_ours else [])
    return "internal" if placed_to_ours and all(placed_to_ours) else "outbound"


def _identity(told: Part, ordered: Sequence[Part], direction: Direction) -> str | None:
    """Named outright; else the softphone called (inbound) or calling (else), of the leg that talked before the others."""
    order = [told, *ordered]
    sides = ("to_account", "from_account") if direction == "inbound" else ("from_account", "to_account")
    return _first(order, "identity") or _first(order, sides[0]) or _first(order, sides[1])


def _hangup_by(told: Part, direction: Direction) -> HangupBy | None:
    if told.ended_by is None or told.ended_by == "system":
        return told.ended_by
    agent_called = direction == "inbound" or (told.parties.to_account is not None and direction == "outbound")
    return "agent" if (told.ended_by == "callee") == agent_called else "customer"


def _customer(ordered: Sequence[Part], direction: Direction) -> str | None:
    """The outside number: of an inbound call who called; else the number called from the last leg that is no agent's."""
    if direction == "internal":
        return None
    if direction == "inbound":
        return _first(ordered, "from_customer")
    return _first([part for part in ordered if not part.parties.to_account][::-1], "to_customer")


def _reach(sent: Mapping[str, Any], path: str | None) -> str | None:
    return values.text(values.reach(sent, path)) if path else None


def _first(order: Sequence[Part], name: str) -> str | None:
    return next((str(found) for part in order if (found := getattr(part.parties, name))), None)
