"""Events of single channels into legs: CEL rows, AMI's Hangup and bridge events, ARI's events.

They bring what CDRs lack: the cause, who hung up, when the agent's channel really was in a bridge. Without any CDR the
call is made of them (``whole.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import instants, values
from services.ingest.providers.asterisk import parties, times
from services.ingest.providers.asterisk.cdr import cause, kept, key, sip
from services.ingest.providers.asterisk.channel import Sides, channel
from services.ingest.providers.asterisk.record import Record, plain
from services.ingest.providers.base import Ignored, Leg, Source
from services.kit.errors import BadInput

CEL: Final = frozenset({"CHAN_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END", "LINKEDID_END"})
AMI: Final[dict[str, str]] = {"hangup": "HANGUP", "bridgeenter": "BRIDGE_ENTER", "bridgeleave": "BRIDGE_EXIT"}
ARI: Final[dict[str, str]] = {
    "StasisEnd": "STASIS_END",
    "ChannelDestroyed": "HANGUP",
    "ChannelEnteredBridge": "BRIDGE_ENTER",
    "ChannelLeftBridge": "BRIDGE_EXIT",
}
"""Their word → ours, which is CEL's. Other events are of a call that goes on."""

ENDS: Final = frozenset({"HANGUP", "CHAN_END", "LINKEDID_END", "STASIS_END"})
"""Ours: with one of these a channel is over, and with LINKEDID_END its whole call."""

MOST_SPANS: Final = 20
_UP: Final = ("6", "up")


def of_cel(record: Record, word: str, source: Source, sides: Sides, received_at: datetime) -> Leg | Ignored:
    """One row. Raises: BadInput."""
    event = word.upper()
    if event not in CEL:
        return Ignored("ringing", event[:40])
    extra = values.mapping(_object(record.value("extra")))
    more = {
        "cause": cause(extra.get("hangupcause")),
        "dialled": values.text(extra.get("dialstatus")),
        "by": _key(extra.get("hangupsource")),
    }
    return _leg("cel", event, record, source, sides, received_at, more)


def of_ami(record: Record, event: str, source: Source, sides: Sides, received_at: datetime) -> Leg | Ignored:
    """Hangup, BridgeEnter, BridgeLeave. Raises: BadInput."""
    more = {
        "up": (record.get("state") or "").lower() in _UP if record.has("state") else None,
        "cause": cause(record.get("cause")),
        "sip": sip(record.get("tech")),
        "bridged": _spans(record.get("bridged", 1_000)) or None,
    }
    return _leg("ami", AMI[event], record, source, sides, received_at, more)


def of_ari(event: Mapping[str, Any], source: Source, sides: Sides, received_at: datetime) -> Leg | Ignored:
    """Raises: BadInput."""
    word, told = values.text(event.get("type")) or "", values.mapping(event.get("channel"))
    if word not in ARI:
        return Ignored("ringing", word[:60])
    dialplan = values.mapping(told.get("dialplan"))
    variables = {plain(str(name)): value for name, value in values.mapping(told.get("channelvars")).items()}
    linked = next((value for name, value in variables.items() if "linkedid" in name), told.get("linkedid"))
    record = Record(
        {
            "uniqueid": told.get("id"),
            "linkedid": linked,
            "channel": told.get("name"),
            "src": values.reach(told, "caller.number"),
            "dst": dialplan.get("exten"),
            "context": dialplan.get("context"),
            "start": told.get("creationtime"),
            "timestamp": event.get("timestamp"),
            "accountcode": told.get("accountcode"),
            **variables,
        }
    )
    more = {
        "up": (values.text(told.get("state")) or "").lower() in _UP,
        "cause": cause(event.get("cause")),
        "sip": sip(event.get("tech_cause")),
        "bridged": _spans(values.text(event.get("bridged"), 1_000)) or None,
        "alone": linked is None or None,
    }
    return _leg("ari", ARI[word], record, source, sides, received_at, more)


def _leg(
    kind: str,
    event: str,
    record: Record,
    source: Source,
    sides: Sides,
    received_at: datetime,
    more: Mapping[str, Any],
) -> Leg | Ignored:
    unique = record.get("uniqueid") or record.get("linkedid")
    if unique is None:
        raise BadInput(f"{event} without uniqueid", "missing_field")
    found = channel(record.get("channel"))
    if found is not None and found.local and kind != "ari":
        return Ignored("not_counted", "a Local channel is no party of a call")
    at = times.instant(record.get("at"), source.timezone, unique)
    began = instants.instant(record.get("start"), source.timezone)
    data = {
        "kind": kind,
        "event": event,
        "unique": unique,
        "at": (at or received_at).isoformat(),
        "began": began.isoformat() if began else None,
        **more,
        **parties.told(record, source, sides),
    }
    part = (record.get("at") or "") if event.startswith("BRIDGE") else ""
    return Leg(call=record.get("linkedid") or unique, leg=key(kind, event, unique, part), data=kept(data))


def _key(name: object) -> str | None:
    found = channel(values.text(name))
    return found.key if found else None


def _spans(text: str | None) -> list[list[str]]:
    """``1769150411.2-1769150491.7,…`` as `srez asterisk` writes it: when the channel was in a bridge, Unix seconds."""
    spans = [part.split("-") for part in (text or "").split(",")[:MOST_SPANS]]
    found = [[instants.from_epoch(one) for one in span] for span in spans if len(span) == 2]
    return [[one.isoformat(), other.isoformat()] for one, other in found if one and other and one <= other]


def _object(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return values.load_json(value)
    except BadInput:
        return None
