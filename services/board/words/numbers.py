"""Numbers, money, shares and times as people read them."""

from datetime import datetime
from typing import Final, Literal

from services.rules.money.units import exponent, unit

Language = Literal["ru", "en"]

THIN: Final = "\u202f"
"""Narrow no-break space, between thousands and before a unit."""
MINUS: Final = "\u2212"
SIGNS: Final = {"RUB": "₽", "EUR": "€", "USD": "$", "GBP": "£", "KZT": "₸", "UAH": "₴", "BYN": "Br"}
SIGN_FIRST: Final = frozenset({"USD", "EUR", "GBP"})
"""Currencies whose sign English writes before the number."""


def number(value: float, digits: int, language: Language) -> str:
    """``1 234,5`` in Russian, ``1 234.5`` in English; thousands from 10 000 up and always grouped alike."""
    text = f"{abs(value):,.{digits}f}"
    whole, _, fraction = text.partition(".")
    whole = whole.replace(",", THIN)
    point = "," if language == "ru" else "."
    shown = f"{whole}{point}{fraction}" if fraction else whole
    negative = value < 0 and any(char not in "0.," for char in text)
    return f"{MINUS}{shown}" if negative else shown


def share(value: float, language: Language, digits: int = 0) -> str:
    """``92 %`` with a narrow space."""
    return f"{number(value * 100, digits, language)}{THIN}%"


def probability(value: float, language: Language) -> str:
    """A share that never claims certainty: above 99 % it says ``>99 %``, below 1 % ``<1 %``."""
    if value > 0.99:
        return f">99{THIN}%"
    if value < 0.01:
        return f"<1{THIN}%"
    return share(value, language)


def money(minor: int, currency: str, language: Language) -> str:
    """Whole units, cents only when there are any: ``1 250 000 ₽``; in English ``$1,415,000``, ``−€5``."""
    value = minor / unit(currency)
    digits = 0 if value == int(value) else exponent(currency)
    if language == "en" and currency in SIGN_FIRST:
        return f"{MINUS if value < 0 else ''}{SIGNS[currency]}{abs(value):,.{digits}f}"
    return f"{number(value, digits, language)}{THIN}{SIGNS.get(currency, currency)}"


def duration(seconds: float) -> str:
    """``04:12``, from an hour on ``1:04:12``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def clock(instant: datetime, *, seconds: bool = False) -> str:
    """Wall clock of an instant that already carries the floor's zone."""
    return instant.strftime("%H:%M:%S" if seconds else "%H:%M")
