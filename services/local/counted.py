"""Counts in console sentences: ``1 fact``, ``2 facts``, by the rule the board's English has."""

from services.board.words.catalogue import plural


def noun(n: float, one: str, many: str = "") -> str:
    """*one* in the form that goes with *n*; *many* is needed where the plural is not *one* + s."""
    return (one, many or f"{one}s")[plural(n, "en")]


def counted(n: int, one: str, many: str = "") -> str:
    return f"{n} {noun(n, one, many)}"
