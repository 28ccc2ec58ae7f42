"""Content → Block Kit within Slack's limits: 50 blocks, 3000 characters a section, 150 a header.

Everything is escaped here and only here; data can never write a mention, a link or ``<!channel>``.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from services.alerts.wording.content import Button, Content, Section

MAX_BLOCKS: Final = 50
MAX_TEXT: Final = 3000
MAX_HEADER: Final = 150
MAX_FALLBACK: Final = 3000
MAX_ACTIONS: Final = 25
MAX_LABEL: Final = 75
MAX_MENU: Final = 5
MENU: Final = "menu"
"""``action_id`` of every menu."""
LONGEST_LINE: Final = 600
USER: Final = re.compile(r"^[UW][A-Z0-9]{2,}$")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """*text* escaped, at most *limit* characters; an entity is never cut in two."""
    whole = escape(text)
    if len(whole) <= limit:
        return whole
    kept, length = [], 0
    for character in text:
        piece = escape(character)
        if length + len(piece) > limit - 1:
            break
        kept.append(piece)
        length += len(piece)
    return "".join(kept) + "…"


def blocks(content: Content) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(content.title, MAX_HEADER), "emoji": False}}
    ]
    tail = _tail(content)
    room = MAX_BLOCKS - 1 - len(tail)
    sections = [section for section in content.sections if section.lines or section.heading]
    shown = sections if len(sections) <= room else sections[: room - 1]
    found += [_section(_text(section, content.more), section.menu) for section in shown]
    if len(shown) < len(sections):
        found.append(_section(escape(content.more.format(n=len(sections) - len(shown)))))
    return found + tail


def fallback(content: Content) -> str:
    """The same as text: for notifications, screen readers and clients without blocks."""
    lines = [content.title]
    for section in content.sections:
        if section.heading:
            lines.append(section.heading)
        lines += [f"• {line}" if section.bullets else line for line in section.lines]
    if content.note:
        lines.append(content.note)
    return _joined([cut(line, LONGEST_LINE) for line in lines], MAX_FALLBACK, content.more)


def mentions(content: Content) -> str:
    return " ".join(f"<@{user}>" for user in content.mentions if USER.match(user))


def _tail(content: Content) -> list[dict[str, Any]]:
    parts = []
    if content.note:
        parts.append(cut(content.note, MAX_TEXT // 2))
    if content.link and content.link[1] not in [one.url for one in content.buttons]:
        label, url = content.link
        parts.append(f"<{escape(url).replace('|', '%7C')}|{cut(label, 100)}>")
    found = []
    if named := mentions(content):
        found.append(_section(named))
    if content.buttons:
        found.append({"type": "actions", "elements": [_button(one) for one in content.buttons[:MAX_ACTIONS]]})
    if parts:
        found.append({"type": "context", "elements": [{"type": "mrkdwn", "text": " · ".join(parts)}]})
    return found


def _button(one: Button) -> dict[str, Any]:
    label = {"type": "plain_text", "text": one.label[:MAX_LABEL], "emoji": False}
    style = {"style": "primary"} if one.first else {}
    where = {"url": one.url} if one.url else {}
    return {"type": "button", "action_id": one.name, "text": label, "value": one.value, **style, **where}


def _section(text: str, menu: Sequence[Button] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    if menu:
        found["accessory"] = {
            "type": "overflow",
            "action_id": MENU,
            "options": [_option(one) for one in menu[:MAX_MENU]],
        }
    return found


def _option(one: Button) -> dict[str, Any]:
    """An entry of a menu; its value says the button and what it is about."""
    where = {"url": one.url} if one.url else {}
    label = {"type": "plain_text", "text": one.label[:MAX_LABEL], "emoji": False}
    return {"text": label, "value": f"{one.name}:{one.value}", **where}


def _text(section: Section, more: str) -> str:
    lines = [f"*{cut(section.heading, LONGEST_LINE)}*"] if section.heading else []
    lines += [("• " if section.bullets else "") + cut(line, LONGEST_LINE) for line in section.lines]
    return _joined(lines, MAX_TEXT, more)


def _joined(lines: list[str], limit: int, more: str) -> str:
    whole = "\n".join(lines)
    if len(whole) <= limit:
        return whole
    kept: list[str] = []
    for position, line in enumerate(lines):
        rest = escape(more.format(n=len(lines) - position))
        if sum(map(len, kept)) + len(kept) + len(line) + 1 + len(rest) > limit:
            return "\n".join([*kept, rest])
        kept.append(line)
    return "\n".join(kept)
