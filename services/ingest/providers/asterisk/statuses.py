"""Asterisk's words and causes into our dispositions.

Sources: the CDR specification (NO ANSWER, CONGESTION, FAILED, BUSY, ANSWERED) and the values of ``DIALSTATUS``. A word
that is not here is ``no_answer``: ``failed`` would be laid at the line's door. ``FAILED`` says little: a declined call
is FAILED too (``app_dial`` counts every cause but busy, congestion and no answer as an unavailable channel), so the
Q.850 cause of the dialled channel refines it.
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "ANSWERED": "answered",
    "ANSWER": "answered",
    "NOANSWER": "no_answer",
    "BUSY": "busy",
    "FAILED": "failed",
    "CONGESTION": "congestion",
    "CANCEL": "canceled",
    "CANCELED": "canceled",
    "CANCELLED": "canceled",
    "CHANUNAVAIL": "failed",
    "DONTCALL": "rejected",  # doubtful: the called party sent the caller away (privacy manager)
    "TORTURE": "rejected",  # doubtful: as above
    "INVALIDARGS": "failed",
    "8": "answered",  # CDR(disposition,u) of Asterisk 12 and later: flags of cdr.h
    "16": "congestion",
}

CAUSES: Final[dict[int, Disposition]] = {
    1: "failed",
    2: "failed",
    3: "failed",
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    20: "no_answer",
    21: "rejected",
    22: "failed",
    27: "failed",
    28: "failed",
    34: "congestion",
    38: "failed",
    41: "failed",
    42: "congestion",
    44: "congestion",
}
"""Q.850 → disposition of an unanswered call; causes that are not here (16, 31, 127…) say nothing new."""

BUSY_PERSON: Final = frozenset({17, 21})
"""Causes believed even where the CDR says NO ANSWER."""

VOICEMAIL: Final = frozenset({"voicemail", "minivmrecord", "vmauthenticate"})
TALKING: Final = frozenset(
    {"dial", "queue", "bridge", "followme", "pickup", "pickupchan", "parkedcall", "agentrequest", "appdial", "appqueue"}
)
"""Applications whose ANSWERED can be a talk; of any other the menu, the announcement or the mailbox has answered."""
AFTERWARDS: Final = frozenset(
    {"", "hangup", "macro", "gosub", "return", "noop", "system", "set", "execif", "gotoif", "goto"}
)
"""What a hangup handler leaves as the last application: it tells nothing of the call."""


def of_word(word: str | None) -> Disposition | None:
    """None when nothing was said."""
    if word is None:
        return None
    return STATUSES.get("".join(char for char in word.upper() if char.isalnum()), "no_answer")


def refined(told: Disposition, cause: int | None) -> Disposition:
    """Of an unanswered call, with the cause of the dialled channel."""
    if cause is None or cause not in CAUSES:
        return told
    if told == "congestion" and CAUSES[cause] == "failed":
        return told
    if told in ("failed", "congestion") or (told == "no_answer" and cause in BUSY_PERSON):
        return CAUSES[cause]
    return told
