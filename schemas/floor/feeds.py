"""What a source feeds when the floor file does not say so."""

from typing import Any

from schemas.providers import Feed, guide

__all__ = ["Feed", "fed"]
_KINDS = ("presentation", "invoice", "payment")


def fed(source: Any) -> Any:
    """The raw source, with ``feeds`` when it has none and its provider has no calls to bring: what a CRM counts, else
    payments; of a payment service what its guide says. Expected to bring calls, its silence would be an outage of them.
    """
    if not isinstance(source, dict) or "feeds" in source:
        return source
    known = guide(str(source.get("provider")))
    if known is None or "calls" in known.feeds:
        return source
    counts = source.get("counts")
    counted = [f"{kind}s" for kind in _KINDS if isinstance(counts, dict) and counts.get(kind)]
    return {**source, "feeds": (counted if known.kind == "crm" else list(known.feeds)) or ["payments"]}
