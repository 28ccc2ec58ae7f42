"""What the processes of a bench tell: one line of JSON each, the last they print."""

import msgspec


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """``sent_at``: Unix seconds at which each request was *due*; only at a fixed rate."""

    accepted: int
    statuses: dict[str, int]
    seconds: float
    p50_ms: float
    p99_ms: float
    ran_out: bool
    sent_at: list[float] = []

    @property
    def per_s(self) -> float:
        return self.accepted / self.seconds if self.seconds else 0.0


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A Faust yardstick: seconds from its first event to its last, and the processor time between them."""

    events: int
    seconds: float
    cpu_s: float


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """Reading or back-testing a file."""

    seconds: float
    facts: int
    agents: int
    peak_mb: float
