"""Passwords: argon2id by argon2-cffi with its own defaults (RFC 9106, low memory: 64 MiB, 3 passes)."""

import secrets
from typing import Final, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 200
"""More is work for the hasher and strength for nobody."""
_HASHER: Final = PasswordHasher()
_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe(32))


Weakness = Literal["short", "long", "name", "repeated", "differ"]
"""``differ``: typed twice, not the same."""


def weakness(password: str, name: str) -> Weakness | None:
    """Why *password* is refused for the account *name*; None: it is good enough."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    if password.casefold() == name.casefold():
        return "name"
    if len(set(password)) < 3:
        return "repeated"
    return None


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def verify(kept: str | None, password: str) -> bool:
    """Takes as long for nobody (*kept* None) as for somebody."""
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
