"""RingCentral's words into our dispositions: reasons of a party's end, and results of the call log.

Source: the vendor's reference of telephony session events (codes and reasons) and of the call log (results).
"""

from typing import Final

from schemas.facts import Disposition

ENDED: Final = frozenset({"disconnected", "gone"})
TALKING: Final = frozenset({"answered", "hold", "parked"})
VOICEMAIL: Final = frozenset({"voicemail", "voicemailscreening", "vmscreening", "faxreceive"})
"""A machine of ours took the call; a fax is no talk either."""

REASONS: Final[dict[str, Disposition]] = {
    "noanswer": "no_answer",
    "timeout": "no_answer",
    "callfinished": "no_answer",  # doubtful: of a call that nobody was heard to answer
    "calldropped": "failed",  # doubtful: of a call that nobody was heard to answer
    "targetbusy": "busy",
    "rejected": "rejected",
    "cancelled": "canceled",
    "canceled": "canceled",
    "voicemail": "voicemail",
    "internalerror": "congestion",
    "invalidnumber": "failed",
    "nosuchuser": "failed",
    "internationaldisabled": "failed",
    "destinationblocked": "failed",
    "notenoughfunds": "failed",
}
"""Of parties that did not talk; every other reason (transfers, pick-ups) says nothing of the call: no_answer."""

Q850: Final[dict[str, int]] = {
    # Only where "failed" alone would look like a fault of the line.
    "invalidnumber": 28,
    "nosuchuser": 1,
    "internationaldisabled": 52,
    "destinationblocked": 52,
    "notenoughfunds": 52,
    "wrongnumber": 1,
    "nocallingcredit": 52,
    "restrictednumber": 52,
}

RESULTS: Final[dict[str, Disposition]] = {
    "accepted": "answered",
    "callconnected": "answered",
    "missed": "no_answer",
    "noanswer": "no_answer",
    "abandoned": "canceled",
    "hangup": "canceled",
    "stopped": "canceled",
    "voicemail": "voicemail",
    "busy": "busy",
    "rejected": "rejected",
    "declined": "rejected",
    "blocked": "rejected",
    "callfailed": "failed",
    "callfailure": "failed",
    "internalerror": "congestion",
    "wrongnumber": "failed",
    "nocallingcredit": "failed",
    "internationaldisabled": "failed",
    "restrictednumber": "failed",
}
"""``result`` of the call log; what is not here is no_answer."""


def word(text: str | None) -> str:
    """``No Answer`` and ``NoAnswer`` are one word."""
    return "".join(sign for sign in (text or "").lower() if sign.isalpha())
