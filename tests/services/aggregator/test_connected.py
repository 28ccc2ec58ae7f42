"""A PBX connected at noon of its first day beside one that is there for long: the same live and in a back-test."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from schemas.facts import Fact
from schemas.floor import parse
from services.aggregator.live.floors import Floors
from services.aggregator.storage import technical
from services.kit import postgres
from services.lab.backtest.read import read
from services.lab.backtest.run import run as backtest
from services.reads import freshness
from services.rules.day import working_day
from tests.services.aggregator.feeding import call, floor_text, store
from tests.services.aggregator.test_closing import (
    APPLIED,
    DATE,
    at,
    close_the_day,
    facts_file,
    rows_of,
    with_pool,
)
from tests.services.aggregator.test_revising import told

pytestmark = pytest.mark.integration
__all__ = ["facts_file"]
TEXT = floor_text(agents=10, zone="Europe/Moscow", more="judgement: {task_budget_share: null}")
for n in range(5, 10):
    TEXT = TEXT.replace(f"identities: {{pbx: ['{n}']", f"identities: {{pbx2: ['{n}']")
FLOOR = parse(
    TEXT.replace("sources:\n", "sources:\n  - {id: pbx2, provider: generic, feeds: [calls], expect_every_s: 300}\n")
)


def of_source(fact: Fact, source: str) -> Fact:
    return msgspec.structs.replace(fact, source=source)


def a_first_day() -> list[Fact]:
    """Everybody dials as is due, a0 hardly. Of a5 to a9 nothing is told before ten past twelve. The old PBX told something the
    night before."""
    found = [call("a0", at(-1), key="old")]
    for n in range(10):
        for number in range(75):
            moment = at(9) + timedelta(minutes=number * 7.2 + n / 3)
            if (n > 4 and moment < at(12, 10)) or (n == 0 and number % 5):
                continue
            source, answered = "pbx" if n < 5 else "pbx2", "answered" if number % 3 else "no_answer"
            own = {
                "key": number,
                "disposition": answered,
                "line": f"{source}/trunk",
                "talk_s": 620 if number % 5 else 60,
            }
            one = call(f"a{n}", moment, **own)  # type: ignore[arg-type]
            found.append(of_source(one, source))
    return found


def test_live_equals_the_back_test(postgres_dsn: str, facts_file: Callable[[list[Fact]], Any]) -> None:
    """Rows, tasks and what is said about the data; nobody of the new PBX has a verdict on calls, a0 has a task."""

    async def story(pool: Any) -> Any:
        await store(postgres_dsn, a_first_day(), FLOOR)
        await close_the_day(pool, FLOOR)
        on = Floors(lambda: [(1, APPLIED, FLOOR)], lambda: at(18)).on(DATE.date())
        asked = [await technical.connected(pool, on, moment) for moment in (at(12), at(13))]
        return (
            asked,
            await rows_of(pool, "slices", "1"),
            await rows_of(pool, "tasks", "1"),
            await rows_of(pool, "closes", "cut_off"),
        )

    asked, slices, tasks, closes = with_pool(postgres_dsn, story)
    expected = backtest(FLOOR, read(facts_file(a_first_day()), FLOOR))
    judged = ("date", "slice", "agent", "step", "done", "target", "level", "trusted")
    own = [row for row in expected.slices if row.date == DATE.date()]
    assert told(slices, *judged) == told(own, *judged)
    assert told(tasks, "agent", "step", "opened") == told(
        [row for row in expected.tasks if row.date == DATE.date()], "agent", "step", "opened"
    )
    assert asked[0] == {}
    assert set(asked[1]) == {"pbx2"}
    new = {f"a{n}" for n in range(5, 10)}
    assert {row["agent"] for row in tasks} == {"a0"}
    assert {row["trusted"] for row in slices if row["agent"] in new and row["step"] == "calls"} == {False}
    assert all(row["trusted"] for row in slices if row["agent"] not in new and row["step"] == "calls")
    reasons = [json.loads(row["trust"])["red"]["calls"] for row in closes]
    first = asked[1]["pbx2"].astimezone(FLOOR.zone)
    assert reasons == [["some_unheard:pbx2"], *[[f"some_connected:pbx2@{first:%H:%M}"]] * 3]


async def test_the_board_says_the_same(postgres_dsn: str) -> None:
    """Which source is new, and since when."""
    await store(postgres_dsn, a_first_day(), FLOOR)
    engine = postgres.engine(postgres_dsn)
    async with engine.connect() as connection:
        day = working_day(FLOOR, DATE.date())
        found = await freshness.read(connection, day, at(11), FLOOR, now=at(13), second=timedelta(seconds=1))
        first = (
            await connection.execute(sa.text("SELECT min(received_at) FROM facts WHERE source = 'pbx2'"))
        ).scalar_one()
    await engine.dispose()
    assert found.connected == {"pbx2": first}
