"""A token bucket per source."""


class Bucket:
    """Lets *rate* requests a second through, and one second's worth at once. Time comes in as an argument (seconds)."""

    __slots__ = ("_at", "_capacity", "_rate", "_tokens")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._capacity = max(1.0, rate)
        self._tokens = self._capacity
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """0 when the request may pass (its token is taken), else the seconds until one may."""
        if self._at is not None:
            self._tokens = min(self._capacity, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate
