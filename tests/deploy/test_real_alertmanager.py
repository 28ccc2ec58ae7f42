"""Srez tells a real Alertmanager of a dead trunk: it fires there for as long as it fires here, through kills and restarts on
both sides, and is resolved exactly once."""

import hashlib
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa

from schemas.tables import floors
from services.kit import postgres
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import dead_trunk, tell
from tests.services.alerts.test_evaluation import steady
from tests.support.monitoring import ALERTMANAGER, MISSING, alertmanager
from tests.support.running import embedded_environment
from tests.support.sink import running_sink
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.skipif(ALERTMANAGER is None, reason=MISSING)]
TEXT = FLOOR.split("notify:")[0] + "notify:\n  channels: [{id: am, kind: alertmanager, url: {env: AM_URL}}]\n"
CONFIG = """
route: {{receiver: sink, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: sink, webhook_configs: [{{url: "{url}/told", send_resolved: true}}]}}]
"""
KEEP_S = 2
"""So often it is told again; left alone an alert lives five times as long."""


@pytest.fixture
def sink():
    with running_sink() as found:
        yield found


@pytest.fixture
def receiver(tmp_path, sink):
    config = tmp_path / "alertmanager.yml"
    config.write_text(CONFIG.format(url=sink.url))
    running = alertmanager(tmp_path, config)
    yield running
    running.stop()


@pytest.fixture
async def engine(postgres_dsn):
    found = postgres.engine(postgres_dsn)
    async with found.begin() as connection:
        values = {"applied_at": datetime(2026, 11, 1, tzinfo=UTC), "text": TEXT}
        await connection.execute(sa.insert(floors).values(**values, hash=hashlib.sha256(TEXT.encode()).digest()))
    yield found
    await found.dispose()


def settings(dsn, broker, receiver, clock):
    return {
        **embedded_environment(dsn, broker),
        "AM_URL": receiver.url,
        "SREZ_CLOCK": f"2026-11-23T{clock}:00+03:00",
        "SREZ_ALERTS_LOOK_S": "0.3",
        "SREZ_ALERTS_LINES_S": "0.5",
        "SREZ_ALERTS_KEEP_S": str(KEEP_S),
        "SREZ_ALERTS_RETRY_S": "0.2",
        "SREZ_ALERTS_RETRY_MAX_S": "1",
        "SREZ_ALERTS_SEND_TIMEOUT_S": "2",
        "SREZ_ALERTS_LEASE_S": "4",
    }


async def shown(receiver):
    """Alerts that fire there now."""
    async with httpx.AsyncClient(base_url=receiver.url, timeout=5) as client:
        return (await client.get("/api/v2/alerts")).json()


def told(sink, status):
    """Of how many alerts the receiver behind Alertmanager was told this."""
    return sum(one["status"] == status for _, body in sink.posted for one in body["alerts"])


async def test_fires_as_long_as_it_lasts_and_ends_once(engine, postgres_dsn, broker, services, receiver, sink):
    early = settings(postgres_dsn, broker, receiver, "10:04")
    first = services.start("alerts", early).wait_ready()
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])

    async def fires():
        found = await shown(receiver)
        return found if len(found) == 1 else None

    (alert,) = await eventually(fires, "the trunk to fire")
    assert alert["labels"]["alertname"] == "SrezOutage"
    assert alert["labels"]["scope"] == "line:pbx/trunk-b"
    first_life = datetime.fromisoformat(alert["endsAt"])

    async def outlived():
        found = await shown(receiver)
        assert len(found) == 1, "it must not end while it fires"
        return datetime.now(UTC) > first_life

    await eventually(outlived, "it to live longer than one telling", 60)

    first.kill()
    second = services.start("alerts", early).wait_ready()
    receiver.restart()
    (again,) = await eventually(fires, "a restarted Alertmanager to know it again", 60)
    assert (again["fingerprint"], again["startsAt"]) == (alert["fingerprint"], alert["startsAt"])
    assert (told(sink, "firing"), told(sink, "resolved")) == (1, 0)

    second.kill()
    await tell(engine, facts=[*steady("10:05", 14, "pbx/trunk-b"), *steady("10:04", 20)])
    late = settings(postgres_dsn, broker, receiver, "10:20")
    third = services.start("alerts", late).wait_ready()

    async def ended():
        return await shown(receiver) == [] and told(sink, "resolved") == 1

    await eventually(ended, "the trunk to be over", 60)
    third.kill()
    fourth = services.start("alerts", late).wait_ready()
    await eventually(lambda: _kept(fourth), "its end to be told again", 60)
    assert await shown(receiver) == []
    assert (told(sink, "firing"), told(sink, "resolved")) == (1, 1)


def _kept(service):
    return 'srez_channel_kept_timestamp_seconds{channel="am"}' in httpx.get(f"{service.url}/metrics", timeout=5).text


async def test_a_dead_srez_does_not_fire_for_ever(engine, postgres_dsn, broker, services, receiver):
    """Killed and not started again: five tellings later Alertmanager ends it by itself; a Srez that comes back says it again."""
    environment = settings(postgres_dsn, broker, receiver, "10:04") | {"SREZ_ALERTS_KEEP_S": "0.4"}
    first = services.start("alerts", environment).wait_ready()
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])

    async def count():
        return len(await shown(receiver))

    await eventually(count, "the trunk to fire")
    first.kill()

    async def forgotten():
        return await count() == 0

    await eventually(forgotten, "Alertmanager to take it for over")
    services.start("alerts", environment).wait_ready()
    await eventually(count, "the trunk to fire again")
