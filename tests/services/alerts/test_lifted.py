"""Tasks and cases that lost their ground: their own messages say so, however old, and the slice at which it happened."""

import pytest
import sqlalchemy as sa

from schemas.tables import coaching, tasks
from tests.services.alerts.rows import at, case_row, close_row, slice_row, task_row, tell
from tests.services.alerts.test_evaluation import Day

pytestmark = pytest.mark.integration
GROUND = {"slice": "11:00", "step": "calls", "done": 8, "target": 10.0, "technical_min": 60.0}


@pytest.fixture
def day(engine):
    return Day(engine)


async def lift(engine, agent, ground):
    """As the close of one o'clock does it."""
    seen = {"done": 2, "expected": 20.0, "met": False, "index": 0.4, "required": 21, "technical_min": 0.0}
    evidence = {**task_row(agent)["evidence"], "verified": {**seen, "ground": ground}}
    async with engine.begin() as connection:
        await connection.execute(
            sa.update(tasks)
            .where(tasks.c.agent == agent)
            .values(result="invalidated", verified=at("13:00"), evidence=evidence)
        )
    await tell(engine, closes=[close_row("13:00")], slices=[slice_row(agent, slice_="13:00", level="ok")])


def newest(box, key):
    return [row for row in box if row.group_key == key][-1]


async def test_the_messages_that_gave_it_take_it_back(day, engine):
    """The slice of eleven and the task in its thread, once each; the slice of one tells it among the results."""
    await tell(engine, closes=[close_row()], slices=[slice_row("ivan")], tasks=[task_row("ivan")])
    await day.look("11:03")
    await lift(engine, "ivan", GROUND)
    await day.look("13:03")
    await day.look("13:04")
    box = await day.box()
    task = task_row("ivan")["task"]
    given = newest(box, f"slice:{task_row('ivan')['date']}:11:00:hunters")
    thread = newest(box, f"{given.group_key}/{task}")
    assert (given.transition, given.payload["tasks"][0]["ground"]) == (1, GROUND)
    assert (thread.transition, thread.payload["task"]["ground"]) == (1, GROUND)
    told = newest(box, f"slice:{task_row('ivan')['date']}:13:00:hunters")
    assert (told.transition, told.payload["verified"][0]["seen"]["ground"]) == (0, GROUND)


async def test_a_task_that_was_lifted_for_its_own_time_changes_no_old_message(day, engine):
    """As before: the next slice says it."""
    await tell(engine, closes=[close_row()], slices=[slice_row("ivan")], tasks=[task_row("ivan")])
    await day.look("11:03")
    async with engine.begin() as connection:
        await connection.execute(sa.update(tasks).values(result="invalidated", verified=at("13:00")))
    await tell(engine, closes=[close_row("13:00")], slices=[slice_row("ivan", slice_="13:00", level="ok")])
    await day.look("13:03")
    given = newest(await day.box(), f"slice:{task_row('ivan')['date']}:11:00:hunters")
    assert given.transition == 0


async def test_who_was_told_of_a_case_is_told_that_it_is_none(day, engine):
    """Every place of its message, once; and the slice at which it ended."""
    case = case_row("ivan")
    await tell(engine, closes=[close_row("13:00")], slices=[slice_row("ivan", slice_="13:00")], coaching=[case])
    await day.look("13:03")
    async with engine.begin() as connection:
        await connection.execute(sa.update(coaching).values(lifted=at("16:00")))
    await tell(engine, closes=[close_row("16:00")], slices=[slice_row("ivan", slice_="16:00", level="ok")])
    await day.look("16:03")
    await day.look("16:04")
    box = await day.box()
    own = [row for row in box if row.group_key == f"coaching:{case['case']}"]
    assert {row.transition for row in own} == {0, 1}
    assert {(row.channel, row.target) for row in own if row.transition} == {(row.channel, row.target) for row in own}
    assert {row.payload["lifted"] for row in own if row.transition} == {at("16:00").isoformat()}
    told = newest(box, f"slice:{case['date']}:16:00:hunters").payload
    assert [one["case"] for one in told["lifted"]] == [case["case"]]
