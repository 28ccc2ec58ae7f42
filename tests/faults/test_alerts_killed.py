"""kill −9 of alerts at random points, more than twenty times, while findings open, change and end and people act.

Afterwards: one post an alert and place, its last words are those of its last state, transitions are those that facts and acts
make, every act is done once, and nothing waits. With the look-up of messages broken the same check finds doubled posts.
"""

import hashlib
import os
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from schemas.alert_acts import alert_act
from schemas.facts import CALL, CallEnded
from schemas.floor import parse
from schemas.tables import alert_acts, alert_transitions, alerts, floors, outbox, silences
from services.alerts.notifiers.base import Reference
from services.alerts.notifiers.slack import _message
from services.alerts.wording import possible_duplicate, render
from services.kit import postgres
from services.lab.backtest.read import Version
from services.lab.backtest.run import run
from services.rules.alerting.acts import After, after
from tests.services.alerts.payloads import FLOOR
from tests.support.fake_slack import TOKEN, conversation_of, running_slack
from tests.support.killed_alerts import Killer, plan
from tests.support.running import embedded_environment

pytestmark = [pytest.mark.integration, pytest.mark.faults]
TEXT = FLOOR + "  head: {name: Олег, slack: U0HEAD}\n  budget: null\n  again_s: 0\n"
SEEDS = [int(seed) for seed in os.environ.get("SREZ_FAULT_SEEDS", "20261127").split(",")]
KILLS = 21


@pytest.fixture
def slack():
    with running_slack() as found:
        yield found


@pytest.fixture
async def engine(postgres_dsn):
    found = postgres.engine(postgres_dsn)
    yield found
    await found.dispose()


@pytest.fixture
async def environment(engine, postgres_dsn, broker, slack):
    digest = hashlib.sha256(TEXT.encode()).digest()
    async with engine.begin() as connection:
        values = {"applied_at": datetime(2026, 11, 1, tzinfo=UTC), "text": TEXT, "hash": digest}
        await connection.execute(sa.insert(floors).values(**values))
    return {
        **embedded_environment(postgres_dsn, broker),
        "SLACK_BOT_TOKEN": TOKEN,
        "SREZ_SLACK_API_URL": slack.url,
        "SREZ_ALERTS_LOOK_S": "0.3",
        "SREZ_ALERTS_LINES_S": "0.5",
        "SREZ_ALERTS_SEND_TIMEOUT_S": "1",
        "SREZ_ALERTS_LEASE_S": "3",
        "SREZ_ALERTS_RETRY_S": "0.1",
        "SREZ_ALERTS_RETRY_MAX_S": "1",
        "SREZ_ALERTS_SPACING_S": "0",
    }


@pytest.mark.parametrize("seed", SEEDS)
async def test_killed_again_and_again(seed, engine, environment, services, slack):
    killer = Killer(engine, services, slack, environment, seed)
    kills = plan(random.Random(seed), KILLS)
    print(f"seed {seed}: {kills}")
    await killer.live(kills)
    done = Counter(killer.happened)
    print(f"happened: {done}")
    assert done.total() >= 20
    assert done["accepted"] >= 4
    assert min(done[how] for how in ("anytime", "starting", "two")) >= 4

    await _posted_once(engine, slack)
    await _last_words(engine, slack)
    await _transitions_follow(engine)
    await _acts_are_done_once(engine)
    await _findings_are_those_of_the_facts(engine, killer)


async def test_a_broken_look_up_is_noticed(engine, environment, services, slack):
    """The check can fail: a sender that does not look before it repeats doubles a post, and that is found."""
    killer = Killer(engine, services, slack, environment, 1)
    killer.module = "tests.support.broken_alerts"
    kills = [kill for kill in plan(random.Random(1), KILLS) if kill.how == "accepted"][:3]
    await killer.live(kills)
    assert "accepted" in killer.happened
    with pytest.raises(AssertionError, match="posted more than once"):
        await _posted_once(engine, slack)


async def rows(engine, table, *order):
    async with engine.connect() as connection:
        return (await connection.execute(sa.select(table).order_by(*order))).all()


def unmarked(text, payload):
    return text.replace(f" {possible_duplicate(payload)}", "")


async def _posted_once(engine, slack):
    """One post an alert and place; another only if it says that it may be one."""
    known = {row.alert: row for row in await rows(engine, alerts)}
    posts = defaultdict(list)
    for post in slack.posts():
        posts[post.group_key, post.channel].append(post)
    payload = next(iter(known.values())).payload
    doubled = {
        place: [one.history[:1] or one.text for one in found]
        for place, found in posts.items()
        if len(
            [one for one in found if unmarked((one.history or [one.text])[0], payload) in (one.history or [one.text])]
        )
        > 1
    }
    assert not doubled, f"posted more than once: {doubled}"
    told = {alert for alert, row in known.items() if row.told_at}
    assert {key for key, _ in posts} == told
    assert {(alert, "C0FLOOR") for alert in told} <= set(posts)


async def _last_words(engine, slack):
    """What a place shows is what its newest state says; nothing is left to be sent, nothing died."""
    box = await rows(engine, outbox, outbox.c.id)
    assert {row.state for row in box} <= {"sent", "superseded"}
    newest = {(row.group_key, conversation_of(row.target)): row for row in sorted(box, key=lambda row: row.transition)}
    for post in slack.posts():
        row = newest[post.group_key, post.channel]
        said = _message(post.channel, render(row.payload), Reference(row.group_key, row.transition))
        assert unmarked(post.text, row.payload) == said["text"]
        assert post.metadata["event_payload"]["transition"] == row.transition
    current = {row.alert: row for row in await rows(engine, alerts)}
    for (key, target), row in newest.items():
        if key in current and target == "C0FLOOR":
            assert (row.payload["state"], row.payload["owner"]) == (current[key].state, current[key].owner)


async def _transitions_follow(engine):
    """Told from the beginning: each act makes of the state what the rules say, each finding opens, goes on or ends."""
    acts = {row.by: row for row in await rows(engine, alert_acts)}
    told = defaultdict(list)
    for row in await rows(engine, alert_transitions, alert_transitions.c.alert, alert_transitions.c.transition):
        told[row.alert].append(row)
    for alert in await rows(engine, alerts):
        steps = told[alert.alert]
        assert [step.transition for step in steps] == list(range(alert.transition + 1))
        state, owner = "firing", None
        for step in steps:
            if step.by is not None:
                found = after(state, owner, alert_act(step.what, acts[step.by].arguments), step.by)
                assert isinstance(found, After), (alert.alert, step)
                state, owner = found.state, found.owner
            elif step.what is None and step.state in ("resolved", "invalidated"):
                assert state in ("firing", "acknowledged")
                state = step.state
            assert step.state == state
        assert (alert.state, alert.owner) == (state, owner)


async def _acts_are_done_once(engine):
    """Every act has its end; what could be done has one transition, what could not has none; a mute is one silence."""
    steps = Counter(row.by for row in await rows(engine, alert_transitions) if row.by)
    acts = await rows(engine, alert_acts)
    assert len({row.kind for row in acts if row.problem is None}) >= 3
    for act in acts:
        assert act.done_at is not None
        again = act.kind == "technical" and steps[act.by] == 0 and act.problem is None  # withdrawn already
        assert steps[act.by] == (0 if act.problem or again else 1), act
    muted = [row.act for row in acts if row.kind == "mute" and row.problem is None]
    assert sorted(row.silence for row in await rows(engine, silences)) == sorted(muted)


async def _findings_are_those_of_the_facts(engine, killer):
    """Alerts of lines = those that a back-test finds in the same calls, but for what people ended themselves."""
    floor = parse(TEXT)
    expected = {
        row.alert: (row.verdict, row.scope, row.fired_at.astimezone(UTC), row.resolved_at.astimezone(UTC))
        for row in run(floor, versions(killer.morning.calls)).alerts
        if "failures" in row.evidence
    }
    found = [row for row in await rows(engine, alerts) if row.detector == "line_failure"]
    assert {row.alert for row in found if row.state != "invalidated"} <= set(expected)
    assert set(expected) <= {row.alert for row in found}
    by_hand = {
        row.alert for row in await rows(engine, alert_acts) if row.kind in ("technical", "resolve") and not row.problem
    }
    for row in found:
        if row.alert not in by_hand and row.alert in expected:
            assert (row.verdict, row.scope, row.fired_at, row.resolved_at) == expected[row.alert]
    assert len(expected) >= 10
    assert {verdict for verdict, *_ in expected.values()} >= {"line", "workplace"}


def versions(calls):
    found = []
    for row in calls:
        data = CallEnded(
            call_id=row["data"]["call_id"], agent=row["agent"], direction="outbound", started_at=row["occurred_at"],
            ended_at=row["occurred_at"], talk_s=row["talk_s"], disposition=row["disposition"], q850=row["q850"],
            line=row["line"], customer=row["customer"],
        )  # fmt: skip
        found.append(
            Version(
                row["event_id"], CALL, row["source"], row["line"], row["agent"], None, row["occurred_at"], row["day"],
                row["received_at"], None, data,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.at, one.id))
