"""Stripe's integer amounts into the minor units of ISO 4217, which differ for a few currencies.

Source: Stripe's "Supported currencies": zero-decimal currencies, and the special cases ISK and UGX, which have no minor
unit and are still written with two zeros.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from services.ingest.providers import money, values

_WHOLE: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THOUSANDTHS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def minor(amount: object, currency: str) -> int | None:
    """*amount* as Stripe writes it (a whole number) in our minor units; None for what is no amount ≥ 0."""
    found = values.number(amount)
    if found is None or found < 0 or not found.is_integer() or found >= 2**53:
        return None
    theirs = 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
    scaled = Decimal(int(found)).scaleb(money.exponent(currency) - theirs)
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))
