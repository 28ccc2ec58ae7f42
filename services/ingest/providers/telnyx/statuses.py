"""Telnyx's ``hangup_cause`` into our dispositions. Source: the vendor's own types of ``call.hangup``."""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "normal_clearing": "answered",  # doubtful where no call.answered came: see ``disposition``
    "time_limit": "answered",  # the longest allowed talk was reached
    "call_rejected": "rejected",
    "originator_cancel": "canceled",
    "timeout": "no_answer",  # it rang as long as allowed
    "no_answer": "no_answer",
    "user_busy": "busy",
    "not_found": "failed",
    "unspecified": "failed",  # refined by its SIP code
}

Q850: Final[dict[str, int]] = {"not_found": 1}
"""Causes that would look like a fault of the line, with the Q.850 cause of the same meaning."""

_CONGESTED: Final = (500, 502, 503, 504)
_PERSON: Final[dict[int, Disposition]] = {
    480: "no_answer",
    486: "busy",
    487: "canceled",
    600: "busy",
    603: "rejected",
}


def disposition(cause: str, sip: int | None, *, answered: bool, machine: bool) -> Disposition:
    """Of a leg that ended. A word nobody knows is ``failed``, refined by the SIP code, unless the leg was answered.

    Without call.answered (it may still come) a normal clearing counts as answered only if SIP does not say otherwise.
    """
    if answered:
        return "voicemail" if machine else "answered"
    found = STATUSES.get(cause, "failed")
    if found == "answered" and sip is not None and sip >= 300:
        found = "no_answer" if cause == "normal_clearing" else "failed"
        return _PERSON.get(sip, "congestion" if sip in _CONGESTED else found)
    if found != "failed" or sip is None:
        return found
    return "congestion" if sip in _CONGESTED else _PERSON.get(sip, "failed")
