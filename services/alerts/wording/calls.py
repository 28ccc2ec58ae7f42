"""Calls to check an alert by, or why there are none."""

from collections.abc import Mapping
from typing import Any, Final

from services.alerts.wording.language import Language

LISTED: Final = 8
"""So many calls are named."""


def calls(evidence: Mapping[str, Any], words: Language) -> str:
    """Of a team's issue it says how they broke off; where only the CRM knows, its deals and invoices."""
    named, rung = evidence.get("calls") or (), evidence.get("calls_of")
    if named:
        key = f"details.calls.{rung}" if rung else "line.evidence.calls"
        return words.say(key, calls=", ".join(named[:LISTED]))
    if evidence.get("deals"):
        return words.say(f"details.deals.{rung}", deals=", ".join(evidence["deals"][:LISTED]))
    return words.say(f"details.no_calls.{evidence.get('no_calls', 'none_fit')}")


def last(evidence: Mapping[str, Any], words: Language) -> str:
    """What a silent source sent last; alerts of earlier versions did not write it down."""
    if not evidence.get("last"):
        return words.say(f"details.no_calls.{'none_before' if 'last' in evidence else 'no_last'}")
    return words.say("details.last", last=", ".join(evidence["last"][:LISTED]))
