"""Finds a trigger phrase among words. Careful the one way: what is doubtful is not evidence, and nothing hangs on absence.

A negation counts when it stands among the words before the phrase, within the same sentence, or between its words; one
that the phrase names itself does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from schemas.floor.phrase import Pattern, Place, parse_phrase
from schemas.floor.quality import Phrase
from services.rules.quality.words import NUMBERS, Token, plain, stem

_ONLY: Final = frozenset({"только", "просто", "only", "just"})
"""«не только …» denies nothing."""


@dataclass(frozen=True, slots=True)
class Negation:
    """``words`` are plain; ``window``: how many words before a phrase are looked at."""

    words: frozenset[str]
    window: int


@dataclass(frozen=True, slots=True)
class Sought:
    """A phrase made ready. *first* and *last*: tokens of a match are [first, last]."""

    phrase: Phrase
    places: tuple[Place, ...]


@lru_cache(maxsize=4096)
def sought(phrase: Phrase) -> Sought:
    return Sought(phrase, parse_phrase(phrase.say))


def find(wanted: Sought, words: Sequence[Token], negation: Negation) -> Iterator[tuple[int, int]]:
    """(first, last) token of every place where it is said, from left to right, not overlapping."""
    at = 0
    while at < len(words):
        last = _from(wanted, words, at)
        if last is None or (wanted.phrase.negation == "reject" and _denied(wanted, words, at, last, negation)):
            at += 1
            continue
        yield at, last
        at = last + 1


def _from(wanted: Sought, words: Sequence[Token], first: int) -> int | None:
    """Last token of the shortest reading when the phrase begins at *first*, or None."""
    if not _fits(wanted.places[0], words[first]):
        return None
    reached = {first}
    for place in wanted.places[1:]:
        room = place.room or wanted.phrase.gap
        reached = {at for last in reached for at in _next(place, words, last, room)}
    return min(reached, default=None)


def _next(place: Place, words: Sequence[Token], last: int, room: int) -> Iterator[int]:
    for at in range(last + 1, min(len(words), last + 2 + room)):
        if words[at].stop:
            return
        if _fits(place, words[at]):
            yield at


def _fits(place: Place, word: Token) -> bool:
    return not word.stop and any(_is(pattern, word) for pattern in place.patterns)


def _is(pattern: Pattern, word: Token) -> bool:
    if pattern.kind == "number":
        return word.number
    text = _plain(pattern.text)
    if pattern.kind == "exact":
        return word.plain == text
    if pattern.kind == "prefix":
        return word.plain.startswith(text)
    return word.stem == _reduced(text)


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    return plain(text)


@lru_cache(maxsize=8192)
def _reduced(text: str) -> str:
    return str(NUMBERS[text]) if text in NUMBERS else text if text.isdigit() else stem(text)


def _denied(wanted: Sought, words: Sequence[Token], first: int, last: int, negation: Negation) -> bool:
    for at in range(first - 1, max(-1, first - 1 - negation.window), -1):
        if words[at].stop:
            break
        if _negates(words, at, negation):
            return True
    own = {_plain(pattern.text) for place in wanted.places for pattern in place.patterns}
    return any(words[at].plain not in own and _negates(words, at, negation) for at in range(first, last + 1))


def _negates(words: Sequence[Token], at: int, negation: Negation) -> bool:
    if words[at].plain not in negation.words:
        return False
    after = words[at + 1].plain if at + 1 < len(words) else ""
    return after not in _ONLY
