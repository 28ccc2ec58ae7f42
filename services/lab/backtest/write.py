"""Writes the rows of a back-test: one NDJSON file a kind, the same bytes for the same facts."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from schemas.rows import encode_row
from services.lab.backtest.run import Result


def write(result: Result, out: Path) -> dict[str, int]:
    """Write ``slices``, ``tasks``, ``coaching``, their revisions, and ``alerts`` into *out* (made if missing); rows per file."""
    out.mkdir(parents=True, exist_ok=True)
    files: dict[str, Iterable[msgspec.Struct]] = {
        "slices.ndjson": result.slices,
        "tasks.ndjson": result.tasks,
        "coaching.ndjson": result.coaching,
        "alerts.ndjson": result.alerts,
        "slice_revisions.ndjson": result.slice_revisions,
        "task_revisions.ndjson": result.task_revisions,
        "coaching_revisions.ndjson": result.coaching_revisions,
    }
    counts = {}
    for name, rows in files.items():
        lines = [encode_row(row) + b"\n" for row in rows]
        (out / name).write_bytes(b"".join(lines))
        counts[name] = len(lines)
    return counts
