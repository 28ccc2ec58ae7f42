"""Calls to check an alert by, as its evidence names them; or why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.board.words import Words

HEARD = ("calls", "long_calls", "presentations", "invoices", "payments")
"""Rungs whose calls somebody answered: there is something to hear."""


@dataclass(frozen=True, slots=True)
class Checks:
    """``what`` the *names* are, or why there are none; ``heard``: they have a page of their own."""

    what: str
    names: tuple[str, ...] = ()
    heard: bool = False


def checks(detector: str, evidence: Mapping[str, Any], w: Words) -> Checks:
    """Evidence is read leniently: what is missing or odd is as if nothing was named."""
    rung, last = str(evidence.get("calls_of") or ""), _texts(evidence.get("last"))
    if detector == "source_silence":
        if last:
            return Checks(w("checks.last"), last)
        return Checks(w("checks.none.none_before" if "last" in evidence else "checks.none.no_last"))
    if named := _texts(evidence.get("calls")):
        what = w(f"checks.calls.{rung}") if w.has(f"checks.calls.{rung}") else w("checks.calls")
        return Checks(what, named, rung in HEARD or detector in ("short_calls", "workplace_audio"))
    deals = _texts(evidence.get("deals"))
    if deals and w.has(f"checks.deals.{rung}"):
        return Checks(w(f"checks.deals.{rung}"), deals)
    why = f"checks.none.{evidence.get('no_calls')}"
    return Checks(w(why if w.has(why) else "checks.none.none_fit"))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
