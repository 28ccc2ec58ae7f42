"""Series of teams, from PostgreSQL (DESIGN §6, §10). Absent is honest: without a fresh reading nothing is exported.

The board owns team series, money and closed slices; agents' series belong to the aggregator's workers, alerts to alerts.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.steps import STEPS
from services.board.live import Live
from services.board.storage import closes
from services.board.storage.reader import DATABASE_ERRORS, Reader
from services.board.today import Today
from services.kit import logs
from services.reads.forecast import of_team, paid_by
from services.reads.risk import risk_of_day
from services.rules.money.units import unit
from services.rules.trust import of_everybody

STALE_S = 60.0


class Teams(Collector):
    """Team series of the reading that pages show."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.closed: Counter[tuple[str, bool]] | None = None

    def collect(self) -> Iterable[Metric]:
        today, age_s = self._live.today, self._live.age_s
        if today is None or age_s is None or age_s > STALE_S:
            return
        yield _funnel(today)
        yield _money(today)
        yield _plan(today, self._live.clock.now())
        yield _at_risk(today, self._live.clock.now())
        if self.closed is not None:
            yield _closed(today, self.closed)

    async def follow_closes(self, reader: Reader, every_s: float) -> None:
        """Count closed slices for ever."""
        while True:
            try:
                async with reader.connect() as connection:
                    found = await closes.every(connection)
                self.closed = _count(found)
            except DATABASE_ERRORS as error:
                self.closed = None
                logs.get().warning("cannot count closed slices", error=type(error).__name__)
            await asyncio.sleep(every_s)


def register(registry: CollectorRegistry, live: Live) -> Teams:
    teams = Teams(live)
    registry.register(teams)
    Gauge("srez_board_live_clients", "Open live streams.", registry=registry).set_function(lambda: live.clients)
    age = Gauge("srez_board_reading_age_seconds", "Age of the data shown; -1 before the first.", registry=registry)
    age.set_function(lambda: -1.0 if live.age_s is None else live.age_s)
    return teams


def _count(found: Iterable[closes.Close]) -> Counter[tuple[str, bool]]:
    counted: Counter[tuple[str, bool]] = Counter()
    for close in found:
        for team in close.trust:
            counted[team, not any(map(of_everybody, close.reasons(team).values()))] += 1
    return counted


def _funnel(today: Today) -> Metric:
    family = GaugeMetricFamily("srez_team_funnel_today", "Counts since local midnight.", labels=("team", "step"))
    for team in today.floor.teams:
        members = [agent.id for agent in today.floor.agents if agent.team == team.id]
        for step in STEPS:
            family.add_metric((team.id, step), sum(today.agents[agent].done.get(step, 0) for agent in members))
    return family


def _money(today: Today) -> Metric:
    family = GaugeMetricFamily(
        "srez_money_today",
        "Money since local midnight, whole currency units; payments are net of refunds.",
        labels=("team", "kind", "currency"),
    )
    sums = {(team.id, kind, today.floor.currency): 0 for team in today.floor.teams for kind in ("invoices", "payments")}
    for key, minor in {**sums, **today.money}.items():
        family.add_metric(key, minor / unit(key[2]))
    return family


def _plan(today: Today, now: datetime) -> Metric:
    """Absent where there is no plan."""
    family = GaugeMetricFamily(
        "srez_plan_probability", "Probability that payments reach the plan of the day.", labels=("scope",)
    )
    scopes = [(f"floor:{today.floor.floor}", None), *((f"team:{team.id}", team) for team in today.floor.teams)]
    for scope, team in scopes:
        found = of_team(today, team, "payments", now)
        if found is not None and found.p_plan is not None:
            family.add_metric((scope,), found.p_plan)
    return family


def _at_risk(today: Today, now: datetime) -> Metric:
    """Of the whole floor today; absent without a plan or a mean payment."""
    family = GaugeMetricFamily(
        "srez_money_at_risk",
        "Money by which the day's payments are expected to miss the plan, whole currency units, by cause.",
        labels=("cause",),
    )
    paid, per_unit = paid_by(today, None), unit(today.floor.currency)
    if not today.day.working or paid.recent_count < today.floor.forecast.min_payments:
        return family
    risk = risk_of_day(today, None, paid.recent_minor / paid.recent_count, now)
    for cause, minor in risk.causes.items() if risk else ():
        family.add_metric((cause,), minor / per_unit)
    return family


def _closed(today: Today, counted: Counter[tuple[str, bool]]) -> Metric:
    family = CounterMetricFamily("srez_slices_closed", "Slices closed ever.", labels=("team", "trusted"))
    for team in today.floor.teams:
        for trusted in (True, False):
            family.add_metric((team.id, str(trusted).lower()), counted[team.id, trusted])
    return family
