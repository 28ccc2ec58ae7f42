"""The Lines page: every line and source with its state in a word."""

from collections.abc import Container
from dataclasses import dataclass

from schemas.floor import SourceConfig
from schemas.providers import guides
from schemas.sources import BOARD
from services.board.storage.sources import LineCount, SourceCount
from services.board.today import Today
from services.board.view.floor import source_states
from services.board.words import Words

TONES = {
    "ok": "ok",
    "failing": "technical",
    "recovering": "soft",
    "no_data": "quiet",
    "silent": "technical",
    "quiet": "quiet",
    "unset": "hard",
}


@dataclass(frozen=True, slots=True)
class LineShown:
    count: LineCount
    state: str
    tone: str
    ratio: float


@dataclass(frozen=True, slots=True)
class SourceShown:
    config: SourceConfig | None
    id: str
    title: str
    """The provider, as its own page calls it; what came from the board itself is named so."""
    count: SourceCount | None
    state: str
    tone: str
    feeds: str


@dataclass(frozen=True, slots=True)
class LinesView:
    lines: list[LineShown]
    sources: list[SourceShown]
    minutes: int


def line_state(today: Today, line: str) -> str:
    """ok without an open alert about the line; else failing, recovering or no_data, as the detector says."""
    found = next(
        (
            alert
            for alert in today.alerts
            if alert.open and (alert.row.scope == f"line:{line}" or alert.row.evidence.get("line") == line)
        ),
        None,
    )
    if found is None:
        return "ok"
    phase = found.row.evidence.get("phase")
    return phase if phase in ("recovering", "no_data") else "failing"


def lines_view(today: Today, w: Words, lacking: Container[str] = ()) -> LinesView:
    """*lacking*: sources that accept nothing, for want of a secret."""
    states = source_states(today)
    counts = {one.source: one for one in today.sources}
    known = list(today.floor.source_by_id) + sorted(set(counts) - set(today.floor.source_by_id))
    return LinesView(
        lines=[_line(today, one) for one in today.lines],
        sources=[
            _source(today, id_, counts.get(id_), "unset" if id_ in lacking else states.get(id_, "ok"), w)
            for id_ in known
        ],
        minutes=max(1, round(today.floor.outages.line_failure.window_s / 60)),
    )


def _line(today: Today, count: LineCount) -> LineShown:
    state = line_state(today, count.line)
    return LineShown(count, state, TONES[state], count.failures / count.attempts if count.attempts else 0.0)


def _source(today: Today, id_: str, count: SourceCount | None, state: str, w: Words) -> SourceShown:
    config = today.floor.source_by_id.get(id_)
    feeds = ", ".join(w(f"feed.{feed}") for feed in config.feeds) if config else ""
    return SourceShown(config, id_, _title(id_, config, w), count, state, TONES[state], feeds)


def _title(id_: str, config: SourceConfig | None, w: Words) -> str:
    if config is None:
        return w("lines.of_board") if id_ == BOARD else ""
    guide, key = guides().get(config.provider), f"provider.{config.provider}"
    return w(key) if w.has(key) else guide.title if guide else config.provider
