"""The real service as a process: PostgreSQL, broker and a Slack over HTTP; killed and doubled on purpose."""

import hashlib
import threading
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.messages import LineHealth
from schemas.tables import alert_transitions, floors, messages, outbox
from schemas.topics import ALERTS, HEALTH, partition_of
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import DAY, at, close_row, dead_trunk, slice_row, task_row, tell
from tests.services.alerts.test_evaluation import steady
from tests.support.fake_slack import TOKEN
from tests.support.running import embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


@pytest.fixture
async def environment(engine, postgres_dsn, broker, slack):
    """A floor is applied; it is 10:04 on a Monday, and time runs."""
    async with engine.begin() as connection:
        await connection.execute(
            sa.insert(floors).values(
                applied_at=datetime(2026, 11, 1, tzinfo=UTC), text=FLOOR, hash=hashlib.sha256(FLOOR.encode()).digest()
            )
        )
    return {
        **embedded_environment(postgres_dsn, broker),
        "SLACK_BOT_TOKEN": TOKEN,
        "SREZ_SLACK_API_URL": slack.url,
        "SREZ_CLOCK": "2026-11-23T10:04:00+03:00",
        "SREZ_ALERTS_LOOK_S": "0.3",
        "SREZ_ALERTS_LINES_S": "0.5",
        "SREZ_ALERTS_SEND_TIMEOUT_S": "1",
        "SREZ_ALERTS_LEASE_S": "3",
        "SREZ_ALERTS_RETRY_S": "0.1",
        "SREZ_ALERTS_SPACING_S": "0",
        "SREZ_ALERTS_REFRESH_S": "0",
    }


async def undelivered(engine):
    async with engine.connect() as connection:
        states = (await connection.execute(sa.select(outbox.c.state))).scalars().all()
    return [state for state in states if state in ("pending", "sending")]


def all_of(engine, count):
    """Whether so many messages are delivered and none is on its way."""

    async def delivered():
        async with engine.connect() as connection:
            sent = (await connection.execute(sa.select(outbox.c.id).where(outbox.c.state == "sent"))).scalars().all()
        return len(sent) >= count and not await undelivered(engine)

    return delivered


TOLD = (
    'srez_alerts{kind="outage",state="firing"} 1.0',
    'srez_notifications_total{channel="slack",outcome="sent"} 2.0',
    "srez_outbox_oldest_seconds 0.0",
)


def metrics(service):
    return httpx.get(f"{service.url}/metrics").text


async def test_a_dead_trunk_reaches_slack(engine, environment, services, slack, broker):
    """News of a failing line → one post in the floor's channel with details below; srez.alerts.v1 hears of it."""
    service = services.start("alerts", environment).wait_ready()
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    health = LineHealth(
        line="pbx/trunk-b",
        source="pbx",
        date=DAY,
        at=at("10:04"),
        last_received_at=None,
        last_occurred_at=None,
        attempts=4,
        failures=4,
        in_a_row=4,
        base=0.03,
        state="failing",
        fired_at=at("10:03:30"),
    )
    await producer.send_and_wait(
        HEALTH.name, msgspec.json.encode(health), key=b"pbx/trunk-b", partition=partition_of("pbx/trunk-b", 4)
    )
    await producer.stop()
    await eventually(all_of(engine, 2), "delivery")
    (post,) = slack.posts()
    assert post.channel == "C0FLOOR"
    assert post.text.startswith("Линия pbx/trunk-b: 4 отказа подряд с 10:02")
    assert len(slack.replies(post.ts)) == 1
    await eventually(lambda: all(line in metrics(service) for line in TOLD), "the metrics to tell it")
    heard = AIOKafkaConsumer(ALERTS.name, bootstrap_servers=broker, auto_offset_reset="earliest")
    await heard.start()
    try:
        assert b'"state":"firing"' in (await heard.getone()).value
    finally:
        await heard.stop()
    assert service.terminate() == 0


async def test_killed_after_slack_accepted_before_the_mark(engine, environment, services, slack):
    """kill −9 while Slack keeps the message and never answers: the next process finds it; one post, its ts is known."""
    slack.next("chat.postMessage", "hang")
    first = services.start("alerts", environment).wait_ready()
    kept = threading.Event()
    slack.on_kept = lambda _: (first.process.kill(), kept.set())
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await eventually(kept.is_set, "Slack to accept")
    slack.on_kept = None
    first.process.wait(10)
    assert await undelivered(engine)
    services.start("alerts", environment).wait_ready()
    await eventually(all_of(engine, 2), "recovery")
    (post,) = slack.posts()
    async with engine.connect() as connection:
        known = (await connection.execute(sa.select(messages.c.ts).where(messages.c.ts == post.ts))).scalar()
    assert known == post.ts
    assert "возможен повтор" not in post.text


async def test_two_services_by_mistake(engine, environment, services, slack):
    """Both evaluate, both deliver: one post an alert, one message a slice, in spite of 429 and dropped answers."""
    slack.next("chat.postMessage", "drop", "429", "ok", "500")
    known_by_now = {"SREZ_CLOCK": "2026-11-23T10:08:00+03:00"}  # that two lines fell and the floor stands (ADR 0045)
    pair = [services.start("alerts", environment | known_by_now) for _ in range(2)]
    for one in pair:
        one.wait_ready()
    await tell(
        engine,
        facts=[*steady(minutes=64), *dead_trunk("10:02"), *dead_trunk("10:02", "pbx/trunk-c")],
        closes=[close_row("11:00")],
        slices=[slice_row("ivan"), slice_row("petr", level="ok", p_below=0.1)],
        tasks=[task_row("ivan")],
    )
    await eventually(all_of(engine, 6), "delivery", 40)
    groups = [one.group_key for one in slack.posts()]
    assert len(groups) == len(set(groups)) == 3
    async with engine.connect() as connection:
        transitions = (await connection.execute(sa.select(alert_transitions.c.transition))).scalars().all()
    assert transitions == [0, 0]


async def test_everything_it_missed_is_made_up_for(engine, environment, services, slack):
    """It starts on a day in progress: the outage, the slice and its tasks are told, without any news."""
    await tell(
        engine,
        facts=[*steady(minutes=64), *dead_trunk("10:02")],
        closes=[close_row("11:00")],
        slices=[slice_row("ivan")],
        tasks=[task_row("ivan")],
    )
    services.start("alerts", environment).wait_ready()
    await eventually(all_of(engine, 4), "delivery")
    assert {one.channel for one in slack.posts()} == {"C0FLOOR", "C0HUNTERS"}
