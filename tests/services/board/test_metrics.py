"""Team series: equal to PostgreSQL, absent while nothing is known, no series of agents."""

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.board.app import Service
from services.board.metrics import _count
from services.board.storage import closes


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
    async with service.reader.connect() as connection:
        service.teams.closed = _count(await closes.every(connection))
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


async def test_no_plan_no_series(service: Service) -> None:
    """Without norms there is no plan of the day: the series is absent, not zero."""
    today = await service.live.reload()
    today.norms = {}
    names = {key[0] for key in samples(service)}
    assert not names & {"srez_plan_probability", "srez_money_at_risk"}
    assert "srez_team_funnel_today" in names
