"""Content as plain lines: for messengers and mail, which each escape or cut it in their own way."""

from collections.abc import Iterator
from typing import Final
from unicodedata import category

from services.alerts.wording.content import Content

LONGEST_LINE: Final = 600


def lines(content: Content) -> Iterator[tuple[bool, str]]:
    """(is a heading, text), the title first; no line longer than 600 characters."""
    yield True, one_line(content.title)
    for section in content.sections:
        if section.heading:
            yield True, one_line(section.heading)
        for line in section.lines:
            yield False, one_line(f"• {line}" if section.bullets else line)
    if content.note:
        yield False, one_line(content.note)


def body(content: Content) -> str:
    """Everything below the title, with the link."""
    told = [text for _, text in lines(content)][1:]
    return "\n".join([*told, f"{content.link[0]}: {content.link[1]}"] if content.link else told)


def one_line(text: str) -> str:
    """Data cannot begin a line, a header or a control sequence of its own."""
    clean = "".join(one if one.isprintable() or category(one) == "Zs" else " " for one in text)
    return clean if len(clean) <= LONGEST_LINE else clean[: LONGEST_LINE - 1] + "…"
