"""What is in question beside a frozen row, in words."""

from dataclasses import dataclass
from typing import Any

from schemas.rows import SliceRevisionRow, SliceRow
from services.board.words import Words


@dataclass(frozen=True, slots=True)
class Questioned:
    """``short`` stands beside the row, ``whole`` says why."""

    short: str
    whole: str


def questioned(row: SliceRow, now: SliceRevisionRow | None, w: Words) -> Questioned | None:
    """None where the row stands."""
    if now is None or now.target is None:
        return None
    level = w(f"level.{now.level}")
    numbers: dict[str, Any] = {"done": w.num(row.done), "target": w.due(now.target)}
    short = w("revision.now", level=level) if now.level != row.level else w("revision.target", **numbers)
    return Questioned(short, w("revision.whole", why=why(now, w), level=level, **numbers))


def why(now: SliceRevisionRow, w: Words) -> str:
    if now.reason == "technical":
        return w("revision.technical", n=round(now.technical_min))
    return w(f"revision.{now.reason}")
