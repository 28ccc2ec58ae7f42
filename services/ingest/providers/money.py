"""Money as CRMs write it (major units, in texts) into integer minor units of its currency."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

_WHOLE: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THOUSANDTHS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_LARGEST: Final = 2**62


def exponent(currency: str) -> int:
    """Decimal places of the minor unit, ISO 4217; 2 unless listed."""
    if currency.upper() in _WHOLE:
        return 0
    return 3 if currency.upper() in _THOUSANDTHS else 2


def minor(amount: object, currency: str) -> int | None:
    """``"1500.5"`` RUB → 150050. None for what is not an amount ≥ 0 that fits."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return None
    try:
        plain = str(amount)[:40].replace("\u00a0", "").replace(" ", "").replace(",", ".")
        value = Decimal(plain)
    except (InvalidOperation, ValueError):
        return None
    if not value.is_finite() or value < 0 or value.adjusted() > 18:
        return None
    scaled = (value * 10 ** exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP)
    return int(scaled) if scaled < _LARGEST else None
