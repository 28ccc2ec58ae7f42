"""Money as CRMs write it (major units, in texts) into integer minor units of its currency."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

_WHOLE: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THOUSANDTHS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_LARGEST: Final = 2**62
_ENGLISH: Final = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")
_CONTINENTAL: Final = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]*")


def exponent(currency: str) -> int:
    """Decimal places of the minor unit, ISO 4217; 2 unless listed."""
    if currency.upper() in _WHOLE:
        return 0
    return 3 if currency.upper() in _THOUSANDTHS else 2


def _plain(text: str) -> str:
    """Without the marks between thousands: ``1 500,50``, ``1,500.50``, ``1.500,50`` and ``1,500`` (which is no 1.5)."""
    bare = re.sub(r"[\s\u00a0\u202f']", "", text)
    if _ENGLISH.fullmatch(bare):
        return bare.replace(",", "")
    if _CONTINENTAL.fullmatch(bare):
        return bare.replace(".", "").replace(",", ".")
    return bare.replace(",", ".")


def minor(amount: object, currency: str) -> int | None:
    """``"1500.5"`` RUB → 150050. None for what is not an amount ≥ 0 that fits."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return None
    try:
        value = Decimal(_plain(str(amount)[:40]))
    except (InvalidOperation, ValueError):
        return None
    if not value.is_finite() or value < 0 or value.adjusted() > 18:
        return None
    scaled = (value * 10 ** exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP)
    return int(scaled) if scaled < _LARGEST else None
