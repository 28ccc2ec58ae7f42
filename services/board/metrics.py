"""Series of teams, from PostgreSQL (DESIGN §6, §10). Absent is honest: without a fresh reading nothing is exported.

The board owns team series, money and closed slices; agents' series belong to the aggregator's workers, alerts to alerts.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import date as Date
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
from services.reads import invoices
from services.reads.forecast import of_team
from services.reads.kept import Kept
from services.reads.risk import mean_payment, risk_of_day
from services.rules.money.units import unit
from services.rules.trust import of_everybody

STALE_S = 60.0


class Teams(Collector):
    """Team series of the reading that pages show."""

    def __init__(self, live: Live, kept: Kept) -> None:
        self._live, self._kept = live, kept
        self.closed: Counter[tuple[str, bool]] | None = None
        self.mean: tuple[Date, float | None] | None = None
        """(day, what a payment brings, minor units), by the books that the Forecast page reckons with."""

    def collect(self) -> Iterable[Metric]:
        today, age_s = self._live.today, self._live.age_s
        if today is None or age_s is None or age_s > STALE_S:
            return
        yield _funnel(today)
        yield _money(today)
        yield _plan(today, self._live.clock.now())
        if self.mean is not None and self.mean[0] == today.date:
            yield _at_risk(today, self.mean[1], self._live.clock.now())
        if self.closed is not None:
            yield _closed(today, self.closed)

    async def follow(self, reader: Reader, every_s: float) -> None:
        """Read what needs the database for ever; soon again while the board has not read its first day."""
        while True:
            try:
                await self.read(reader)
            except DATABASE_ERRORS as error:
                self.closed = self.mean = None
                logs.get().warning("cannot read series", error=type(error).__name__, seldom=True)
            await asyncio.sleep(every_s if self.mean is not None else min(every_s, 1.0))

    async def read(self, reader: Reader) -> None:
        """Count closed slices; what a payment brings today."""
        today = self._live.today
        async with reader.connect() as connection:
            self.closed = _count(await closes.every(connection))
            if today is not None:
                books = await invoices.of_days(connection, self._kept, today.floor, today.date)
                self.mean = today.date, mean_payment(books, today.floor, today.date)


def register(registry: CollectorRegistry, live: Live, kept: Kept) -> Teams:
    teams = Teams(live, kept)
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


def _at_risk(today: Today, mean_minor: float | None, now: datetime) -> Metric:
    """Of the whole floor today, as its pages tell it; absent without a plan or a mean payment."""
    family = GaugeMetricFamily(
        "srez_money_at_risk",
        "Money by which the day's payments are expected to miss the plan, whole currency units, by cause.",
        labels=("cause",),
    )
    per_unit = unit(today.floor.currency)
    risk = risk_of_day(today, None, mean_minor, now) if today.day.working else None
    for cause, minor in risk.causes.items() if risk else ():
        family.add_metric((cause,), minor / per_unit)
    return family


def _closed(today: Today, counted: Counter[tuple[str, bool]]) -> Metric:
    family = CounterMetricFamily("srez_slices_closed", "Slices closed ever.", labels=("team", "trusted"))
    for team in today.floor.teams:
        for trusted in (True, False):
            family.add_metric((team.id, str(trusted).lower()), counted[team.id, trusted])
    return family
