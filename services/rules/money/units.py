"""Minor units of currencies."""

from typing import Final

EXPONENTS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3, "JOD": 3}
"""Digits after the point of currencies that do not have two (ISO 4217)."""


def exponent(currency: str) -> int:
    return EXPONENTS.get(currency, 2)


def unit(currency: str) -> int:
    """Minor units in one of *currency*."""
    return int(10 ** exponent(currency))
