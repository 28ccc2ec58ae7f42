"""The pairs of a ReportCall into a call. Keys are whatever the template's author chose: ours, or the usual ones.

A key is matched in lower case without signs (``call_type`` = ``CallType``). Values that 3CX left unexpanded
(``[AgentEmail]``) are empty.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from schemas import facts
from schemas.facts import CallEnded
from services.ingest.providers import values
from services.ingest.providers.base import Draft, Source
from services.ingest.providers.threecx import statuses, when
from services.kit.errors import BadInput

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("callid", "historyid", "callhistoryid"),
    "type": ("calltype", "type"),
    "direction": ("calldirection", "direction"),
    "number": ("number", "phonenumber", "phone", "externalnumber", "callernumber"),
    "agent": ("agent", "agentextension", "extension", "agentnumber"),
    "email": ("agentemail",),
    "duration": (
        *("durationseconds", "durations", "durationtotalseconds", "durationinseconds"),
        *("durationtimespan", "duration", "callduration", "talktime"),
    ),
    "started": (
        *("callstarttimeutc", "starttimeutc", "startedatutc", "startutc", "startedat"),
        *("callstarttime", "starttime", "started", "start", "datetimeutc"),
    ),
    "established": ("callestablishedtimeutc", "establishedtimeutc", "establishedutc", "answeredat", "establishedat"),
    "ended": (
        "callendtimeutc",
        "endtimeutc",
        "endedatutc",
        "endutc",
        "endedat",
        "callendtime",
        "endtime",
        "ended",
        "end",
    ),
    "started_local": ("callstarttimelocal", "starttimelocal", "startlocal", "datetime"),
    "established_local": ("callestablishedtimelocal", "establishedtimelocal", "establishedlocal"),
    "ended_local": ("callendtimelocal", "endtimelocal", "endlocal"),
    "recording": ("recordingurl", "recording"),
}
"""What we read → names a template may give it, best first."""

_UNEXPANDED: Final = re.compile(r"\[.*\]", re.DOTALL)
_DAY_S: Final = 86_400.0
_LAST_DIGITS: Final = 4


def told(raw: Mapping[str, Any]) -> dict[str, str]:
    """The values by plain key: one level of objects is opened, what is empty or unexpanded left out."""
    found: dict[str, str] = {}
    for key, value in raw.items():
        if isinstance(value, Mapping):
            inner = {name: member for name, member in value.items() if not isinstance(member, Mapping)}
            found = {**told(inner), **found}
            continue
        text = values.text(value, 500)
        if text is not None and not _UNEXPANDED.fullmatch(text) and text.lower() != "null":
            found[_plain(key)] = text
    return found


def known(pairs: Mapping[str, str]) -> bool:
    """Whether anything here tells of a call."""
    return any(_named(pairs, name) for name in ("type", "duration", "started", "started_local"))


def draft(raw: Mapping[str, Any], pairs: Mapping[str, str], source: Source, received_at: datetime) -> Draft:
    """Raises: BadInput (missing_field)."""
    started = _instant(pairs, "started", source, received_at)
    if started is None:
        raise BadInput("no readable start of the call", "missing_field")
    number = _named(pairs, "number")
    internal = values.is_extension(number, values.integer(source.config.options.get("extension_digits")) or 5)
    established = _instant(pairs, "established", source, received_at)
    told_direction = values.direction(_named(pairs, "direction"))
    direction, disposition = statuses.of(_named(pairs, "type"), told_direction, established is not None)
    end = _instant(pairs, "ended", source, received_at)
    ended, answered = _times(pairs, started, established, end, disposition == "answered")
    begun = answered or ended
    rang = (begun - started).total_seconds()
    agent = _named(pairs, "agent") or _named(pairs, "email")
    name = _named(pairs, "id") or _key(agent, number, started)
    fields = source.config.fields
    data = CallEnded(
        call_id=source.call_id(name),
        identity=_reach(raw, fields.identity) or agent,
        direction="internal" if internal else values.direction(_reach(raw, fields.direction)) or direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds((ended - begun).total_seconds()),
        ring_s=values.seconds(rang) if rang else None,
        disposition=disposition,
        line=source.line(_reach(raw, fields.line)),
        campaign=_reach(raw, fields.campaign),
        customer=None if internal else source.customer(values.digits(number)),
        recording_url=_reach(raw, fields.recording) or _named(pairs, "recording"),
    )
    return Draft(facts.CALL, name, ended, data)


def _times(
    pairs: Mapping[str, str], started: datetime, established: datetime | None, end: datetime | None, answered: bool
) -> tuple[datetime, datetime | None]:
    """The end and the answer. Talk is from the established time where it is told, else the duration."""
    length = timedelta(seconds=min(when.length_s(_named(pairs, "duration")) or 0.0, _DAY_S))
    established = established if answered else None
    ended = max(end or (established or started) + length, started)
    return ended, min(max(established or ended - length, started), ended) if answered else None


def _instant(pairs: Mapping[str, str], name: str, source: Source, received_at: datetime) -> datetime | None:
    """A ``…UTC`` variable names no zone when the PBX's culture prints it; the local ones are in the source's."""
    order = values.text(source.config.options.get("dates"))
    for key, zone in ((name, "UTC"), (f"{name}_local", source.timezone)):
        found = when.instant(_named(pairs, key), when.Reading(zone, order, received_at))
        if found is not None:
            return found
    return None


def _key(agent: str | None, number: str | None, started: datetime) -> str:
    """3CX names no call: agent, number and start do.

    Of the number the last digits: its prefix and length are the template's choice, and a hash of the whole could be
    turned back into it.
    """
    last = (values.digits(number) or number or "")[-_LAST_DIGITS:]
    whole = f"{agent or ''}|{last}|{when.printed(started)}"
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _named(pairs: Mapping[str, str], name: str) -> str | None:
    return next((pairs[key] for key in KEYS.get(name, ()) if key in pairs), None)


def _plain(key: str) -> str:
    return "".join(char for char in key.lower() if char.isalnum())


def _reach(raw: Mapping[str, Any], path: str | None) -> str | None:
    found = values.text(values.reach(raw, path), 500) if path else None
    return None if found is None or _UNEXPANDED.fullmatch(found) else found
