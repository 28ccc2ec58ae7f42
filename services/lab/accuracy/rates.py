"""Shares of chance outcomes, and whether a known value could have given them."""

from math import sqrt
from typing import Final

import msgspec
from scipy.special import gammaincinv, ndtri

CONFIDENCE: Final = 0.999
"""Of every interval: of a dozen comparisons with a right value, one fails in about a hundred seeds."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """``hits`` of ``of``, and Wilson's interval. ``units``: how many of ``of`` are independent (days, not slices)."""

    share: float
    low: float
    high: float
    hits: int
    of: int

    @classmethod
    def count(cls, hits: int, of: int, units: int | None = None) -> "Share":
        """
        Args:
            units: independent observations; fewer than *of* where several belong together. The interval is theirs:
                never too narrow, however much those that belong together resemble each other.
        """
        if not of:
            return cls(share=0.0, low=0.0, high=1.0, hits=0, of=0)
        low, high = wilson(hits / of, of if units is None else units)
        return cls(share=hits / of, low=low, high=high, hits=hits, of=of)

    def __str__(self) -> str:
        """In percent."""
        return f"{100 * self.share:.1f} ({100 * self.low:.1f}–{100 * self.high:.1f})"


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Mean number of slices to an alarm; None where none came. The interval is that of waits as uneven as exponential ones:
    those of a cumulative sum are no more uneven, so it is never too narrow.
    """

    mean: float | None
    low: float
    high: float | None
    slices: int
    alarms: int

    @classmethod
    def count(cls, slices: int, alarms: int) -> "Wait":
        tail = (1 - CONFIDENCE) / 2
        most = float(gammaincinv(alarms + 1, 1 - tail))
        least = float(gammaincinv(alarms, tail)) if alarms else 0.0
        return cls(
            mean=slices / alarms if alarms else None,
            low=slices / most,
            high=slices / least if least else None,
            slices=slices,
            alarms=alarms,
        )

    def __str__(self) -> str:
        """In slices."""
        if self.mean is None or self.high is None:
            return f"> {self.low:.0f}"
        digits = 0 if self.mean >= 100 else 1
        return f"{self.mean:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"

    def per(self, slices: int) -> str:
        """Alarms in so many slices."""
        return f"{slices * self.alarms / self.slices:.2f} (≤ {slices / self.low:.2f})" if self.slices else ""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is known, to its last digit: from ``low`` to ``high``; ``text`` in percent."""

    low: float
    high: float
    text: str

    def agrees(self, with_: Share) -> bool:
        return self.low <= with_.high and with_.low <= self.high


def about(digit: float, low: float, high: float | None = None) -> Expected:
    """A value, or the two ends of a range, good to *digit*: about(0.01, 0.83) is 82.5–83.5 %."""
    top = low if high is None else high
    text = f"{100 * low:g}" if high is None else f"{100 * low:g}–{100 * top:g}"
    return Expected(low=low - digit / 2, high=top + digit / 2, text=text)


def at_most(share: float) -> Expected:
    """Anything up to *share*."""
    return Expected(low=0.0, high=share, text=f"≤ {100 * share:g}")


def wilson(share: float, of: int) -> tuple[float, float]:
    z = float(ndtri((1 + CONFIDENCE) / 2))
    middle = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)
