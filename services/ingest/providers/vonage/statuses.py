"""Vonage's ``status`` and ``detail`` into our dispositions. Source: the vendor's reference of Voice API webhooks."""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "completed": "answered",
    "unanswered": "no_answer",
    "timeout": "no_answer",  # it rang as long as allowed
    "busy": "busy",
    "cancelled": "canceled",
    "rejected": "rejected",  # doubtful: by Vonage or by the person called, ``detail`` tells
    "failed": "failed",
    "disconnected": "failed",  # doubtful: a leg to an application was cut; answered before, it stays answered
}
"""Statuses of a leg that is over."""

PENDING: Final = frozenset({"started", "ringing", "answered", "human", "machine"})
"""Statuses of a leg that goes on."""

NO_LEG: Final = frozenset({"record", "input", "transfer", "dtmf", "asr"})

DETAILS: Final[dict[str, Disposition]] = {
    "timeout": "no_answer",
    "unavailable": "no_answer",
    "declined": "rejected",
    "spam_rejected": "rejected",
    "cannot_route": "failed",
    "invalid_number": "failed",
    "number_out_of_service": "failed",
    "restricted": "failed",
    "carrier_timeout": "congestion",
    "internal_error": "congestion",
}

Q850: Final[dict[str, int]] = {"invalid_number": 28, "number_out_of_service": 1, "restricted": 52}
"""Details that would look like a fault of the line, with the Q.850 cause of the same meaning."""


_AFTER_AN_ANSWER: Final = ("completed", "disconnected", "failed")


def disposition(status: str, detail: str | None, *, answered: bool, machine: bool) -> Disposition:
    """Of a leg that is over. A machine that answered is ``voicemail``; a detail nobody knows says nothing.

    ``completed`` without any sign of an answer is a call that its caller gave up.
    """
    if answered and status in _AFTER_AN_ANSWER:
        return "voicemail" if machine else "answered"
    if status == "completed":
        return "no_answer"
    if status in ("busy", "cancelled"):
        return STATUSES[status]
    return DETAILS.get(detail or "", STATUSES[status])
