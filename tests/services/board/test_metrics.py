"""Team series: equal to PostgreSQL, absent while nothing is known, no series of agents."""

import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from schemas import tables
from schemas.facts import PAYMENT
from services.board.app import Service
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support import seed_floor
from tests.support.seed_floor import NOW, floor_text
from tests.support.servers import fresh_database


def samples(service: Service) -> dict[tuple[str, ...], float]:
    text = generate_latest(service.registry).decode()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_nothing_before_the_first_reading(service: Service) -> None:
    """Absent is honest."""
    names = {key[0] for key in samples(service)}
    assert "srez_team_funnel_today" not in names
    assert "srez_board_live_clients" in names


async def test_team_series(service: Service) -> None:
    """Counts, money and closed slices, as the floor shows them."""
    today = await service.live.reload()
    await service.teams.read(service.reader)
    found = samples(service)
    calls = sum(today.agents[agent.id].done["calls"] for agent in today.floor.agents if agent.team == "hunters")
    assert found["srez_team_funnel_today", "calls", "hunters"] == calls
    paid = sum(minor for (team, kind, _), minor in today.money.items() if (team, kind) == ("farmers", "payments"))
    assert found["srez_money_today", "RUB", "farmers", "payments"] == paid / 100
    chance = found["srez_plan_probability", "floor:main"]
    assert 0 < found["srez_plan_probability", "team:farmers"] < chance < found["srez_plan_probability", "team:hunters"]
    assert found["srez_slices_closed_total", "hunters", "true"] == 1
    assert found["srez_slices_closed_total", "false", "hunters"] == 1
    assert not any("gleb" in key for key in found)
    causes = {key[1]: value for key, value in found.items() if key[0] == "srez_money_at_risk"}
    assert set(causes) == {"technical", "number_list", "conversion", "volume", "unexplained"}
    assert all(value >= 0 for value in causes.values())


async def test_money_at_risk_is_that_of_the_pages(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the unit, also where somebody left the roster: their payments of last month make the mean on pages, and here too."""
    text = floor_text("ru").replace("3710000000", "9710000000")
    monkeypatch.setattr(seed_floor, "floor_text", lambda language: text)
    with fresh_database(postgres) as dsn:
        await seed_floor.seed(dsn)
        service = board_on(dsn)
        async with service.engine.begin() as connection:
            gone = sa.select(tables.facts.c.event_id).where(
                tables.facts.c.type == PAYMENT, tables.facts.c.day < NOW.date()
            )
            await connection.execute(
                sa.update(tables.facts)
                .where(tables.facts.c.event_id.in_(gone.order_by(tables.facts.c.event_id).limit(40)))
                .values(agent="gone", amount_minor=77_000_000)
            )
        await service.live.reload()
        await service.teams.read(service.reader)
        found = samples(service)
        async with client_of(service) as client:
            rows = (await client.get("/api/v1/forecast")).json()["at_risk"]
        await service.engine.dispose()
    (page,) = [row for row in rows if row["scope"] == "floor:main" and row["period"] == "day"]
    assert page["total"] > 0
    causes = {key[1]: round(100 * value) for key, value in found.items() if key[0] == "srez_money_at_risk"}
    assert sum(causes.values()) == page["total"]
    assert set(causes) == set(page["causes"])


async def test_no_plan_no_series(service: Service) -> None:
    """Without norms there is no plan of the day: the series is absent, not zero."""
    today = await service.live.reload()
    today.norms = {}
    names = {key[0] for key in samples(service)}
    assert not names & {"srez_plan_probability", "srez_money_at_risk"}
    assert "srez_team_funnel_today" in names
