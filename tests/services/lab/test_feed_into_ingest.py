"""A whole simulated day fed into the real ingest: journal = accepted requests, stored facts = the truth."""

import time
from pathlib import Path

import asyncpg
import pytest

from services.kit.clock import Clock
from services.lab.feeder import feed
from services.lab.ledger import read
from services.lab.simulate import scenario_named, simulate
from tests.services.lab.floors import ENVIRONMENT, EXAMPLE, example
from tests.support.running import Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

COUNT = """
SELECT agent, count(*) FILTER (WHERE direction = 'outbound') AS calls,
       count(*) FILTER (WHERE disposition = 'answered' AND talk_s >= 600) AS long_calls,
       count(*) FILTER (WHERE type = 'srez.payment.received.v1') AS payments
FROM facts WHERE agent IS NOT NULL GROUP BY agent
"""


async def test_a_fed_day_is_stored_as_it_was(
    tmp_path: Path, postgres_dsn: str, broker: str, services: Services
) -> None:
    """The demo day, all at once: duplicates and odd bodies are journaled, each fact is stored once, counts are true."""
    floor = example()
    day = simulate(floor, scenario_named("demo"), seed=9)
    clock = Clock(day.days[0].ends, 1.0, time.time())
    connection = await asyncpg.connect(postgres_dsn)
    text = EXAMPLE.read_text(encoding="utf-8")
    await connection.execute(
        "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, '')", day.days[0].starts, text
    )
    settings = {
        **embedded_environment(postgres_dsn, broker),
        **ENVIRONMENT,
        "SREZ_CLOCK": day.days[0].ends.isoformat(),
        "SREZ_CLOCK_ANCHOR": f"{clock.anchor}",
    }
    ingest = services.start("ingest", settings).wait_ready()
    path = tmp_path / "ledger.ndjson"
    report = await feed(floor, day, ingest_url=ingest.url, secrets=ENVIRONMENT, clock=clock, ledger_path=path)
    assert report.well, report
    assert await connection.fetchval("SELECT count(*) FROM journal") == report.accepted == len(list(read(path)))

    async def parsed() -> bool:
        return bool(await connection.fetchval("SELECT NOT EXISTS (SELECT FROM journal WHERE state = 'new')"))

    await eventually(parsed, "the journal to be parsed", 60)
    stored = {str(row["event_id"]) for row in await connection.fetch("SELECT event_id FROM facts")}
    assert stored == {fact.id for fact in day.deliveries}
    (counts,) = day.truth.counts.values()
    for row in await connection.fetch(COUNT):
        told = counts[row["agent"]]
        assert (row["calls"], row["long_calls"], row["payments"]) == (
            told["calls"].day,
            told["long_calls"].day,
            told["payments"].day,
        )
    assert await connection.fetchval("SELECT count(*) FROM facts WHERE agent IS NULL") == len(day.truth.unattributed)
    assert await connection.fetchval("SELECT count(*) FROM journal WHERE state = 'rejected'") > 0
    await connection.close()
