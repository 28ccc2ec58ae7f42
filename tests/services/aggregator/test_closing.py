"""Slices closed from PostgreSQL equal those of the back-test, row by row; a frozen slice does not change."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import msgspec
import pytest

from schemas.acts import Dismiss, Edit, TaskAct
from schemas.facts import CallEnded, Fact, encode
from schemas.floor import Floor, parse
from services.acts.tasks import Recorded, record
from services.aggregator.closing.closer import Closer
from services.aggregator.closing.late import Late
from services.aggregator.live.floors import Floors
from services.aggregator.metrics import Metrics
from services.aggregator.storage import closes
from services.aggregator.storage.line_days import LineDays
from services.aggregator.storage.path_days import PathDays
from services.kit import postgres
from services.kit.clock import Clock
from services.lab.backtest.read import read
from services.lab.backtest.run import run as backtest
from tests.services.aggregator.feeding import PARTITIONS, call, day_of_facts, event, floor_text, state, store

pytestmark = pytest.mark.integration
T = TypeVar("T")
FLOOR = parse(floor_text(agents=10, zone="Europe/Moscow"))
DATE = datetime(2026, 11, 23, tzinfo=FLOOR.zone)
APPLIED = DATE + timedelta(hours=8)


def at(hour: int, minute: int = 0, second: float = 0) -> datetime:
    return (DATE + timedelta(hours=hour, minutes=minute, seconds=second)).astimezone(UTC)


def a_day() -> list[Fact]:
    """Ten agents dial from nine to six; a0 and a2 hardly do; trunk-1 is dead from 11:30 to 12:00; some facts come late."""
    found = []
    for agent in range(10):
        lazy = agent in (0, 2)
        for number in range(20 if lazy else 75):
            minute = 9 * 60 + number * (27 if lazy else 7.2) + agent / 3
            moment = DATE + timedelta(minutes=minute)
            dead = at(11, 30) <= moment < at(12) and agent < 5
            found.append(
                call(
                    f"a{agent}",
                    moment.astimezone(UTC),
                    key=number,
                    talk_s=(620 if number % 7 == 0 else 60),
                    disposition="failed" if dead else "answered" if number % 3 else "no_answer",
                    sip=503 if dead else None,
                    line="pbx/trunk-1" if agent < 5 else "pbx/trunk-2",
                    customer=f"k1:{agent:08x}{number:08x}",
                    received_at=moment.astimezone(UTC) + timedelta(minutes=20 if number % 29 == 0 else 0, seconds=2),
                )
            )
    for agent in range(10):
        for number in range(4 if agent not in (0, 2) else 1):
            found.append(event("srez.presentation.made.v1", f"a{agent}", at(10 + 2 * number, agent), key=number))
            found.append(event("srez.invoice.issued.v1", f"a{agent}", at(10 + 2 * number, 30 + agent), key=number))
    found.append(state("a3", at(14, 30), "technical"))
    found.append(state("a3", at(15, 30), "available"))
    return found


def with_pool(dsn: str, work: Callable[[Any], Awaitable[T]]) -> T:
    async def inside() -> T:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(inside())


def closer(pool: Any, now: datetime, on: Floor = FLOOR, applied: datetime = APPLIED) -> Closer:
    clock = Clock(now, 1.0, time.time())
    floors = Floors(lambda: [(1, applied, on)], clock.now)
    return Closer(pool, clock, floors, LineDays(pool, PARTITIONS), lambda: None)


async def close_the_day(pool: Any, on: Floor = FLOOR) -> None:
    for hour in (11, 13, 16, 18):
        assert await closer(pool, at(hour, 3, 3.5), on).close_due() == 1


async def rows_of(pool: Any, table: str, order: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(f"SELECT * FROM {table} ORDER BY {order}")]


@pytest.fixture
def facts_file(tmp_path: Any) -> Callable[[list[Fact]], Any]:
    def written(found: list[Fact]) -> Any:
        path = tmp_path / "facts.ndjson"
        path.write_bytes(b"\n".join(map(encode, found)) + b"\n")
        return path

    return written


def test_what_is_usual_is_learned_before_the_cut_off(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes before a cut-off, not at nine; the close then asks nothing of the weeks before."""

    async def closed(pool: Any) -> Any:
        await store(postgres_dsn, a_day(), FLOOR)
        assert await closer(pool, at(9)).prepare() is False
        ready = closer(pool, at(10, 55))
        assert await ready.prepare() is True

        async def asked(*_: Any) -> Any:
            raise AssertionError("the weeks before were read while a close was due")

        monkeypatch.setattr(PathDays, "_all", asked)
        monkeypatch.setattr(ready, "_clock", Clock(at(11, 3, 3.5), 1.0, time.time()))
        assert await ready.close_due() == 1

    with_pool(postgres_dsn, closed)


def test_live_slices_equal_the_back_test(postgres_dsn: str, facts_file: Callable[[list[Fact]], Any]) -> None:
    """The same day through SQL and the closer, and through a file and the back-test: the same slices, tasks and cases."""
    found = a_day()

    async def closed(pool: Any) -> Any:
        await store(postgres_dsn, found, FLOOR)
        await close_the_day(pool)
        return (
            await rows_of(pool, "slices", "cut_off, team, agent, step"),
            await rows_of(pool, "tasks", "opened, team, agent, step"),
            await rows_of(pool, "coaching", "opened, agent"),
        )

    slices, tasks, coaching = with_pool(postgres_dsn, closed)
    expected = backtest(FLOOR, read(facts_file(found), FLOOR))
    names = (
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
    )
    key = ("date", "slice", "agent", "step")
    assert sorted(tuple(row[name] for name in names) for row in slices) == sorted(
        tuple(getattr(row, name) for name in names) for row in expected.slices
    ), key
    assert {row["level"] for row in slices} >= {"ok", "hard"}
    own = ("date", "agent", "team", "step", "opened", "target", "verified", "result")
    assert [tuple(row[name] for name in own) for row in tasks] == [
        tuple(getattr(row, name) for name in own) for row in expected.tasks
    ]
    assert tasks
    told = {str(row["task"]): {**json.loads(row["evidence"]), "verified": None} for row in tasks}
    assert told == {str(task): {**evidence, "verified": None} for task, evidence in expected.evidence.items()}
    assert any(evidence.get("hear") for evidence in told.values())
    assert [(row["agent"], row["step"], row["opened"]) for row in coaching] == [
        (row.agent, row.step, row.opened) for row in expected.coaching
    ]


def test_a_slice_is_closed_once_and_does_not_change(postgres_dsn: str) -> None:
    """Late facts are shown beside a frozen slice and kept as revisions; the counts stay, and no second close happens."""
    early, late = a_day(), [call("a1", at(10, 59), key="late", received_at=at(11, 20))]

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, early, FLOOR)
        now = at(11, 3, 3.5)
        counts = await asyncio.gather(*(closer(pool, now).close_due() for _ in range(3)))
        frozen = await rows_of(pool, "slices", "agent, step")
        await store(postgres_dsn, late, FLOOR)
        clock = Clock(at(11, 21), 1.0, time.time())
        looking = Late(pool, clock, Floors(lambda: [(1, APPLIED, FLOOR)], clock.now), Metrics())
        moved = [await looking.look(), await looking.look()]
        again = await closer(pool, at(11, 22)).close_due()
        return (
            counts,
            frozen,
            moved,
            again,
            await rows_of(pool, "slices", "agent, step"),
            await rows_of(pool, "slice_revisions", "agent, step"),
        )

    counts, frozen, moved, again, after, revisions = with_pool(postgres_dsn, story)
    assert sum(counts) >= 1
    assert again == 0
    assert moved[0] > 0
    assert moved[1] == 0
    assert [{**row, "late": 0} for row in after] == frozen
    mine = [row for row in revisions if row["agent"] == "a1" and row["step"] == "calls"]
    before = next(row["done"] for row in frozen if row["agent"] == "a1" and row["step"] == "calls")
    late_now = next(row["late"] for row in after if row["agent"] == "a1" and row["step"] == "calls")
    assert [row["done"] - before for row in mine] == [late_now]
    assert late_now >= 1
    assert {row["reason"] for row in mine} == {"late"}


def test_missed_slices_are_made_up_for(postgres_dsn: str) -> None:
    """After an outage over the afternoon and the night: rows for every slice, tasks only from the one that is on time."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_day(), FLOOR)
        assert await closer(pool, at(11, 4)).close_due() == 1
        before = await rows_of(pool, "tasks", "agent")
        assert await closer(pool, at(24 + 9)).close_due() == 3
        return before, await rows_of(pool, "tasks", "agent"), await rows_of(pool, "closes", "cut_off")

    before, tasks, closes = with_pool(postgres_dsn, story)
    assert [(row["slice"], row["on_time"]) for row in closes] == [
        ("11:00", True),
        ("13:00", False),
        ("16:00", False),
        ("18:00", True),
    ]
    new = [task for task in tasks if task["task"] not in {one["task"] for one in before}]
    assert {task["slice"] for task in new} <= {"18:00"}


def test_a_close_waits_for_what_is_not_parsed_yet(postgres_dsn: str) -> None:
    """A webhook journaled in time holds the close back; a patience later it is closed, and not trusted."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_day(), FLOOR)
        await pool.execute(
            "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash) "
            "VALUES ('pbx', $1, 'POST', '', '', '{}', '', '')",
            at(11, 2),
        )
        waiting = await closer(pool, at(11, 3, 10)).close_due()
        given_up = await closer(pool, at(11, 6)).close_due()
        return waiting, given_up, await rows_of(pool, "slices", "agent"), await rows_of(pool, "tasks", "agent")

    waiting, given_up, slices, tasks = with_pool(postgres_dsn, story)
    assert (waiting, given_up) == (0, 1)
    assert slices
    assert not any(row["trusted"] for row in slices)
    assert not tasks


def test_slices_before_the_floor_was_known_stay_open(postgres_dsn: str) -> None:
    """A floor applied at noon: the slice of eleven was not watched, that of one is closed."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, day_of_facts(1, 50, at(9), timedelta(hours=4), agents=10), FLOOR)
        await closer(pool, at(13, 5), applied=at(12)).close_due()
        return await rows_of(pool, "closes", "cut_off")

    assert [row["slice"] for row in with_pool(postgres_dsn, story)] == ["13:00"]


def a_plain_day() -> list[Fact]:
    """As above, but nothing fails and nothing is late: a0 and a2 lag from the first slice on."""
    found = []
    for fact in a_day():
        if isinstance(fact.data, CallEnded):
            data = fact.data
            if data.disposition == "failed":
                data = msgspec.structs.replace(data, disposition="no_answer", sip_status=None)
            fact = msgspec.structs.replace(fact, data=data, received_at=fact.time + timedelta(seconds=2))
        found.append(fact)
    return found


async def _act(dsn: str, task: str, act: TaskAct, moment: datetime) -> None:
    engine = postgres.engine(dsn)
    async with engine.begin() as connection:
        assert isinstance(await record(connection, task, act, moment, "oleg"), Recorded)
    await engine.dispose()


def test_a_dismissed_task_frees_its_agent(postgres_dsn: str) -> None:
    """Never verified; nothing new at the cut-off that had passed already, a new task at the one after."""

    async def closed(pool: Any) -> Any:
        await store(postgres_dsn, a_plain_day(), FLOOR)
        assert await closer(pool, at(11, 3, 3.5)).close_due() == 1
        first = (await rows_of(pool, "tasks", "agent"))[0]
        await _act(postgres_dsn, str(first["task"]), Dismiss(reason="absent"), at(13, 0, 30))
        assert await closer(pool, at(13, 3, 3.5)).close_due() == 1
        between = await rows_of(pool, "tasks", "opened, agent")
        assert await closer(pool, at(16, 3, 3.5)).close_due() == 1
        return first, between, await rows_of(pool, "tasks", "opened, agent")

    first, between, after = with_pool(postgres_dsn, closed)
    mine = [row for row in between if row["agent"] == first["agent"]]
    assert [(row["result"], row["state"]) for row in mine] == [(None, "dismissed")]
    later = [row for row in after if row["agent"] == first["agent"]]
    assert [row["result"] for row in later] == [None, None]
    assert later[1]["opened"] == at(16)


def test_an_edited_target_is_what_is_verified(postgres_dsn: str) -> None:
    """One that is met by what was done is done; the same count fails a higher one, and the norm behind stays."""

    def result(target: int | None) -> Any:
        async def closed(pool: Any) -> Any:
            await pool.execute(
                "TRUNCATE facts, tasks, closes, slices, coaching, team_issues, forecasts, month_forecasts, task_acts"
            )
            await store(postgres_dsn, a_plain_day(), FLOOR)
            assert await closer(pool, at(11, 3, 3.5)).close_due() == 1
            first = (await rows_of(pool, "tasks", "agent"))[0]
            if target is not None:
                await _act(postgres_dsn, str(first["task"]), Edit(target=target), at(11, 30))
            assert await closer(pool, at(13, 3, 3.5)).close_due() == 1
            found = await pool.fetchrow("SELECT * FROM tasks WHERE task = $1", first["task"])
            return found["result"], json.loads(found["evidence"])["verified"]

        return with_pool(postgres_dsn, closed)

    plain, seen = result(None)
    assert plain == "not_done"
    easy, told = result(seen["done"])
    assert (easy, told["met"], told["expected"]) == ("done", True, seen["expected"])
    assert result(10 * seen["required"])[0] == "not_done"


def test_a_close_that_meets_an_act_is_done_again(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task is dismissed after the close has read it: what was judged is thrown away, the next try sees it."""

    async def closed(pool: Any) -> Any:
        await store(postgres_dsn, a_plain_day(), FLOOR)
        assert await closer(pool, at(11, 3, 3.5)).close_due() == 1
        first = (await rows_of(pool, "tasks", "agent"))[0]
        written = closes.write

        async def meanwhile(*given: Any) -> None:
            await _act(postgres_dsn, str(first["task"]), Dismiss(reason="data"), at(13, 3, 3))
            await written(*given)

        monkeypatch.setattr(closes, "write", meanwhile)
        with pytest.raises(asyncpg.SerializationError):
            await closer(pool, at(13, 3, 3.5)).close_due()
        monkeypatch.setattr(closes, "write", written)
        assert await closer(pool, at(13, 3, 4.5)).close_due() == 1
        return await rows_of(pool, "tasks", "opened, agent"), first["agent"]

    found, agent = with_pool(postgres_dsn, closed)
    assert [(row["state"], row["result"]) for row in found if row["agent"] == agent] == [("dismissed", None)]
