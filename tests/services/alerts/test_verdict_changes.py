"""A verdict that changes as facts come: one alert, one living message, and other people's technical minutes."""

import pytest

from schemas.tables import alert_transitions, alerts, technical
from tests.services.alerts.rows import at, call, dead_trunk, tell
from tests.services.alerts.test_evaluation import Day, steady

pytestmark = pytest.mark.integration
B = "pbx/trunk-b"


def failing(stamps, agents, line):
    return [call(stamp, agents[n % len(agents)], line, "failed", 34) for n, stamp in enumerate(stamps)]


async def living(day):
    """Messages of the alert itself, in order."""
    return [row for row in await day.box() if row.payload["form"] == "line"]


async def test_a_line_becomes_the_floor(engine):
    """10:02 trunk-b fails, 10:05 trunk-a too: the same alert says "floor", and takes everybody's time."""
    day = Day(engine)
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await day.look("10:04")
    await tell(engine, facts=failing(["10:05:00", "10:05:20", "10:05:40", "10:06:00"], ["petr", "olga"], "pbx/trunk-a"))
    await day.look("10:06:30")
    (alert,) = await day.all(alerts)
    assert (alert.verdict, alert.scope, alert.state) == ("floor", "floor:floor", "firing")
    assert alert.evidence["lines"] == ["pbx/trunk-a", B]
    assert [row.verdict for row in await day.all(alert_transitions, alert_transitions.c.transition)] == [
        "line",
        "floor",
    ]
    assert {row.agent for row in await day.all(technical)} == {"ivan", "maria", "petr", "olga"}
    told = await living(day)
    assert [(row.payload["verdict"], row.transition) for row in told] == [("line", 0), ("floor", 1)]
    assert {row.group_key for row in told} == {alert.alert}


async def test_the_floor_lasts_until_its_last_line_is_back(engine):
    """trunk-b is back, trunk-a is not: the floor's alert goes on; it ends with trunk-a, and no other was told."""
    day = Day(engine)
    fails = failing(["10:05:00", "10:05:20", "10:05:40", "10:06:00"], ["petr", "olga"], "pbx/trunk-a")
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02"), *fails])
    await day.look("10:06:30")
    await tell(engine, facts=[call(f"10:{m:02}:10", "ivan", B) for m in range(7, 20)])
    await tell(engine, facts=failing([f"10:{m:02}:30" for m in range(7, 20)], ["petr", "olga"], "pbx/trunk-a"))
    await day.look("10:20")
    (alert,) = await day.all(alerts)
    assert (alert.verdict, alert.state) == ("floor", "firing")
    await tell(engine, facts=[call(f"10:{m:02}:10", "olga", "pbx/trunk-a") for m in range(20, 36)])
    await tell(engine, facts=[call(f"10:{m:02}:40", "ivan", B) for m in range(20, 36)])
    await day.look("10:36")
    (alert,) = await day.all(alerts)
    assert alert.state == "resolved"
    assert (await living(day))[-1].payload["last_failure"] == at("10:19:30").isoformat()


async def test_a_workplace_becomes_the_line(engine):
    """Ivan fails alone while others talk on trunk-b: his workplace. Then maria and petr fail there, and ivan works over
    trunk-a: it was the line; his technical minutes are taken back, theirs are written, the message says so."""
    day = Day(engine)
    fine = [call(f"10:0{m}:{s}", "maria", B) for m, s in ((0, "30"), (1, "10"), (1, "50"))]
    alone = failing(["10:02:00", "10:02:20", "10:02:40", "10:03:00"], ["ivan"], B)
    await tell(engine, facts=[*steady(minutes=70), *fine, *alone])
    await day.look("10:03:30")
    (alert,) = await day.all(alerts)
    assert (alert.verdict, alert.scope) == ("workplace", "agent:ivan")
    assert [row.agent for row in await day.all(technical)] == ["ivan"]
    await tell(
        engine,
        facts=[
            *failing([f"10:0{m}:{s}" for m in (4, 5, 6) for s in ("05", "25", "45")], ["maria"], B),
            *[call(f"10:0{m}:{s}", "ivan") for m in (4, 5, 6) for s in ("10", "30", "50")],
        ],
    )
    await day.look("10:07:30")
    (alert,) = await day.all(alerts)
    assert (alert.verdict, alert.scope, alert.state) == ("line", f"line:{B}", "firing")
    assert [row.agent for row in await day.all(technical)] == ["maria"]
    told = await living(day)
    assert [row.payload["verdict"] for row in told] == ["workplace", "line"]
    assert told[-1].payload["technical"] == ["maria"]
    assert len({row.group_key for row in told}) == 1
