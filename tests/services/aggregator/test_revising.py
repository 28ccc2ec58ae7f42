"""Technical time that becomes known after slices were frozen: revisions from PostgreSQL equal those of the back-test."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from schemas.facts import Fact
from schemas.floor import parse
from schemas.rows import derived_id
from services.aggregator.closing.revising import Revising
from services.aggregator.live.floors import Floors
from services.aggregator.storage.line_days import LineDays
from services.kit.clock import Clock
from services.lab.backtest.read import read
from services.lab.backtest.run import Result
from services.lab.backtest.run import run as backtest
from tests.services.aggregator.feeding import PARTITIONS, floor_text, state, store
from tests.services.aggregator.test_closing import (
    APPLIED,
    a_plain_day,
    at,
    close_the_day,
    closer,
    facts_file,
    rows_of,
    with_pool,
)

pytestmark = pytest.mark.integration
__all__ = ["facts_file"]
FLOOR = parse(floor_text(agents=10, zone="Europe/Moscow", more="judgement: {task_budget_share: null}"))


def came(fact: Fact, received_at: datetime) -> Fact:
    return msgspec.structs.replace(fact, received_at=received_at)


def told_late() -> list[Fact]:
    """a0 and a2 hardly dial. From 11:10 to 12:10 both stood still, which is known at half past one and at five."""
    return [
        *a_plain_day(),
        came(state("a0", at(11, 10), "technical"), at(13, 30)),
        came(state("a0", at(12, 10), "available"), at(13, 30)),
        came(state("a2", at(11, 10), "technical"), at(17)),
        came(state("a2", at(12, 10), "available"), at(17)),
    ]


def looking(pool: Any, now: datetime) -> Revising:
    clock = Clock(now, 1.0, time.time())
    return Revising(pool, clock, Floors(lambda: [(1, APPLIED, FLOOR)], clock.now), LineDays(pool, PARTITIONS))


def told(rows: Sequence[Any], *names: str) -> list[tuple[Any, ...]]:
    """Of rows of a table or of a back-test, in one order."""
    values = [[row[name] if isinstance(row, dict) else getattr(row, name) for name in names] for row in rows]
    shown = [tuple(one.astimezone(UTC) if isinstance(one, datetime) else one for one in own) for own in values]
    return sorted(shown, key=repr)


SLICE = ("slice", "agent", "step", "target", "index", "p_below", "level", "technical_min", "reason")


def test_live_revisions_equal_the_back_test(
    postgres_dsn: str,
    facts_file: Callable[[list[Fact]], Any],
) -> None:
    """Known before the second failure: no case. Known after it: the case is marked. Both as in a back-test, row by row."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, told_late(), FLOOR)
        await close_the_day(pool, FLOOR)
        frozen = await rows_of(pool, "slices", "cut_off, agent, step")
        one = looking(pool, at(18, 5))
        added = [await one.look(), await one.look(), await looking(pool, at(18, 6)).look()]
        assert await rows_of(pool, "slices", "cut_off, agent, step") == frozen
        return added, {
            table: await rows_of(pool, table, "1")
            for table in ("slices", "tasks", "coaching", "slice_revisions", "task_revisions", "coaching_revisions")
        }

    added, live = with_pool(postgres_dsn, story)
    expected: Result = backtest(FLOOR, read(facts_file(told_late()), FLOOR))
    judged = ("date", "slice", "agent", "step", "done", "target", "index", "p_below", "level", "trusted")
    assert told(live["slices"], *judged) == told(expected.slices, *judged)
    own = ("agent", "step", "opened", "target", "verified", "result")
    assert told(live["tasks"], *own) == told(expected.tasks, *own)
    assert told(live["coaching"], "agent", "step", "reason") == told(expected.coaching, "agent", "step", "reason")
    assert [row["agent"] for row in live["coaching"] if row["opened"] == at(16)] == ["a2"]
    assert told(live["slice_revisions"], *SLICE) == told(expected.slice_revisions, *SLICE)
    assert {(row["agent"], row["slice"]) for row in live["slice_revisions"] if row["reason"] == "technical"} == {
        ("a0", "13:00"), ("a2", "13:00"), ("a2", "16:00")
    }  # fmt: skip
    assert told(live["task_revisions"], "result", "technical_min") == told(
        expected.task_revisions, "result", "technical_min"
    )
    assert {str(row["task"]) for row in live["task_revisions"]} == {row.task for row in expected.task_revisions}
    assert {(row["result"], row["technical_min"]) for row in live["task_revisions"]} == {("invalidated", 60.0)}
    assert [(row["stands"], row["reason"]) for row in live["coaching_revisions"]] == [(False, "technical")]
    assert [(row.agent, row.stands) for row in expected.coaching_revisions] == [("a2", False)]
    assert added[0] == sum(len(live[f"{name}_revisions"]) for name in ("slice", "task", "coaching"))
    assert added[1:] == [0, 0], "said once, also by another worker"


def test_a_persons_verdict_is_reckoned_with_and_can_be_taken_back(postgres_dsn: str) -> None:
    """After the day is over somebody says that a0's morning was technical; then corrects it. Each is said, in order."""

    async def speak(pool: Any, until: datetime) -> None:
        await pool.execute(
            "INSERT INTO technical (id, alert, agent, started_at, ended_at, origin) VALUES ($1, $1, 'a0', $2, $3, 'person') "
            "ON CONFLICT (id) DO UPDATE SET ended_at = EXCLUDED.ended_at",
            *(derived_id("said"), at(11), until),
        )

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_plain_day(), FLOOR)
        await close_the_day(pool, FLOOR)
        one = looking(pool, at(24 + 9))
        assert await one.look() == 0
        await speak(pool, at(12))
        first = await one.look()
        await speak(pool, at(11, 1))
        second = await one.look()
        return (
            first,
            second,
            await rows_of(pool, "task_revisions", "id"),
            await rows_of(pool, "coaching_revisions", "id"),
        )

    first, second, tasks, cases = with_pool(postgres_dsn, story)
    assert first
    assert second
    assert [(row["result"], row["technical_min"], row["reason"]) for row in tasks] == [
        ("invalidated", 60.0, "technical"),
        ("not_done", 0.0, "withdrawn"),
    ]
    assert [(row["stands"], row["reason"]) for row in cases] == [(False, "technical"), (True, "withdrawn")]


def test_the_close_itself_counts_no_failure_in_technical_time(postgres_dsn: str) -> None:
    """A person speaks between two closes: the second failure is the first one, and nobody comes to the trainer."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_plain_day(), FLOOR)
        assert await closer(pool, at(11, 3, 3.5), FLOOR).close_due() == 1
        assert await closer(pool, at(13, 3, 3.5), FLOOR).close_due() == 1
        await pool.execute(
            "INSERT INTO technical (id, alert, agent, started_at, ended_at, origin) VALUES ($1, $1, 'a0', $2, $3, 'person')",
            *(derived_id("said"), at(11), at(12)),
        )
        assert await closer(pool, at(16, 3, 3.5), FLOOR).close_due() == 1
        return await rows_of(pool, "tasks", "opened, agent"), await rows_of(pool, "coaching", "agent")

    tasks, coaching = with_pool(postgres_dsn, story)
    failed = [(row["agent"], row["verified"]) for row in tasks if row["result"] == "not_done"]
    assert {("a0", at(13)), ("a0", at(16)), ("a2", at(13)), ("a2", at(16))} <= set(failed)
    assert [row["agent"] for row in coaching] == ["a2"]
    assert json.loads(tasks[0]["evidence"])["verified"]["technical_min"] == 0


def test_a_task_is_lifted_for_good_when_its_morning_is_found_technical(postgres_dsn: str) -> None:
    """a0's task of eleven has lost its ground by one, is lifted, and stays so when the verdict is taken back."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_plain_day(), FLOOR)
        assert await closer(pool, at(11, 3, 3.5), FLOOR).close_due() == 1
        await pool.execute(
            "INSERT INTO technical (id, alert, agent, started_at, ended_at, origin) VALUES ($1, $1, 'a0', $2, $3, 'person')",
            *(derived_id("said"), at(9), at(11)),
        )
        assert await closer(pool, at(13, 3, 3.5), FLOOR).close_due() == 1
        lifted = await rows_of(pool, "tasks", "opened, agent")
        await pool.execute("DELETE FROM technical")
        assert await closer(pool, at(16, 3, 3.5), FLOOR).close_due() == 1
        await looking(pool, at(16, 10)).look()
        return lifted, await rows_of(pool, "tasks", "opened, agent"), await rows_of(pool, "task_revisions", "id")

    before, after, revised = with_pool(postgres_dsn, story)
    (first,) = [row for row in before if (row["agent"], row["opened"]) == ("a0", at(11))]
    assert (first["result"], first["verified"]) == ("invalidated", at(13))
    ground = json.loads(first["evidence"])["verified"]["ground"]
    assert (ground["slice"], ground["target"], ground["technical_min"]) == ("11:00", 0.0, 120.0)
    assert [row["result"] for row in before if (row["agent"], row["opened"]) == ("a2", at(11))] == ["not_done"]
    assert [row for row in after if row["task"] == first["task"]] == [first]
    assert first["task"] not in {row["task"] for row in revised}


def test_a_case_is_lifted_with_what_opened_it(postgres_dsn: str) -> None:
    """Opened at four; at five somebody says that the first failure was in technical time. At six it is none."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_plain_day(), FLOOR)
        for clock in (at(11, 3, 3.5), at(13, 3, 3.5), at(16, 3, 3.5)):
            assert await closer(pool, clock, FLOOR).close_due() == 1
        opened = await rows_of(pool, "coaching", "opened, agent")
        await pool.execute(
            "INSERT INTO technical (id, alert, agent, started_at, ended_at, origin) VALUES ($1, $1, 'a0', $2, $3, 'person')",
            *(derived_id("said"), at(11), at(12)),
        )
        assert await closer(pool, at(18, 3, 3.5), FLOOR).close_due() == 1
        return opened, await rows_of(pool, "coaching", "opened, agent")

    opened, after = with_pool(postgres_dsn, story)
    assert {(row["agent"], row["lifted"]) for row in opened} == {("a0", None), ("a2", None)}
    assert {(row["agent"], row["opened"], row["lifted"]) for row in after if row["opened"] == at(16)} == {
        ("a0", at(16), at(18)),
        ("a2", at(16), None),
    }
