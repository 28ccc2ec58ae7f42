"""Legs of calls that continue each other are one call, whichever of them has news."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.ingest.providers.base import HAS_PART, PART_OF, Leg
from services.ingest.storage import legs
from services.ingest.storage.legs import Known, whole

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
A, B, C = ("src", "a"), ("src", "b"), ("src", "c")


def leg(call: str, name: str, **data: str) -> Leg:
    return Leg(call, name, data)


def known(**calls: list[Leg]) -> dict[legs.Call, Known]:
    return {("src", name): Known(told, AT, ("src", name)) for name, told in calls.items()}


class Table:
    """The table ``legs`` as far as ``keep`` asks it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], tuple[str, datetime]] = {}
        self.locked: list[list[str]] = []

    async def execute(self, sql: str, *columns: Sequence[Any]) -> None:
        if "pg_advisory" in sql:
            self.locked.append(list(columns[1]))
            return
        for source, call, name, data, at in zip(*columns, strict=True):
            self.rows[source, call, name] = (data, at)

    async def fetch(self, sql: str, sources: Sequence[str], calls: Sequence[str]) -> list[tuple[Any, ...]]:
        wanted = set(zip(sources, calls, strict=True))
        return [(*key, *row) for key, row in sorted(self.rows.items()) if key[:2] in wanted]


def test_calls_without_links_stand_alone() -> None:
    """Each by its own id."""
    found = whole(known(a=[leg("a", "1")], b=[leg("b", "1")]), [A, B])
    assert {call: [one.call for one in all_.legs] for call, all_ in found.items()} == {A: ["a"], B: ["b"]}


def test_a_chain_is_the_first_call() -> None:
    """A is continued by B, and B by C: news of any of them is news of A, and holds all legs."""
    all_ = known(
        a=[leg("a", "1"), leg("a", "to", **{HAS_PART: "b"})],
        b=[leg("b", "of", **{PART_OF: "a"}), leg("b", "to", **{HAS_PART: "c"})],
        c=[leg("c", "of", **{PART_OF: "b"}), leg("c", "1")],
    )
    for touched in (A, B, C):
        found = whole(all_, [touched])
        assert list(found) == [A]
        assert sorted(one.call for one in found[A].legs) == ["a", "a", "b", "b", "c", "c"]
        assert found[A].arrived == touched


def test_calls_that_continue_each_other_end() -> None:
    """A circle is one call too."""
    circle = known(
        a=[leg("a", "of", **{PART_OF: "b"}), leg("a", "to", **{HAS_PART: "b"})],
        b=[leg("b", "of", **{PART_OF: "a"}), leg("b", "to", **{HAS_PART: "a"})],
    )
    assert [len(all_.legs) for all_ in whole(circle, [A]).values()] == [4]


async def test_news_of_a_part_brings_the_legs_of_the_first_call() -> None:
    """The link came in a request of its own; later the part is told; the first call is read and locked beside it."""
    table = Table()
    await legs.keep(table, [("src", leg("a", "1"), AT)])
    await legs.keep(
        table, [("src", leg("a", "to", **{HAS_PART: "b"}), AT), ("src", leg("b", "of", **{PART_OF: "a"}), AT)]
    )
    found = await legs.keep(table, [("src", leg("b", "1"), AT + timedelta(minutes=1))])
    assert list(found) == [A]
    assert sorted((one.call, one.leg) for one in found[A].legs) == [("a", "1"), ("a", "to"), ("b", "1"), ("b", "of")]
    assert (found[A].received_at, found[A].arrived) == (AT + timedelta(minutes=1), B)
    assert table.locked[-2:] == [["b"], ["a"]]


async def test_a_link_to_a_call_nobody_told_of() -> None:
    """What is there is kept; the same leg again replaces the earlier one."""
    table = Table()
    found = await legs.keep(table, [("src", leg("b", "of", **{PART_OF: "a"}), AT), ("src", leg("b", "1", n="1"), AT)])
    assert [one.leg for one in found[A].legs] == ["1", "of"]
    found = await legs.keep(table, [("src", leg("a", "to", **{HAS_PART: "b"}), AT), ("src", leg("b", "1", n="2"), AT)])
    assert {one.leg: one.data for one in found[A].legs}["1"] == {"n": "2"}
    assert json.loads(table.rows["src", "b", "1"][0]) == {"n": "2"}
