"""XSI's words into ours. Kinds of events: the notes of two integrations; causes: BroadSoft's published XSI schema.

The table of causes speaks of calls that were *not* answered. No captured event carries a cause; rows whose disposition
is our reading of the schema's text are marked doubtful.
"""

from typing import Final

from schemas.facts import Direction, Disposition, HangupBy

RELEASED: Final = "CallReleasedEvent"
ANSWERED: Final = "CallAnsweredEvent"

PROGRESS: Final = frozenset(
    {"CallOriginatingEvent", "CallOriginatedEvent", "CallReceivedEvent", ANSWERED, "CallPickedUpEvent"}
    | {"CallHeldEvent", "CallRetrievedEvent", "CallUpdatedEvent", "CallReleasingEvent"}
    | {"CallTransferredEvent", "CallRedirectedEvent", "CallForwardedEvent"}
)
"""Events of a call that goes on: kept for the answer, the parties and the cause that its end may not repeat."""

NOT_CALLS: Final = frozenset(
    {"AgentStateEvent", "CallSubscriptionEvent", "HookStatusEvent", "CallCollectingEvent"}
    | {"ConferenceStartedEvent", "ConferenceUpdatedEvent", "ConferenceHeldEvent", "ConferenceRetrievedEvent"}
    | {"ConferenceReleasedEvent"}
)

SIDES: Final[dict[str, Direction]] = {
    "originator": "outbound",
    "terminator": "inbound",
    "click-to-dial": "outbound",
}
"""``personality`` → direction, seen from the user who is subscribed."""

STATUSES: Final[dict[str, Disposition]] = {
    "busy": "busy",
    "forbidden": "failed",
    "routing failure": "failed",
    "global failure": "rejected",  # doubtful: the default of SIP 6xx
    "request failure": "no_answer",  # doubtful: the default of SIP 4xx
    "server failure": "congestion",  # SIP 5xx
    "translation failure": "failed",
    "temporarily unavailable": "no_answer",
    "user not found": "failed",
    "request timeout": "no_answer",  # doubtful: may also be a trunk that does not answer
    "dial tone timeout": "canceled",
    "insufficient credits": "failed",
}
"""``releaseCause/internalReleaseCause`` in lower case → disposition."""

Q850: Final[dict[str, int]] = {
    # None is sent. Only where "failed" alone would look like a fault of the line:
    "forbidden": 52,
    "translation failure": 28,
    "user not found": 1,
}

_LOCAL, _REMOTE = "localrelease", "remoterelease"


def disposition(direction: Direction, party: str | None, cause: str | None) -> Disposition:
    """Of an unanswered call. Without a known cause: an agent who hung up canceled; anything else is ``no_answer``."""
    if direction == "inbound":
        return "no_answer"
    if cause in STATUSES:
        return STATUSES[cause]
    return "canceled" if party == _LOCAL else "no_answer"


def hangup_by(party: str | None) -> HangupBy | None:
    """``releasingParty`` in lower case, seen from the agent's half."""
    return "agent" if party == _LOCAL else "customer" if party == _REMOTE else None
