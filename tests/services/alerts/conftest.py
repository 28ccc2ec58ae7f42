"""A fake Slack, a database of one's own, and alerts' parts with quick retries."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.floor import Floor
from services.alerts.delivery.channels import Channels
from services.alerts.delivery.worker import Delivery
from services.alerts.metrics import Metrics
from services.alerts.notifiers import Making
from services.alerts.settings import AlertsSettings
from services.kit import postgres
from services.kit.clock import Clock
from tests.services.alerts.payloads import floor as parse_floor
from tests.support.fake_slack import TOKEN, FakeSlack, running_slack


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with running_slack() as found:
        yield found


@pytest.fixture
async def engine(postgres_dsn: str) -> AsyncIterator[AsyncEngine]:
    found = postgres.engine(postgres_dsn)
    yield found
    await found.dispose()


@pytest.fixture
def floor() -> Floor:
    return parse_floor()


@pytest.fixture
def settings(postgres_dsn: str, slack: FakeSlack) -> AlertsSettings:
    return quick_settings(postgres_dsn, slack)


def quick_settings(dsn: str, slack: FakeSlack, **changes: Any) -> AlertsSettings:
    values: dict[str, Any] = {
        "postgres_dsn": dsn,
        "kafka_bootstrap": "unused:1",
        "slack_api_url": slack.url,
        "alerts_send_timeout_s": 1,
        "alerts_lease_s": 3,
        "alerts_spacing_s": 0,
        "alerts_retry_s": 0.05,
        "alerts_retry_max_s": 0.2,
        **changes,
    }
    return AlertsSettings(**values)


@pytest.fixture
async def deliveries(engine: AsyncEngine, settings: AlertsSettings, floor: Floor) -> AsyncIterator[Any]:
    """Makes delivery workers, each with notifiers of its own: ``make(floor=…, environment=…)``."""
    made: list[Channels] = []

    async def make(
        on: Floor = floor, environment: dict[str, str] | None = None, with_settings: AlertsSettings = settings
    ) -> Delivery:
        known = {"SLACK_BOT_TOKEN": TOKEN} if environment is None else environment
        channels = Channels(Making(known, with_settings.slack_api_url, with_settings.alerts_send_timeout_s))
        await channels.follow(on)
        made.append(channels)
        return Delivery(engine, Clock(), with_settings, Metrics(), channels, lambda: on)

    yield make
    for channels in made:
        await channels.close()
