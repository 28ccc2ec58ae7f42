"""Hang-up causes of FreeSWITCH into our dispositions, and what may be said of their codes.

Source: ``switch_types.h`` (names and numbers), ``switch_channel.c``: a number above 127 is reported as
``hangup_cause_q850`` 16, so only the name tells. The table speaks of legs that were *not* answered.
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "UNALLOCATED_NUMBER": "failed",
    "NO_ROUTE_TRANSIT_NET": "failed",
    "NO_ROUTE_DESTINATION": "failed",
    "CHANNEL_UNACCEPTABLE": "failed",
    # doubtful: cleared normally before an answer; nobody spoke and nobody refused (a cancel is told by its SIP side)
    "NORMAL_CLEARING": "no_answer",
    "NORMAL_UNSPECIFIED": "no_answer",
    "NONE": "no_answer",
    "SUCCESS": "no_answer",
    "USER_BUSY": "busy",
    "NO_USER_RESPONSE": "no_answer",
    "NO_ANSWER": "no_answer",
    "SUBSCRIBER_ABSENT": "no_answer",
    "CALL_REJECTED": "rejected",
    "NUMBER_CHANGED": "failed",
    "REDIRECTION_TO_NEW_DESTINATION": "failed",
    "EXCHANGE_ROUTING_ERROR": "failed",
    "DESTINATION_OUT_OF_ORDER": "failed",
    "INVALID_NUMBER_FORMAT": "failed",
    "FACILITY_REJECTED": "failed",
    "NORMAL_CIRCUIT_CONGESTION": "congestion",
    "NETWORK_OUT_OF_ORDER": "failed",
    "NORMAL_TEMPORARY_FAILURE": "failed",
    "SWITCH_CONGESTION": "congestion",
    "REQUESTED_CHAN_UNAVAIL": "congestion",
    "OUTGOING_CALL_BARRED": "failed",
    "INCOMING_CALL_BARRED": "rejected",
    "RECOVERY_ON_TIMER_EXPIRE": "failed",
    "ORIGINATOR_CANCEL": "canceled",
    "CRASH": "failed",
    "SYSTEM_SHUTDOWN": "failed",
    # a leg that lost to another phone: the call itself goes on elsewhere; only seen when it comes alone
    "LOSE_RACE": "canceled",
    "PICKED_OFF": "canceled",
    "MANAGER_REQUEST": "canceled",  # doubtful: killed from the console or by a dialler
    "BLIND_TRANSFER": "no_answer",  # doubtful: transferred before an answer
    "ATTENDED_TRANSFER": "no_answer",  # doubtful: as above
    "ALLOTTED_TIMEOUT": "no_answer",
    "USER_CHALLENGE": "failed",
    "MEDIA_TIMEOUT": "failed",
    "USER_NOT_REGISTERED": "failed",
    "PROGRESS_TIMEOUT": "failed",  # no progress from the trunk: our side (DOMAIN §8)
    "INVALID_GATEWAY": "failed",
    "GATEWAY_DOWN": "failed",
    "INVALID_URL": "failed",
    "INVALID_PROFILE": "failed",
    "NO_PICKUP": "no_answer",
    "BUSY_EVERYWHERE": "busy",
    "DECLINE": "rejected",
    "DOES_NOT_EXIST_ANYWHERE": "failed",
    "NOT_ACCEPTABLE": "failed",
    "UNWANTED": "rejected",
    "REJECT_ALL": "rejected",
}
"""Cause name → disposition of an unanswered leg; a name that is not here is ``failed``."""

NUMBERS: Final[dict[str, int]] = {
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_TRANSIT_NET": 2,
    "NO_ROUTE_DESTINATION": 3,
    "CHANNEL_UNACCEPTABLE": 6,
    "CALL_AWARDED_DELIVERED": 7,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "REDIRECTION_TO_NEW_DESTINATION": 23,
    "EXCHANGE_ROUTING_ERROR": 25,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "FACILITY_REJECTED": 29,
    "RESPONSE_TO_STATUS_ENQUIRY": 30,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "ACCESS_INFO_DISCARDED": 43,
    "REQUESTED_CHAN_UNAVAIL": 44,
    "PRE_EMPTED": 45,
    "FACILITY_NOT_SUBSCRIBED": 50,
    "OUTGOING_CALL_BARRED": 52,
    "INCOMING_CALL_BARRED": 54,
    "BEARERCAPABILITY_NOTAUTH": 57,
    "BEARERCAPABILITY_NOTAVAIL": 58,
    "SERVICE_UNAVAILABLE": 63,
    "BEARERCAPABILITY_NOTIMPL": 65,
    "CHAN_NOT_IMPLEMENTED": 66,
    "FACILITY_NOT_IMPLEMENTED": 69,
    "SERVICE_NOT_IMPLEMENTED": 79,
    "INVALID_CALL_REFERENCE": 81,
    "INCOMPATIBLE_DESTINATION": 88,
    "INVALID_MSG_UNSPECIFIED": 95,
    "MANDATORY_IE_MISSING": 96,
    "MESSAGE_TYPE_NONEXIST": 97,
    "WRONG_MESSAGE": 98,
    "IE_NONEXIST": 99,
    "INVALID_IE_CONTENTS": 100,
    "WRONG_CALL_STATE": 101,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
    "MANDATORY_IE_LENGTH_ERROR": 103,
    "PROTOCOL_ERROR": 111,
    "INTERWORKING": 127,
    # FreeSWITCH's own causes above 127 that have a Q.850 word of the same meaning; the others have none (q850 null)
    "PROGRESS_TIMEOUT": 102,
    "USER_NOT_REGISTERED": 20,
    "NO_PICKUP": 19,
    "BUSY_EVERYWHERE": 17,
    "DECLINE": 21,
    "UNWANTED": 21,
    "REJECT_ALL": 21,
    "DOES_NOT_EXIST_ANYWHERE": 1,
}

OWN: Final = frozenset(
    {"ORIGINATOR_CANCEL", "CRASH", "SYSTEM_SHUTDOWN", "LOSE_RACE", "MANAGER_REQUEST", "BLIND_TRANSFER"}
    | {"ATTENDED_TRANSFER", "ALLOTTED_TIMEOUT", "USER_CHALLENGE", "MEDIA_TIMEOUT", "PICKED_OFF", "INVALID_GATEWAY"}
    | {"GATEWAY_DOWN", "INVALID_URL", "INVALID_PROFILE", "SRTP_READ_ERROR", "BOWOUT", "NOT_ACCEPTABLE", "SUCCESS"}
)
"""Causes above 127 without a Q.850 word: the ``hangup_cause_q850`` beside them says 16 and means nothing."""

SYSTEM: Final = frozenset(
    {"CRASH", "SYSTEM_SHUTDOWN", "MANAGER_REQUEST", "ALLOTTED_TIMEOUT", "MEDIA_TIMEOUT", "PROGRESS_TIMEOUT"}
    | {"GATEWAY_DOWN", "INVALID_GATEWAY", "NETWORK_OUT_OF_ORDER", "NORMAL_TEMPORARY_FAILURE", "SWITCH_CONGESTION"}
    | {"NORMAL_CIRCUIT_CONGESTION", "RECOVERY_ON_TIMER_EXPIRE", "NO_ANSWER", "SRTP_READ_ERROR"}
)
"""Causes by which neither party, but the switch or the network ended the call."""

MEANINGLESS: Final = frozenset({"", "NONE", "SUCCESS", "NORMAL_CLEARING", "NORMAL_UNSPECIFIED", "UNSPECIFIED"})
"""Causes of an unanswered leg that say less than what its bridge attempt reported."""


def disposition(cause: str, sip: int | None, canceled: bool) -> Disposition:
    """Of an unanswered leg, by cause name; a SIP 503 is congestion, a plain clearing with a CANCEL a cancel."""
    if cause in MEANINGLESS and canceled:
        return "canceled"
    found = STATUSES.get(cause, "failed") if cause else "no_answer"
    return "congestion" if found == "failed" and sip == 503 else found


def q850(cause: str, reported: int | None) -> int | None:
    """The Q.850 number of a cause by its name; the reported number only for a name that is not known."""
    if cause in NUMBERS:
        return NUMBERS[cause]
    if cause in OWN or reported is None or not 1 <= reported <= 127:
        return None
    return None if cause and reported == 16 else reported
