"""Phone numbers in raw bodies, made unreadable: JSON, XML, forms, whatever came.

Every run of seven digits or more keeps its last two, the others become ``•``. What people and encodings write between
the digits of a number (spaces, dashes, dots, brackets, plus signs, their percent, JSON and HTML escapes) belongs to
the run; so do dates and long ids: better too much than a number that can be called.
"""

import re
from typing import Final

DOT: Final = "•"
LEAST: Final = 7
SHOWN: Final = 2

_BACKSLASH: Final = r"(?:\\{1,8}|(?:%(?:25){0,8}5C){1,8})"
_DIGIT: Final = rf"(?:%(?:25){0, 8}3[0-9]|{_BACKSLASH}u003[0-9]|&\#(?:4[89]|5[0-7]);|&\#x3[0-9];|\d)"
_BETWEEN: Final = (
    r"(?:%(?:25){0,8}(?:20|09|2B|2D|2E|2F|28|29|C2%(?:25){0,8}A0|E2%(?:25){0,8}80%(?:25){0,8}(?:9[0-5]|AF))"
    rf"|{_BACKSLASH}u(?:00[aA]0|202[fF]|201[0-5]|002[BbDdFf89Ee]|0020)|&(?:nbsp|\#160|\#x[aA]0);"
    r"|[ \t\x00\u00a0\u2007\u2009\u202f\u2010-\u2015\u2212().+/-])"
)
_PART: Final = re.compile(rf"(?P<between>{_BETWEEN})|(?P<digit>{_DIGIT})", re.IGNORECASE)
_RUN: Final = re.compile(
    rf"(?<!%)(?<!%[0-9A-Fa-f]){_DIGIT}(?:{_BETWEEN}{{0,4}}{_DIGIT}){{{LEAST - 1},}}", re.IGNORECASE
)


def masked(text: str) -> str:
    """*text* without a phone number that could be called."""
    return _RUN.sub(_mask, text)


def _mask(run: re.Match[str]) -> str:
    parts = [(part.lastgroup == "digit", part.group()) for part in _PART.finditer(run.group())]
    left = sum(digit for digit, _ in parts) - SHOWN
    shown = []
    for digit, text in parts:
        shown.append(DOT if digit and left > 0 else text)
        left -= digit
    return "".join(shown)
