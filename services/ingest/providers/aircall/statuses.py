"""Aircall's ``missed_call_reason`` into our dispositions, for calls that were *not* answered.

Sources: ``agents_did_not_answer`` is captured; the other reasons are those of the vendor's call object as public
integrations repeat it. ``status`` is ``done`` for every ended call and says nothing.
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "agents_did_not_answer": "no_answer",
    "no_available_agent": "no_answer",
    "out_of_opening_hours": "no_answer",
    "short_abandoned": "canceled",  # the caller hung up within seconds
    "abandoned_in_ivr": "canceled",
    "abandoned_in_classic": "canceled",
}
"""Reason → disposition; a reason that is not here, or none, is ``no_answer``."""

FINAL: Final = "call.ended"
PROVISIONAL: Final = "call.hungup"

PENDING: Final = frozenset(
    {"call.created", "call.ringing_on_agent", "call.agent_declined", "call.answered", "call.hold", "call.unhold"}
    | {"call.transferred", "call.unsuccessful_transfer", "call.external_transferred"}
)
"""Events of a call that goes on."""

AFTERWARDS: Final = frozenset(
    {"call.tagged", "call.untagged", "call.commented", "call.assigned", "call.archived", "call.unarchived"}
)
"""Events about a call that is over: their body is the whole call once more, and no second call."""

RECORDINGS: Final = frozenset({"call.voicemail_left", "call.comm_assets_generated"})

OTHER: Final = ("user.", "number.", "contact.", "message.", "integration.", "conversation_intelligence.")
"""Events about other things than calls."""


def disposition(reason: str | None, voicemail: bool) -> Disposition:
    """Of an unanswered call; one whose caller spoke to the voicemail is ``voicemail``."""
    return "voicemail" if voicemail else STATUSES.get(reason or "", "no_answer")
