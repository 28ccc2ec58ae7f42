"""Notifications of one ``call_session_id`` into its fact: that it ended, that it was lost, where its recording is.

There is no disposition: talk > 0 means answered. Times have no zone but ``notification_timestamp``; the notification
of the end is sent at the end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from schemas import facts
from schemas.facts import CallEnded, Direction
from services.ingest.providers import instants, spans, values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.uis.message import CALL
from services.kit.errors import BadInput

Kind = Literal["finished", "lost", "recorded"]
_OURS: Final[Mapping[str, Kind]] = {"finished": "finished", "lost": "lost", "recorded": "recorded"}
_LOST: Final = ("lost", "потерян", "пропущен")


def kind(fields: Mapping[str, Any]) -> Kind | None:
    """By our template's ``event``; else by the name of the notification and by which placeholders are there."""
    ours = values.text(fields.get("event"))
    if "srez" in fields and ours:
        return _OURS.get(ours.lower())
    if any(name in fields for name in ("talk_time_duration", "total_time_duration")):
        return "finished"
    if any(name in fields for name in ("file_link", "full_record_file_link")):
        return "recorded"
    said = " ".join(values.text(fields.get(name)) or "" for name in ("notification_mnemonic", "notification_name"))
    if any(word in said.lower() for word in _LOST):
        return "lost"
    return "lost" if "wait_time_duration" in fields and "direction" not in fields else None


def leg(fields: Mapping[str, Any], what: Kind, source: Source) -> Leg:
    """Raises: BadInput (missing_field, bad_value)."""
    call = values.text(fields.get(CALL))
    if call is None or call.startswith("{{"):
        raise BadInput(f"{CALL} is empty", "missing_field")
    recording = values.text(fields.get("file_link"), 500) or values.text(fields.get("full_record_file_link"), 500)
    data = {"recording": recording} if what == "recorded" else {"recording": recording, **_told(fields, what, source)}
    return Leg(call, what, {name: value for name, value in data.items() if value is not None})


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """The end tells more than the loss; a recording alone is no call yet."""
    known = {one.leg: one.data for one in legs}
    told = known.get("finished") or known.get("lost")
    if told is None:
        return None
    lost = known.get("lost", {})
    started, ended = datetime.fromisoformat(told["started"]), datetime.fromisoformat(told["ended"])
    talk = timedelta(seconds=told["talk_s"])
    answered = ended - talk if talk else None
    data = CallEnded(
        call_id=source.call_id(call),
        identity=told.get("identity") or (None if answered else lost.get("identity")),
        direction=cast(Direction, told["direction"]),
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds(told["talk_s"]),
        ring_s=values.seconds(((answered or ended) - started).total_seconds()),
        disposition="answered" if answered else "no_answer",
        line=source.line(told.get("line")),
        did=values.digits(told.get("line")),
        campaign=told.get("campaign"),
        customer=told.get("customer"),
        recording_url=next((one["recording"] for one in known.values() if one.get("recording")), None),
    )
    return Draft(facts.CALL, call, ended, data)


def _told(fields: Mapping[str, Any], what: Kind, source: Source) -> dict[str, Any]:
    talk, wait, total = (spans.seconds(fields.get(name), name) for name in _SPANS)
    talk = 0.0 if what == "lost" else talk
    whole = max(total, talk + wait)
    ended = _ended(fields, whole, source.timezone)
    began = instants.instant(fields.get("start_time"), source.timezone)
    started = ended - timedelta(seconds=whole)
    if began is not None and began <= ended - timedelta(seconds=talk) and not total:
        started = began
    direction = _direction(fields)
    line = values.text(fields.get("virtual_phone_number"))
    chosen = source.config.fields
    return {
        "started": started.isoformat(),
        "ended": ended.isoformat(),
        "talk_s": talk,
        "direction": direction,
        "identity": _identity(fields, what, chosen.identity),
        "line": values.digits(line) or line,
        "campaign": _named(fields, chosen.campaign),
        "customer": None if direction == "internal" else source.customer(_customer(fields)),
    }


_SPANS: Final = ("talk_time_duration", "wait_time_duration", "total_time_duration")


def _ended(fields: Mapping[str, Any], whole_s: float, zone: str) -> datetime:
    """When the notification was made: ``notification_timestamp``, else its local time; else start + the whole length."""
    stamp = fields.get("notification_timestamp")
    told = instants.from_epoch(stamp) or instants.from_iso(stamp, zone)
    told = told or instants.instant(fields.get("notification_time"), zone)
    if told is not None:
        return told
    began = instants.instant(fields.get("start_time"), zone)
    if began is None:
        raise BadInput("neither notification_time nor start_time is an instant", "missing_field")
    return began + timedelta(seconds=whole_s)


def _direction(fields: Mapping[str, Any]) -> Direction:
    if fields.get("is_internal") in (True, "true", 1, "1"):
        return "internal"
    word = values.text(fields.get("direction"))
    if word is None:
        return "inbound"  # only the notification of a lost call has none
    found = values.direction(word)
    if found is None:
        raise BadInput(f"direction {word[:40]!r}", "bad_value")
    return found


def _identity(fields: Mapping[str, Any], what: Kind, chosen: str | None) -> str | None:
    """Who talked last, else whose call it was; of a lost call the one employee it rang at."""
    if chosen is not None:
        return _named(fields, chosen)
    found = _named(fields, "last_talked_employee_id") or _named(fields, "employee_id")
    if found is not None or what != "lost":
        return found
    rang = fields.get("employee_ids")
    many = [values.text(one) for one in values.items(rang)] or (values.text(rang) or "").split(",")
    named = {one.strip() for one in many if one and one.strip()}
    return named.pop() if len(named) == 1 else None


def _customer(fields: Mapping[str, Any]) -> str | None:
    return values.number_part(values.text(fields.get("contact_phone_number")))


def _named(fields: Mapping[str, Any], name: str | None) -> str | None:
    return values.text(values.reach(fields, name)) if name else None
