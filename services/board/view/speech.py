"""A transcript as it is shown: phrases highlighted, numbers that identify somebody made unreadable.

Unlike ``masking``, which guards whole bodies, this one keeps what a talk about prices needs: an amount with its unit, and
every character's place, so that highlights fit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from schemas.facts import Segment
from services.rules.quality.reading import Evidence
from services.rules.quality.words import NUMBERS, plain

DOT: Final = "•"
LEAST: Final = 5
"""Digits in a row that are no longer a price or a year."""
LONGEST_AMOUNT: Final = 9
LEAST_WORDS: Final = 4
"""Number words in a row: «восемь девятьсот двенадцать сорок пять»."""
_RUN: Final = re.compile(rf"\d(?:[\s().+/\-‐-―]{{0,3}}\d){{{LEAST - 1},}}")
_UNIT: Final = re.compile(
    r"\s*(?:руб|р\.|₽|тыс|млн|миллион|евро|€|долл|\$|£|процент|%|штук|шт|thousand|million|roubles?|rubles?|euros?|dollars?|pounds?|percent)",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(r"[1-9]\d{0,2}(?:[ \u00a0\u202f]?\d{3})*(?:[.,]\d{1,2})?")
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a segment; ``titles``: of the questions it is evidence of."""

    text: str
    titles: tuple[str, ...] = ()
    ban: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    channel: str
    start_s: float
    pieces: tuple[Piece, ...]


def hidden(text: str) -> str:
    """*text* of the same length without a number that could be called or used."""
    return _spoken(_RUN.sub(lambda run: _digits(run, text), text))


def _digits(run: re.Match[str], text: str) -> str:
    digits = sum(char.isdigit() for char in run.group())
    if digits <= LONGEST_AMOUNT and _AMOUNT.fullmatch(run.group()) and _UNIT.match(text, run.end()):
        return run.group()
    return re.sub(r"\d", DOT, run.group())


def _spoken(text: str) -> str:
    chars = list(text)
    run: list[re.Match[str]] = []
    for word in [*_WORD.finditer(text), None]:
        if word is not None and plain(word.group()) in NUMBERS and (not run or _near(text, run[-1], word)):
            run.append(word)
            continue
        if len(run) >= LEAST_WORDS and not _UNIT.match(text, run[-1].end()):
            for one in run:
                chars[one.start() : one.end()] = DOT * (one.end() - one.start())
        run = [word] if word is not None and plain(word.group()) in NUMBERS else []
    return "".join(chars)


def _near(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return not re.search(r"[^\s,\-–]", text[one.end() : other.start()])


def shown(
    segments: Sequence[Segment], evidence: Sequence[tuple[str, Evidence]], bans: Sequence[tuple[str, Evidence]]
) -> list[Said]:
    """Segments in order of time; *evidence* and *bans*: (title, quote)."""
    order = sorted(range(len(segments)), key=lambda at: (float(segments[at].start_s), at))
    return [
        Said(
            segments[at].channel,
            float(segments[at].start_s),
            _pieces(
                hidden(segments[at].text),
                [(title, one) for title, one in evidence if one.segment == at],
                [(title, one) for title, one in bans if one.segment == at],
            ),
        )
        for at in order
    ]


def _pieces(text: str, evidence: list[tuple[str, Evidence]], bans: list[tuple[str, Evidence]]) -> tuple[Piece, ...]:
    spans = [(one.first, one.last, title, False) for title, one in evidence]
    spans += [(one.first, one.last, title, True) for title, one in bans]
    cuts = sorted({0, len(text), *(min(len(text), cut) for first, last, _, _ in spans for cut in (first, last))})
    pieces = []
    for start, end in pairwise(cuts):
        over = [(title, ban) for first, last, title, ban in spans if first <= start and end <= last]
        titles = tuple(dict.fromkeys(title for title, _ in over))
        pieces.append(Piece(text[start:end], titles, any(ban for _, ban in over)))
    return tuple(pieces)
