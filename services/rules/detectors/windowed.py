"""What detectors over windows share: a finding, and the memory that lets it in and out (DOMAIN §8).

Enter and leave have limits of their own; a window with too little traffic says neither "bad" nor "well".
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.rules.paths import Path, ends

Detector = Literal[
    "no_progress", "bad_numbers", "answer_rate", "short_calls", "workplace_audio", "crm_silence", "efficiency_drop"
]


@dataclass(frozen=True, slots=True)
class Signal:
    """One look at a window. ``well`` is the leaving limit, ``worse`` whether its newest bin still shows the fault.

    Args:
        since: when the fault began, as far as the window shows.
        weight: log-likelihood of the newest bin, the fault against the usual; where answers are few, ``worse`` of one bin
            is chance, and the fault ends where the sum of these is highest.
    """

    bad: bool
    well: bool
    worse: bool
    since: datetime
    evidence: dict[str, Any]
    weight: float | None = None


QUIET: Final = Signal(False, False, False, datetime.min.replace(tzinfo=UTC), {})
"""A window that nobody needs to look at: traffic enough, nothing bad, and no finding that could end with it."""


@dataclass(frozen=True, slots=True)
class Prospects:
    """Of the windows that end with each bin of the day: which hold traffic enough, and which of them could be bad.

    ``bad`` may hold more than are; rounding is on the safe side (SLACK).
    """

    enough: NDArray[np.bool_]
    bad: NDArray[np.bool_]


SLACK: Final = 1 + 1e-6
FALL: Final = 2.0
"""So far the sum of weights falls while a finding is open: two bad calls outweigh the good ones between them, one does not."""


@dataclass(slots=True)
class Finding:
    detector: Detector
    path: Path
    since: datetime
    fired_at: datetime
    last_bad: datetime
    evidence: dict[str, Any]
    resolved_at: datetime | None = None
    by_day: bool = False
    same_traffic: tuple[Path, ...] = ()
    weight: tuple[float, float] = (0.0, 0.0)
    """Sum of the weights since it fired, and the highest it has been."""

    def until(self, now: datetime) -> datetime:
        """End of what was lost to it: the end of the last bin that showed it."""
        return min(self.last_bad, now)


@dataclass(slots=True)
class Watch:
    """Fold of one detector on one path. ``enter`` and ``leave``: (so many, of the last so many windows)."""

    detector: Detector
    path: Path
    enter: tuple[int, int] = (1, 1)
    leave: tuple[int, int] = (2, 3)
    open: Finding | None = None
    closed: list[Finding] = field(default_factory=list)
    _bad: deque[Signal] = field(default_factory=deque)
    _well: deque[bool] = field(default_factory=deque)

    @property
    def findings(self) -> list[Finding]:
        return [*self.closed, *([self.open] if self.open else [])]

    def look(self, number: int, signal: Signal | None) -> None:
        """Take the window that ends with bin *number*; None when its traffic is too thin to say anything."""
        if signal is None:
            return
        if self.open is None:
            self._enter(number, signal)
            return
        self._still_bad(self.open, number, signal)
        self._well.append(signal.well)
        while len(self._well) > self.leave[1]:
            self._well.popleft()
        if sum(self._well) >= self.leave[0] and signal.well:
            self.open.resolved_at = ends(number)
            self._close()

    def _still_bad(self, found: Finding, number: int, signal: Signal) -> None:
        if signal.weight is None:
            still = signal.worse
        else:
            highest = found.weight[1]
            total = max(found.weight[0] + signal.weight, highest - FALL)
            still = total >= highest
            found.weight = total, max(total, highest)
        if still:
            found.last_bad = ends(number)

    def _enter(self, number: int, signal: Signal) -> None:
        self._bad.append(signal)
        while len(self._bad) > self.enter[1]:
            self._bad.popleft()
        if not signal.bad or sum(one.bad for one in self._bad) < self.enter[0]:
            return
        since = min(one.since for one in self._bad if one.bad)
        evidence = {**signal.evidence, "since": since.astimezone(UTC).isoformat()}
        self.open = Finding(self.detector, self.path, since, ends(number), ends(number), evidence)

    def close_day(self, over: datetime) -> None:
        """What is still open when the working day is over is closed, never before it was found."""
        if self.open is not None:
            self.open.resolved_at, self.open.by_day = max(over, self.open.fired_at), True
            self._close()

    def _close(self) -> None:
        if self.open is not None:
            self.closed.append(self.open)
        self.open = None
        self._bad.clear()
        self._well.clear()


def window_of(first: int, last: int) -> dict[str, str]:
    """Evidence: the window ``(from, until]``, UTC."""
    return {"window_from": ends(first - 1).isoformat(), "window_until": ends(last).isoformat()}
