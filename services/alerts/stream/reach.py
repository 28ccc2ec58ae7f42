"""Looks whether Kafka can be reached and knows our topics: aiokafka itself only retries, and says so to nobody but the log.

A memory-only broker that was restarted has forgotten the topics; they are made again, so that changes are told and heard.
"""

import asyncio
from typing import Final

from schemas.topics import ALERTS, HEALTH, SLICES
from services.alerts.settings import AlertsSettings
from services.alerts.stream.news import News
from services.kit import logs
from services.kit.errors import SrezError
from services.kit.kafka import ensure_topics

LOOK_S: Final = 5.0
AWAY: Final = "Kafka does not answer; start the broker, or mend SREZ_KAFKA_BOOTSTRAP"


class Reach:
    """``news.away`` says that it cannot be reached. Nothing waits for it but news: alerts go on by PostgreSQL and the clock."""

    def __init__(self, settings: AlertsSettings, news: News) -> None:
        self._settings, self._news = settings, news
        self.reached = asyncio.Event()

    async def run(self) -> None:
        """For ever. Raises: Misconfigured when a topic has another number of partitions."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S if self._news.away is None else 1)

    async def look(self) -> None:
        settings = self._settings
        try:
            await ensure_topics(
                settings.kafka_bootstrap,
                (HEALTH, SLICES, ALERTS),
                partitions=settings.partitions,
                replication=settings.kafka_replication,
                durable=settings.kafka_durable,
            )
        except SrezError as error:
            if not error.retryable:
                raise
            self._news.away = AWAY
            logs.get().warning(
                "Kafka does not answer: alerts go by PostgreSQL and the clock until it is back",
                mend="start the broker, or mend SREZ_KAFKA_BOOTSTRAP", error=str(error)[:300], seldom=True,
            )  # fmt: skip
            return
        if self._news.away is not None:
            logs.get().info("Kafka answers")
        self._news.away = None
        self.reached.set()
