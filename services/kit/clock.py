"""The clock every service reads. ``SREZ_CLOCK=<ISO instant>[@rate[/<ISO instant>]]`` gives it a start and a speed.

The second instant is where the haste ends: from there on time runs at its normal pace (DESIGN §10, the demo).

Virtual time serves the floor's day; real time serves machines. An allowance for machines (a request deadline) is
therefore stretched by the rate: ``clock.allow(3)`` is three real seconds as a span of the floor's time.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.kit.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Clock:
    """``now() = start + (real time − anchor) · rate``, at rate 1 after ``until``. Without a start the real clock."""

    start: datetime | None = None
    rate: float = 1.0
    anchor: float = 0.0
    until: datetime | None = None

    @classmethod
    def from_environment(cls) -> "Clock":
        """Reads SREZ_CLOCK, and SREZ_CLOCK_ANCHOR (Unix seconds) so that several processes share one virtual time."""
        return cls.parse(os.environ.get("SREZ_CLOCK", ""), os.environ.get("SREZ_CLOCK_ANCHOR"))

    @classmethod
    def parse(cls, text: str, anchor: str | None = None) -> "Clock":
        """Raises: Misconfigured."""
        if not text:
            return cls()
        instant, _, pace = text.partition("@")
        rate, _, end = pace.partition("/")
        try:
            start = datetime.fromisoformat(instant)
            until = datetime.fromisoformat(end) if end else None
            speed = float(rate) if rate else 1.0
            since = float(anchor) if anchor else time.time()
        except ValueError as error:
            raise Misconfigured(f"SREZ_CLOCK={text!r} is not <ISO instant>[@rate]: {error}") from error
        if start.tzinfo is None or (until is not None and until.tzinfo is None):
            raise Misconfigured(f"SREZ_CLOCK={text!r} needs an offset, such as 2026-11-23T08:55:00+03:00@60")
        if speed <= 0:
            raise Misconfigured(f"SREZ_CLOCK={text!r}: the rate must be above 0")
        return cls(start.astimezone(UTC), speed, since, until.astimezone(UTC) if until else None)

    def now(self) -> datetime:
        """Aware UTC, in the floor's (possibly virtual) time."""
        if self.start is None:
            return datetime.now(UTC)
        passed = time.time() - self.anchor
        if self.until is not None:
            hasty = (self.until - self.start).total_seconds() / self.rate
            if passed > hasty:
                return self.until + timedelta(seconds=passed - hasty)
        return self.start + timedelta(seconds=passed * self.rate)

    @property
    def haste_ends(self) -> datetime | None:
        """Where time slows to its normal pace; None when it never does, or has already."""
        return self.until if self.until is not None and self.now() < self.until else None

    @property
    def pace(self) -> float:
        """The rate in force now."""
        return self.rate if self.until is None or self.now() < self.until else 1.0

    def real(self) -> datetime:
        """The machine's time, for peers outside the simulation (signature tolerance, leases)."""
        return datetime.now(UTC)

    def allow(self, real_s: float) -> timedelta:
        """A span of the floor's time that lasts *real_s* real seconds."""
        hasty = self.until is None or self.now() < self.until
        return timedelta(seconds=real_s * self.rate if hasty else real_s)

    def real_seconds_until(self, instant: datetime) -> float:
        """Real seconds to wait until *instant* of the floor's time; 0 when it has passed."""
        now = self.now()
        turn = instant if self.until is None else min(max(self.until, now), instant)
        hasty, normal = (turn - now).total_seconds() / self.rate, (instant - turn).total_seconds()
        return max(0.0, hasty + normal)

    async def sleep_until(self, instant: datetime) -> None:
        await asyncio.sleep(self.real_seconds_until(instant))
