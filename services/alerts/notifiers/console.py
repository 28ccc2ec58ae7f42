"""The console: one readable paragraph a message on stdout, kept in the outbox as sent."""

import sys
from datetime import datetime
from typing import TextIO
from unicodedata import category

from services.alerts.notifiers.base import Ability, Reference, Refused, Sent
from services.alerts.wording.content import Content


class Console:
    ability = Ability(repeats=True, every_state=True)

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        print(lines(target, content), file=self._out or sys.stdout, flush=True)
        return Sent("", reference.transition)

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("what was printed stays printed", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("the console remembers nothing", "bad_value")

    async def close(self) -> None:
        return None


def lines(target: str, content: Content) -> str:
    """The message as text; control characters in data cannot move the cursor."""
    where = f" → {target}" if target else ""
    found = [f"■ {content.title}{where}"]
    for section in content.sections:
        if section.heading:
            found.append(f"  {section.heading}")
        found += [f"    • {line}" if section.bullets else f"  {line}" for line in section.lines]
    if content.note:
        found.append(f"  {content.note}")
    if content.link:
        found.append(f"  {content.link[0]}: {content.link[1]}")
    return "\n".join("".join(c if c.isprintable() or category(c) == "Zs" else "·" for c in line) for line in found)
