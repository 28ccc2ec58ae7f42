"""A whole day through the real services while each of them is killed and paused; afterwards every promise is checked."""

import os
from collections import Counter
from pathlib import Path

import pytest

from schemas.steps import STEPS
from services.lab.backtest.read import read
from services.lab.backtest.run import run
from services.lab.ledger import read as ledger
from tests.support.fake_slack import running_slack
from tests.support.real_day import SERVICES, RealDay, plan
from tests.support.running import Services
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.faults]

SEEDS = [int(seed) for seed in os.environ.get("SREZ_FAULT_SEEDS", "20261123").split(",")]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_day_of_kills(seed: int, services: Services, postgres_dsn: str, broker: str, tmp_path: Path) -> None:
    """kill -9 and SIGSTOP of every service during a day: nothing lost, nothing doubled, nothing said twice."""
    with running_slack() as slack:
        floor = RealDay(services, postgres_dsn, broker, slack, tmp_path, seed)
        report = await floor.play(plan(seed, floor.length_s))
        print(f"seed {seed}: {report}; {[(f.kind, f.service, round(f.at, 1)) for f in floor.happened]}")
        assert {fault.service for fault in floor.happened if fault.kind == "kill"} == set(SERVICES)

        await _webhooks_are_kept(floor)
        await _facts_are_counted_once(floor)
        await _slices_are_what_a_back_test_makes(floor)
        await _alerts_are_told_once(floor)
        await _acts_are_done_once(floor)


async def _webhooks_are_kept(floor: RealDay) -> None:
    """acked ⊆ journal ⊆ acked ∪ unknown (an attempt that was cut off may have been kept)."""
    entries = list(ledger(floor.folder / "ledger.ndjson"))
    journal = (await floor.one("SELECT count(*)::int AS rows FROM journal"))["rows"]
    accepted = sum(entry.accepted for entry in entries)
    unknown = sum(entry.attempts - entry.accepted for entry in entries)
    assert accepted == len(entries)
    assert accepted <= journal <= accepted + unknown


async def _facts_are_counted_once(floor: RealDay) -> None:
    """Facts = distinct events; live counters = SQL = the truth of the simulation."""
    stored = {row["id"] for row in await floor.all("SELECT event_id::text AS id FROM facts")}
    truth = floor.day.truth
    assert len(stored) == truth.facts
    day = truth.counts[truth.dates[0]]
    expected = {(agent, step): day[agent][step].day for agent in day for step in STEPS if step in day[agent]}
    shown = floor.shown()
    assert {key: shown.get(key, 0) for key in expected} == expected


async def _slices_are_what_a_back_test_makes(floor: RealDay) -> None:
    """Frozen numbers = an independent replay of the stored facts through the pure core."""
    result = run(floor.floor, read(await floor.facts_file(), floor.floor))
    replayed = {(row.slice, row.agent, row.step): (row.done, row.in_slice, row.target) for row in result.slices}
    frozen = {
        (row["slice"], row["agent"], row["step"]): (row["done"], row["in_slice"], row["target"])
        for row in await floor.all("SELECT slice, agent, step, done, in_slice, target FROM slices")
    }
    assert frozen == replayed


async def _alerts_are_told_once(floor: RealDay) -> None:
    """Every alert has one post, or a reason why nobody was told; nothing died in the outbox or waits there for ever."""
    query = "SELECT alert::text AS alert, scope, state, held, told_at FROM alerts"
    alerts = await floor.all(query)
    assert any(row["scope"].startswith("line:") for row in alerts)
    # The day goes on while it is looked at: a message may be written at any moment, and is sent soon after.
    await eventually(lambda: _all_are_sent(floor), "every message of the outbox to be sent")
    posts = Counter((post.group_key, post.channel) for post in floor.slack.posts())
    posted = {key for key, _ in posts}
    assert {row["alert"] for row in alerts if row["told_at"]} <= posted
    untold = [row for row in await floor.all(query) if row["told_at"] is None]
    assert [row for row in untold if row["held"] is None and row["state"] != "invalidated"] == []
    assert [row for row in untold if row["alert"] in posted] == []
    if (await floor.one("SELECT on_time FROM closes ORDER BY cut_off DESC LIMIT 1"))["on_time"]:
        assert [channel for key, channel in posts if key.startswith("report:")] == [
            "D0HEAD"
        ]  # their conversation with the app
    assert [pair for pair, count in posts.items() if count > 1] == []


async def _acts_are_done_once(floor: RealDay) -> None:
    """What was answered is written down once, done once and stands in the history once, however often it was pressed."""
    promised = floor.people.promised
    print(f"acts: {Counter((one.kind, one.via, one.status) for one in floor.people.pressed)}")
    assert {one.via for one in promised} == {"board", "slack"}
    assert sum(one.attempts > 1 for one in promised) > 0
    acts = await floor.all("SELECT alert::text AS alert, kind, via, done_at, problem FROM alert_acts")
    assert [row for row in acts if row["done_at"] is None] == []
    kept = Counter((row["alert"], row["kind"], row["via"]) for row in acts)
    asked = Counter((one.alert, one.kind, one.via) for one in promised)
    heard = Counter((one.alert, one.kind, one.via) for one in floor.people.pressed)
    late = await floor.all("SELECT alert::text AS alert FROM alerts WHERE resolved_at IS NOT NULL")
    over = {row["alert"] for row in late}
    for key, count in asked.items():
        # Slack is answered 200 also where an alert is over and nothing is written down: that is said to who pressed.
        assert kept[key] == count or (key[2] == "slack" and key[0] in over and kept[key] <= count), (key, count)
    assert [key for key, count in kept.items() if count > heard[key]] == []
    done = Counter((row["alert"], row["kind"]) for row in acts if row["problem"] is None)
    steps = await floor.all("SELECT alert::text AS alert, what FROM alert_transitions WHERE by IS NOT NULL")
    told = Counter((row["alert"], row["what"]) for row in steps)
    assert [key for key, count in told.items() if count > done[key]] == []
    technical = [one.alert for one in promised if one.kind == "technical"]
    assert technical
    states = {row["alert"]: row["state"] for row in await floor.all("SELECT alert::text AS alert, state FROM alerts")}
    assert {states[alert] for alert in technical} == {"invalidated"}


async def _all_are_sent(floor: RealDay) -> bool:
    states = {row["state"] for row in await floor.all("SELECT DISTINCT state FROM outbox")}
    assert states <= {"sent", "superseded", "pending", "sending"}, states
    return states <= {"sent", "superseded"}
