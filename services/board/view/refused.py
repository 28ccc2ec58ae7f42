"""What stands in the way of a source's webhooks: why they are turned away, and what is missing to read thin ones back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.floor import SourceConfig
from schemas.providers import guides
from services.board.storage.intake import TurnedAway
from services.board.words import Words


@dataclass(frozen=True, slots=True)
class RefusedShown:
    """``why``: ingest's own words, a technical detail; ``over``: webhooks were accepted since."""

    count: int
    last_at: datetime
    said: str
    why: str
    over: bool


def refused_shown(
    found: Sequence[TurnedAway], config: SourceConfig, heard_at: datetime | None, w: Words
) -> list[RefusedShown]:
    """In the order given: the latest first."""
    return [
        RefusedShown(
            one.count, one.last_at, _said(one, config, w), one.why, heard_at is not None and heard_at > one.last_at
        )
        for one in found
    ]


def _said(one: TurnedAway, config: SourceConfig, w: Words) -> str:
    key = f"refused.{one.reason}" if one.reason.endswith("_signature") else f"refused.{one.outcome}"
    if one.outcome == "rate":
        return w(key, rate=f"{config.rate_per_s:g}")
    if one.reason == "bad_signature" and (names := _variables(config)):
        return f"{w(key)} ({', '.join(names)})"
    return w(key)


def _variables(config: SourceConfig) -> list[str]:
    given = (one if isinstance(one, tuple) else (one,) for one in config.secrets.values())
    return [reference.env for references in given for reference in references]


def lacking(config: SourceConfig) -> tuple[str, ...]:
    """Secrets that the floor file does not give, and without which nothing that an event only names is read back."""
    guide = guides().get(config.provider)
    return tuple(name for name in guide.reads_back_with if name not in config.secrets) if guide else ()
