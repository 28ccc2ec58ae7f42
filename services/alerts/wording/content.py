"""A message before it takes the shape of a messenger: plain text only, no markup, so that nothing has to be trusted.

Notifiers turn it into blocks or lines, escape it, and cut it to their limits.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """``name`` says what it does (``alert.mute``), ``value`` about what (an id of ours); ``url``: it opens an address;
    ``asks``: it asks further, which not every messenger can."""

    name: str
    label: str
    value: str
    first: bool = False
    url: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A paragraph: an optional bold *heading*, then lines (bulleted when *bullets*); *menu*: what may be done about it."""

    lines: tuple[str, ...]
    heading: str = ""
    bullets: bool = False
    menu: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """``mentions``: Slack user ids to be notified. ``link``: (label, URL). ``data``: for programs. ``final``: nothing follows."""

    title: str
    sections: tuple[Section, ...] = ()
    note: str = ""
    mentions: tuple[str, ...] = ()
    link: tuple[str, str] | None = None
    more: str = "+{n}"
    data: dict[str, Any] = field(default_factory=dict)
    final: bool = False
    buttons: tuple[Button, ...] = ()
    broadcast: bool = False
    """An answer in a thread that the whole channel sees."""
