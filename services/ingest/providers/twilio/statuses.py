"""Twilio's ``CallStatus`` into our dispositions. Source: Twilio's Call resource; ``completed`` = was answered, ended."""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "completed": "answered",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",  # the number does not exist, or the carrier failed: ``SipResponseCode`` tells
    "canceled": "canceled",
}

PENDING: Final = frozenset({"queued", "initiated", "ringing", "in-progress", "answered"})
"""Statuses of a call that goes on: nothing to count yet."""

_MACHINES: Final = ("machine", "fax")  # machine_start, machine_end_beep, machine_end_silence, machine_end_other, fax
_CONGESTED: Final = (500, 502, 503, 504)
_PERSON: Final[dict[int, Disposition]] = {486: "busy", 600: "busy", 603: "rejected", 487: "canceled", 480: "no_answer"}


def disposition(status: str, sip: int | None, answered_by: str | None) -> Disposition:
    """Of a terminal status. A machine that answered is ``voicemail``; ``failed`` is refined by its SIP code."""
    found = STATUSES[status]
    if found == "answered" and (answered_by or "").startswith(_MACHINES):
        return "voicemail"
    if found != "failed" or sip is None:
        return found
    return "congestion" if sip in _CONGESTED else _PERSON.get(sip, "failed")
