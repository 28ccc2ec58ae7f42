"""Words of a transcript, reduced so that forms of one word are equal.

A word in Cyrillic is stemmed as Russian, one in Latin as English, whatever language the transcript claims: calls mix
them. ё is е. Numbers are one word each, in digits or in words: «двадцать пять» is 25.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import snowballstemmer

_WORD: Final = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3})*(?:[.,]\d+)?|[^\W\d_]+(?:['’-][^\W\d_]+)*|[.!?;…]+")
_STOP: Final = re.compile(r"[.!?;…]+")
_CYRILLIC: Final = re.compile(r"[а-яё]")
_RUSSIAN: Final = snowballstemmer.stemmer("russian")
_ENGLISH: Final = snowballstemmer.stemmer("english")

_UNITS: Final = {
    0: "ноль нуля zero", 1: "один одна одно одного одной одну one", 2: "два две двух two", 3: "три трёх three",
    4: "четыре четырёх four", 5: "пять пяти five", 6: "шесть шести six", 7: "семь семи seven", 8: "восемь восьми eight",
    9: "девять девяти nine", 10: "десять десяти ten", 11: "одиннадцать одиннадцати eleven",
    12: "двенадцать двенадцати twelve", 13: "тринадцать тринадцати thirteen", 14: "четырнадцать четырнадцати fourteen",
    15: "пятнадцать пятнадцати fifteen", 16: "шестнадцать шестнадцати sixteen",
    17: "семнадцать семнадцати seventeen", 18: "восемнадцать восемнадцати eighteen",
    19: "девятнадцать девятнадцати nineteen",
}  # fmt: skip
_TENS: Final = {
    20: "двадцать двадцати twenty", 30: "тридцать тридцати thirty", 40: "сорок сорока forty",
    50: "пятьдесят пятидесяти fifty", 60: "шестьдесят шестидесяти sixty", 70: "семьдесят семидесяти seventy",
    80: "восемьдесят восьмидесяти eighty", 90: "девяносто девяноста ninety",
}  # fmt: skip
_HUNDREDS: Final = {
    100: "сто ста", 200: "двести двухсот", 300: "триста трёхсот", 400: "четыреста четырёхсот", 500: "пятьсот пятисот",
    600: "шестьсот шестисот", 700: "семьсот семисот", 800: "восемьсот восьмисот", 900: "девятьсот девятисот",
}  # fmt: skip


def plain(word: str) -> str:
    return word.lower().replace("ё", "е").replace("’", "'")


NUMBERS: Final = {
    plain(word): value
    for table in (_UNITS, _TENS, _HUNDREDS)
    for value, words in table.items()
    for word in words.split()
}
"""Word → its value."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word: as said (``text``, ``start``–``end`` in its segment) and reduced; ``stop`` ends a sentence."""

    text: str
    plain: str
    stem: str
    start: int
    end: int
    stop: bool = False
    number: bool = False


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Of a word that is plain already."""
    found: str = (_RUSSIAN if _CYRILLIC.search(word) else _ENGLISH).stemWord(word)
    return found


def tokens(text: str) -> list[Token]:
    return list(_joined([_token(match) for match in _WORD.finditer(text)]))


def _token(match: re.Match[str]) -> Token:
    text, (start, end) = match.group(), match.span()
    if _STOP.fullmatch(text):
        return Token(text, text, text, start, end, stop=True)
    if text[0].isdigit():
        value = re.sub(r"[ \u00a0\u202f]", "", text).replace(",", ".")
        return Token(text, value, value, start, end, number=True)
    word = plain(text)
    if word in NUMBERS:
        return Token(text, str(NUMBERS[word]), str(NUMBERS[word]), start, end, number=True)
    return Token(text, word, stem(word), start, end)


def _joined(found: list[Token]) -> Iterator[Token]:
    """Numbers said in several words become one: hundreds, tens, units, each once and in this order."""
    at = 0
    while at < len(found):
        token = found[at]
        at += 1
        if not token.number or token.text[0].isdigit():
            yield token
            continue
        value, least, end = int(token.plain), _room(int(token.plain)), token.end
        while at < len(found) and found[at].number and not found[at].text[0].isdigit():
            more = int(found[at].plain)
            if not 0 < more < least:
                break
            value, least, end = value + more, _room(more), found[at].end
            at += 1
        yield Token(token.text, str(value), str(value), token.start, end, number=True)


def _room(value: int) -> int:
    """What may follow must be smaller than this: after hundreds tens, after tens units."""
    return 100 if value >= 100 else 10 if value >= 20 else 0
