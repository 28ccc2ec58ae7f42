"""Zadarma's ``disposition`` into our dispositions. Source: the vendor's library (list of words in NOTIFY_END).

``status_code`` is a Q.931 cause, but calls nobody answered come with 16 as well: of a call that failed, 16 says nothing.
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "answered": "answered",
    "busy": "busy",
    "cancel": "canceled",
    "no answer": "no_answer",
    "failed": "failed",
    "no money": "failed",  # the account, not the person called: shows as a fault of the line, which it is for the floor
    "unallocated number": "failed",
    "no limit": "failed",
    "no day limit": "failed",
    "line limit": "congestion",
    "no money, no limit": "failed",
}
"""Word in small letters → disposition; an unknown or missing word is ``no_answer``, the least that can be said."""

_CAUSES: Final = {"unallocated number": 1}
"""Words that are a Q.850 cause by themselves; else the number dialled would look like a fault of the line."""
_NORMAL: Final = 16
_LARGEST: Final = 127


def word(value: str | None) -> str:
    """``NO_ANSWER`` and ``No  answer`` are ``no answer``."""
    return " ".join((value or "").lower().replace("_", " ").split())


def disposition(value: str | None) -> Disposition:
    return STATUSES.get(word(value), "no_answer")


def q850(value: str | None, code: int | None) -> int | None:
    """The cause of a call whose ``disposition`` is *value* and whose ``status_code`` is *code*."""
    known = _CAUSES.get(word(value))
    if known is not None:
        return known
    if code is None or not 0 < code <= _LARGEST:
        return None
    said = disposition(value)
    return None if code == _NORMAL and said in ("failed", "congestion") else code
