"""How a trigger phrase is written: words in order, each found in any of its forms.

``добрый (день|утро|вечер)`` — words, and a choice; ``выстав* ... счёт`` — the beginning of a word, and up to GAP words
between; ``=ну`` — exactly so, no other form; ``#`` — any number, in digits or in words.
"""

import re
from typing import Final, Literal, NamedTuple

Kind = Literal["stem", "exact", "prefix", "number"]
GAP: Final = 6
"""Words that ``...`` leaves room for."""
LEAST_PREFIX: Final = 3
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PART: Final = re.compile(r"\(([^()]*)\)|(\.{3}|…)|(\S+)")


class Pattern(NamedTuple):
    kind: Kind
    text: str


class Place(NamedTuple):
    """One word of a phrase: any of *patterns*; *room* is how many words ``...`` allows before it, 0 without."""

    patterns: tuple[Pattern, ...]
    room: int


def parse_phrase(text: str) -> tuple[Place, ...]:
    """Raises: ValueError that says what is wrong."""
    if text.count("(") != text.count(")"):
        raise ValueError("a bracket of the phrase is not closed")
    places: list[Place] = []
    room = 0
    for choice, gap, word in _PART.findall(text):
        if gap:
            if not places:
                raise ValueError("a phrase does not begin with ...")
            room = GAP
            continue
        if word and set(word) & set("()|"):
            raise ValueError(
                f"{word!r}: a choice is written (one|other), with spaces around it and none within brackets"
            )
        places.append(Place(tuple(_pattern(one.strip()) for one in ([word] if word else choice.split("|"))), room))
        room = 0
    if not places:
        raise ValueError("a phrase has at least one word")
    if room:
        raise ValueError("a phrase does not end with ...")
    if all(pattern.kind == "number" for place in places for pattern in place.patterns):
        raise ValueError("a phrase of numbers alone would be found everywhere")
    return tuple(places)


def _pattern(text: str) -> Pattern:
    if text == "#":
        return Pattern("number", text)
    kind: Kind = "stem"
    word = text
    if text.startswith("="):
        kind, word = "exact", text[1:]
    elif text.endswith("*"):
        kind, word = "prefix", text[:-1]
        if len(word) < LEAST_PREFIX:
            raise ValueError(f"{text!r}: at least {LEAST_PREFIX} letters before *")
    if not word:
        raise ValueError("a choice has an empty part")
    if not _WORD.fullmatch(word):
        raise ValueError(f"{text!r} is no word; known signs are = * # (one|other) and ...")
    return Pattern(kind, word)
