"""Time as an agent lives it: the minutes at work, laid end to end over all simulated days."""

from dataclasses import dataclass

from services.rules.spans import Spans


@dataclass(frozen=True, slots=True)
class Axis:
    """Position 0 is the start of the first span; positions and spans are in seconds."""

    spans: Spans

    @property
    def length(self) -> float:
        return sum(end - start for start, end in self.spans)

    def position(self, instant: float) -> float:
        """Seconds at work before *instant* (Unix seconds)."""
        return sum(min(end, instant) - start for start, end in self.spans if start < instant)

    def instant(self, position: float) -> float | None:
        """The Unix second at *position*; None before the first day and after the last."""
        if position < 0:
            return None
        for start, end in self.spans:
            if position < end - start:
                return start + position
            position -= end - start
        return None
