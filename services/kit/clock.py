"""The clock every service reads. ``SREZ_CLOCK=<ISO instant>[@rate]`` gives it a start and a speed (DESIGN §10).

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
    """``now() = start + (real time − anchor) · rate``. Without a start it is the real clock."""

    start: datetime | None = None
    rate: float = 1.0
    anchor: float = 0.0

    @classmethod
    def from_environment(cls) -> "Clock":
        """Reads SREZ_CLOCK, and SREZ_CLOCK_ANCHOR (Unix seconds) so that several processes share one virtual time."""
        return cls.parse(os.environ.get("SREZ_CLOCK", ""), os.environ.get("SREZ_CLOCK_ANCHOR"))

    @classmethod
    def parse(cls, text: str, anchor: str | None = None) -> "Clock":
        """Raises: Misconfigured."""
        if not text:
            return cls()
        instant, _, rate = text.partition("@")
        try:
            start = datetime.fromisoformat(instant)
            speed = float(rate) if rate else 1.0
            since = float(anchor) if anchor else time.time()
        except ValueError as error:
            raise Misconfigured(f"SREZ_CLOCK={text!r} is not <ISO instant>[@rate]: {error}") from error
        if start.tzinfo is None:
            raise Misconfigured(f"SREZ_CLOCK={text!r} needs an offset, such as 2026-11-23T08:55:00+03:00@60")
        if speed <= 0:
            raise Misconfigured(f"SREZ_CLOCK={text!r}: the rate must be above 0")
        return cls(start.astimezone(UTC), speed, since)

    def now(self) -> datetime:
        """Aware UTC, in the floor's (possibly virtual) time."""
        if self.start is None:
            return datetime.now(UTC)
        return self.start + timedelta(seconds=(time.time() - self.anchor) * self.rate)

    def real(self) -> datetime:
        """The machine's time, for peers outside the simulation (signature tolerance, leases)."""
        return datetime.now(UTC)

    def allow(self, real_s: float) -> timedelta:
        """A span of the floor's time that lasts *real_s* real seconds."""
        return timedelta(seconds=real_s * self.rate)

    def real_seconds_until(self, instant: datetime) -> float:
        """Real seconds to wait until *instant* of the floor's time; 0 when it has passed."""
        return max(0.0, (instant - self.now()).total_seconds() / self.rate)

    async def sleep_until(self, instant: datetime) -> None:
        await asyncio.sleep(self.real_seconds_until(instant))
