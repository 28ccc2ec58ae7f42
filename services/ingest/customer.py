"""Customers' phone numbers never leave ingest in plain: a keyed hash stands for them."""

import hashlib
import hmac
from collections.abc import Callable

Hasher = Callable[[str | None], str | None]


def hasher(key: str | None) -> Hasher:
    """number → ``k1:`` + 16 hex digits; the same for ``8 (495) 111-22-33`` and ``+7 495 1112233``.

    Without a key, or without digits in the number, None.
    """
    if not key:
        return nobody
    secret = key.encode()

    def keyed(number: str | None) -> str | None:
        digits = normal(number)
        if not digits:
            return None
        return f"k1:{hmac.digest(secret, digits.encode(), hashlib.sha256).hex()[:16]}"

    return keyed


def nobody(number: str | None) -> str | None:
    return None


def normal(number: str | None) -> str:
    """Digits only; an international prefix 00 dropped, a Russian trunk prefix 8 written as 7."""
    digits = "".join(sign for sign in number or "" if sign.isascii() and sign.isdigit())
    if digits.startswith("00"):
        digits = digits[2:]
    return f"7{digits[1:]}" if len(digits) == 11 and digits.startswith("8") else digits
