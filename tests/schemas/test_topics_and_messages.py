"""Topics, keys, messages and rows: what other processes rely on."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import messages
from schemas.facts import Fact
from schemas.messages import AlertChanged, Dirty, FunnelChanged, LineHealth, SliceClosed
from schemas.rows import AlertRow, CoachingRow, SliceRow, TaskRow, alert_id, derived_id, encode_row
from schemas.steps import STEPS
from schemas.topics import TOPICS, key_hash, partition_of

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
GOLDEN: Mapping[str, type[msgspec.Struct]] = {
    "dirty": Dirty,
    "funnel_changed": FunnelChanged,
    "line_health": LineHealth,
    "slice_closed": SliceClosed,
    "alert_changed": AlertChanged,
}


@pytest.mark.parametrize(("name", "kind"), GOLDEN.items())
def test_every_message_has_a_golden_example(name: str, kind: type[msgspec.Struct]) -> None:
    """It decodes, every field is filled in, and it is encoded to the same object again."""
    line = (EXAMPLES / f"{name}.json").read_bytes()
    message = msgspec.json.decode(line, type=kind)
    assert list(json.loads(line)) == list(kind.__struct_fields__)
    assert json.loads(messages.encode(message)) == json.loads(line)


def test_every_example_belongs_to_a_message() -> None:
    """Facts are checked beside; everything else is in the table above."""
    assert {file.stem for file in EXAMPLES.glob("*.json") if not file.stem.startswith("srez.")} == set(GOLDEN)


def test_topics_are_declared_once_and_whole() -> None:
    """Names are unique and versioned; each carries a message that exists and has a producer, a consumer, a retention."""
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    known = {f"schemas.messages.{kind.__name__}" for kind in GOLDEN.values()} | {f"schemas.facts.{Fact.__name__}"}
    for topic in TOPICS:
        assert topic.name.startswith("srez.")
        assert topic.name.endswith(".v1")
        assert topic.key
        assert topic.producer
        assert topic.consumers
        assert topic.retention_h > 0
        assert topic.partitions > 0
        assert topic.message == "the raw request" or set(topic.message.split(" or ")) <= known
    carried = {part for topic in TOPICS for part in topic.message.split(" or ")}
    assert known <= carried


@pytest.mark.parametrize(
    ("key", "hashed", "of_4", "of_12"),
    [("ivan", 1643800014, 2, 6), ("mango-main:222", 540002949, 1, 9), ("", 0, 0, 0), ("Мария", 1458269295, 3, 3)],
)
def test_partitions_never_move(key: str, hashed: int, of_4: int, of_12: int) -> None:
    """Golden numbers: key_hash stands in the facts table, and loaders filter by it."""
    assert (key_hash(key), partition_of(key, 4), partition_of(key, 12)) == (hashed, of_4, of_12)


@given(st.text(max_size=50), st.integers(1, 64))
def test_partitions_are_in_range(key: str, partitions: int) -> None:
    """Every key has a partition, and its hash fits PostgreSQL's integer."""
    assert 0 <= partition_of(key, partitions) < partitions
    assert 0 <= key_hash(key) < 2**31


def test_keys_spread_over_partitions() -> None:
    """A thousand agents on four partitions: none has less than a fifth or more than a third."""
    counts = [0] * 4
    for n in range(1000):
        counts[partition_of(f"agent-{n}", 4)] += 1
    assert min(counts) >= 200
    assert max(counts) <= 333


def test_the_steps_and_their_order() -> None:
    """The funnel from top to bottom."""
    assert STEPS == ("calls", "answered", "long_calls", "presentations", "invoices", "payments")


def test_derived_ids_never_change() -> None:
    """The same task, case or alert has the same id live, after a restart and in a back-test, in whatever time zone."""
    assert derived_id("task", "2026-11-23", "11:00", "ivan", "calls") == "15545693-47b8-572c-a8c0-b8c6f2feeeaf"
    utc = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    moscow = utc.astimezone(timezone(timedelta(hours=3)))
    assert alert_id("line_failure", "line:a", utc) == alert_id("line_failure", "line:a", moscow)
    assert alert_id("line_failure", "line:a", utc) != alert_id("line_failure", "line:b", utc)


def test_rows_are_the_objects_that_design_names() -> None:
    """Keys, in their order; what is still open is left out of tasks and alerts, and never out of slices."""
    on, at = date(2026, 11, 23), datetime(2026, 11, 23, 11, tzinfo=timezone(timedelta(hours=3)))
    slice_ = SliceRow(
        date=on, slice="11:00", agent="ivan", team="hunters", step="calls", done=1, in_slice=1, target=None, index=None,
        p_below=None, level="not_enough_data", trusted=True,
    )  # fmt: skip
    task = TaskRow(task="t", date=on, agent="ivan", team="hunters", step="calls", opened=at, target=20)
    case = CoachingRow(date=on, agent="ivan", step="calls", opened=at, reason="not_done_twice")
    alert = AlertRow(alert="a", kind="outage", verdict="line", scope="line:a", fired_at=at, evidence={})
    keys = [list(json.loads(encode_row(row))) for row in (slice_, task, case, alert)]
    assert keys == [
        [
            "date",
            "slice",
            "agent",
            "team",
            "step",
            "done",
            "in_slice",
            "target",
            "index",
            "p_below",
            "level",
            "trusted",
            "late",
        ],
        ["task", "date", "agent", "team", "step", "opened", "target"],
        ["date", "agent", "step", "opened", "reason"],
        ["alert", "kind", "verdict", "scope", "fired_at", "evidence"],
    ]
    done = msgspec.structs.replace(task, verified=at, result="done")
    assert json.loads(encode_row(done))["verified"] == "2026-11-23T11:00:00+03:00"
