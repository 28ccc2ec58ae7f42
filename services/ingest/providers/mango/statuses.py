"""Mango's ``disconnect_reason`` into our dispositions, for calls that were *not* answered.

Sources: 1100, 1110, 1120, 1121 are seen in samples; the other meanings are those of the vendor's appendix of result
codes as two public integrations quote it (SalesMan CRM, a CRM plug-in). Rows whose disposition is our reading are
marked doubtful. A missed *incoming* call is ``no_answer`` whatever the code says, but for faults of the platform.
"""

from typing import Final

from schemas.facts import Direction, Disposition, HangupBy

STATUSES: Final[dict[int, Disposition]] = {
    1000: "no_answer",  # doubtful: "done successfully" of a call without talk
    1100: "no_answer",  # doubtful: "ended normally" of a call without talk
    1110: "canceled",  # the caller hung up first
    1111: "no_answer",
    1120: "rejected",  # doubtful: the called party ended a call that it had not answered
    1121: "busy",
    1122: "rejected",
    1123: "rejected",  # doubtful: "do not disturb" (SIP 480 or 603)
    1124: "no_answer",
    1130: "failed",
    1131: "no_answer",  # doubtful: "number not available" (Q.850 20)
    1132: "failed",
    1133: "failed",
    1134: "failed",
    1140: "failed",
    1150: "failed",
    1151: "rejected",
    1152: "rejected",
    1160: "no_answer",
    1161: "failed",
    1162: "congestion",  # doubtful: the hold queue is full
    1163: "no_answer",
    1164: "no_answer",
    1170: "no_answer",
    1171: "failed",
    1180: "canceled",
    1181: "canceled",
    1182: "no_answer",
    1183: "no_answer",
    1190: "failed",
}
"""Reason → disposition; what is not here follows ``disposition``."""

Q850: Final[dict[int, int]] = {
    # Mango gives no Q.850 cause. Only where "failed" alone would look like a fault of the line:
    1130: 52,  # restrictions of the PBX on the number called
    1132: 1,
    1133: 1,
    1134: 25,
    1140: 52,
    1150: 52,
    1161: 29,
    1171: 25,
    1190: 20,
}
"""Reason → the Q.850 cause of the same meaning."""

_ENDED_BY_CALLER: Final = 1110
_ENDED_BY_CALLED: Final = (1120, 1121, 1122, 1123)
_ENDED_BY_SYSTEM: Final = (1111, 1134, 1160, 1161, 1162, 1163, 1164, 1170, 1171, 1181)


def disposition(direction: Direction, reason: int | None) -> Disposition:
    """Of an unanswered call. 2xxx (billing) is ``failed``, 4xxx and 5xxx (platform faults) are ``congestion``."""
    if reason is not None and 4000 <= reason < 6000:
        return "congestion"
    if direction == "inbound" or reason is None:
        return "no_answer"
    return STATUSES.get(reason, "failed" if 2000 <= reason < 4000 else "no_answer")


def hangup_by(direction: Direction, reason: int | None) -> HangupBy | None:
    """Who ended the call; the caller is the agent on an outbound or internal call."""
    caller_is_agent = direction != "inbound"
    if reason == _ENDED_BY_CALLER:
        return "agent" if caller_is_agent else "customer"
    if reason in _ENDED_BY_CALLED:
        return "customer" if caller_is_agent else "agent"
    return "system" if reason in _ENDED_BY_SYSTEM or (reason or 0) >= 2000 else None
