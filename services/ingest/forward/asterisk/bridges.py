"""When each channel was in a bridge: told together with its end, so that a menu's or a queue's time is no talk."""

from typing import Final

MOST_CHANNELS: Final = 20_000
MOST_SPANS: Final = 20


class Bridges:
    def __init__(self) -> None:
        self._spans: dict[str, list[list[float | None]]] = {}

    def entered(self, channel: str, at: float) -> None:
        spans = self._spans.setdefault(channel, [])
        if (not spans or spans[-1][1] is not None) and len(spans) < MOST_SPANS:
            spans.append([at, None])
        if len(self._spans) > MOST_CHANNELS:  # channels whose end was missed
            del self._spans[next(iter(self._spans))]

    def left(self, channel: str, at: float) -> None:
        spans = self._spans.get(channel)
        if spans and spans[-1][1] is None:
            spans[-1][1] = at

    def ended(self, channel: str, at: float) -> str | None:
        """``1769150411.200-1769150491.700,…``, or None when the channel was never seen in a bridge."""
        spans = self._spans.pop(channel, [])
        return ",".join(f"{start:.3f}-{at if end is None else end:.3f}" for start, end in spans) or None

    def forget(self) -> None:
        """After a gap in the events nothing is known for certain."""
        self._spans.clear()
