"""What is said over and over is said at once, then at growing intervals: a broker that is away must not fill the log."""

import logging
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

FIRST_S: Final = 60.0
LONGEST_S: Final = 600.0
MOST: Final = 512
"""So many different things are kept apart; what comes beyond is said each time."""


@dataclass(slots=True)
class _Said:
    at: float
    pause_s: float
    seen_at: float
    left_out: int = 0


class Seldom:
    """Something that was not heard for ``LONGEST_S`` is new."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._said: dict[object, _Said] = {}

    def due(self, key: object) -> int | None:
        """How often it was left out since it was last said; None: it is left out now."""
        now = self._now()
        known = self._said.get(key)
        if known is None or now - known.seen_at >= LONGEST_S:
            if known is None and len(self._said) >= MOST:
                return 0
            self._said[key] = _Said(now, FIRST_S, now)
            return 0
        known.seen_at = now
        if now - known.at < known.pause_s:
            known.left_out += 1
            return None
        left_out, known.left_out = known.left_out, 0
        known.at, known.pause_s = now, min(LONGEST_S, 2 * known.pause_s)
        return left_out


class OfLibraries(logging.Filter):
    """Lets records of the loggers *names* through, those that only differ in their values seldom."""

    def __init__(self, names: tuple[str, ...], seldom: Seldom) -> None:
        super().__init__()
        self._names, self._seldom = names, seldom

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in self._names or not isinstance(record.msg, str):
            return True
        left_out = self._seldom.due((record.name, record.levelno, record.msg))
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} times more since)", ()
        return left_out is not None


class Ours:
    """A processor of structlog: events with ``seldom=True`` are said seldom; a text instead of True keeps them apart."""

    def __init__(self, seldom: Seldom) -> None:
        self._seldom = seldom

    def __call__(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        about = event.pop("seldom", None)
        if about is None:
            return event
        left_out = self._seldom.due((event["event"], about))
        if left_out is None:
            raise structlog.DropEvent
        return {**event, "left_out": left_out} if left_out else event
