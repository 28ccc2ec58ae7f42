"""Plivo's ``CallStatus`` and ``HangupCauseCode`` into our dispositions.

Sources: ``completed``, 4000, 6010 and 9000 stand in samples and vendor code; 1xxx (canceled), 2xxx (destination) and
4xxx (normal) in the vendor's page of hang-up causes; 3000 and 3010 in public integrations, which do not agree on 3010.
Of the statuses beside ``completed`` no vendor text was read: these are the names that integrations use.
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "completed": "answered",
    "busy": "busy",
    "no-answer": "no_answer",
    "timeout": "no_answer",
    "cancel": "canceled",
    "cancelled": "canceled",
    "canceled": "canceled",
    "rejected": "rejected",
    "failed": "failed",
}
PENDING: Final = frozenset({"ringing", "early media", "in-progress", "queued", "initiated", "answered", "ring"})

CODES: Final[dict[int, Disposition]] = {
    1000: "canceled",
    1010: "failed",  # out of credits
    1020: "congestion",  # too many calls at once to this destination
    2000: "failed",
    2010: "failed",
    2020: "failed",
    2030: "failed",
    2040: "failed",
    2060: "failed",
    3000: "no_answer",
    3010: "busy",  # doubtful: an integration reads it as rejected
    3020: "rejected",  # doubtful: seen nowhere, by the group it stands in
    6010: "no_answer",  # the ring timeout was reached
    9000: "canceled",  # another leg was faster
}
CAUSES: Final[dict[str, Disposition]] = {
    "NO_ANSWER": "no_answer",
    "NO_USER_RESPONSE": "no_answer",
    "ALLOTTED_TIMEOUT": "no_answer",
    "USER_BUSY": "busy",
    "CALL_REJECTED": "rejected",
    "ORIGINATOR_CANCEL": "canceled",
    "LOSE_RACE": "canceled",
    "NORMAL_CIRCUIT_CONGESTION": "congestion",
    "SWITCH_CONGESTION": "congestion",
    "NETWORK_OUT_OF_ORDER": "congestion",
    "NORMAL_TEMPORARY_FAILURE": "congestion",
}
"""``HangupCause`` carries the switch's word."""

Q850: Final[dict[int | str, int]] = {
    # Only where "failed" alone would look like a fault of the line.
    1010: 52,
    2000: 28,
    2010: 1,
    2020: 20,
    2030: 52,
    2040: 52,
    "UNALLOCATED_NUMBER": 1,
    "NUMBER_CHANGED": 22,
    "INVALID_NUMBER_FORMAT": 28,
    # These are the line's fault, and say so.
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
}
"""Code or cause → the Q.850 cause of the same meaning; Plivo sends none."""


def disposition(status: str, code: int | None, cause: str, *, answered: bool) -> Disposition:
    """Of a call that ended. "completed" of one that nobody answered follows its cause; unknown words: no_answer.

    A status of its own meaning (busy, no-answer…) goes before the code; ``failed`` is refined by it.
    """
    if answered:
        return "answered"
    named = STATUSES.get(status)
    if named is not None and named not in ("answered", "failed"):
        return named
    return CODES.get(code or 0) or CAUSES.get(cause) or ("failed" if named == "failed" else "no_answer")


def q850(code: int | None, cause: str) -> int | None:
    return Q850.get(code or 0) or Q850.get(cause)
