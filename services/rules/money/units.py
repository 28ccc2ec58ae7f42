"""Minor units of currencies, and how exactly a sum that is only expected may be said."""

from typing import Final

EXPONENTS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3, "JOD": 3}
"""Digits after the point of currencies that do not have two (ISO 4217)."""


def exponent(currency: str) -> int:
    return EXPONENTS.get(currency, 2)


def unit(currency: str) -> int:
    """Minor units in one of *currency*."""
    return int(10 ** exponent(currency))


def about(minor: float, currency: str) -> int:
    """A sum that is only expected, in minor units: whole thousands of units from ten thousand on, else whole units. More digits
    would claim to know more. Every estimate of money that people read goes through here; what was paid or planned does not."""
    grain = unit(currency) * (1000 if abs(minor) >= 10_000 * unit(currency) else 1)
    return int(grain * round(minor / grain))
