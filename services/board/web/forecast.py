"""The Forecast page and ``/api/v1/forecast``: how the day and the month will end, and what is at risk."""

import asyncio
from datetime import date as Date
from datetime import datetime
from typing import Literal

import msgspec
from fastapi import APIRouter, Request, Response

from schemas.steps import MonthUnit, Step
from services.board import ahead
from services.board.ahead import Ahead, Foresight
from services.board.today import Today
from services.board.view.forecast import forecast_view
from services.board.web import filters
from services.board.web.board import Board, listing
from services.board.web.documented import answer, inlined
from services.reads.forecast import Foreseen, every
from services.rules.forecast import Forecast, whole
from services.rules.money.month import Missing, Parts
from services.rules.money.months import MonthsTold
from services.rules.money.risk import AtRisk, Cause


class ForecastRow(msgspec.Struct, frozen=True, kw_only=True):
    """One scope × step with a norm. ``low`` … ``high`` is the 80 % interval of the count at the end of the day;
    ``p_plan`` the probability of reaching ``plan``, null where nothing is planned; ``plan_count``: the whole count that
    reaches it, as pages show it."""

    scope: str
    step: Step
    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None
    plan_count: int | None


class MonthParts(msgspec.Struct, frozen=True, kw_only=True):
    """Means that add up: ``paid`` so far, ``open`` invoices, invoices ``ahead``, payments ``unlinked`` to any invoice."""

    paid: float
    open: float
    ahead: float
    unlinked: float


class MonthRow(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of the month: a count, or minor units of the reporting currency. All null but ``missing`` where too
    little is known: ``links`` payments that name their invoice, ``lag`` paid invoices, ``pace`` recent invoices,
    ``amounts`` recent payments."""

    scope: str
    unit: MonthUnit
    currency: str | None
    done: int | None
    plan: float | None
    median: int | None
    low: int | None
    high: int | None
    p_plan: float | None
    parts: MonthParts | None
    missing: list[Missing]


class RiskRow(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units of ``currency`` by which the median misses the plan; ``causes`` add up to ``total``. ``broken`` is the
    step whose conversion is broken first."""

    scope: str
    period: Literal["day", "month"]
    currency: str
    total: int
    causes: dict[Cause, int]
    broken: Step | None


class ToldRow(msgspec.Struct, frozen=True, kw_only=True):
    """The end of the month of the whole floor as foretold at the last close of ``date``. ``unit`` as in ``month``; ``end``:
    what the month gave, null while it runs."""

    date: Date
    unit: MonthUnit
    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None
    end: int | None


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/forecast", include_in_schema=False)
    async def page(request: Request) -> Response:
        today = await board.today()
        now = board.clock.now()
        found = await _foresee(board, today, now)
        w = board.words(request, today.floor)
        return board.render(
            request, "forecast.html", w, floor=today.floor, today=today, now=now, view=forecast_view(today, found, w)
        )

    @router.get(
        "/api/v1/forecast",
        tags=["forecast"],
        summary="End of the day and the month",
        responses=answer(
            ForecastRow,
            "the floor, teams and agents by step",
            month={"type": "array", "items": inlined(MonthRow)},
            at_risk={"type": "array", "items": inlined(RiskRow)},
            told={"type": "array", "items": inlined(ToldRow)},
        ),
    )
    async def api(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Counts expected by the end of today and how likely the plan of the day is; the month's payments of floor and
        teams; money at risk by cause; how the month was foretold day by day."""
        today = await board.today()
        now = board.clock.now()
        found = await _foresee(board, today, now)
        rows = await asyncio.to_thread(lambda: [_row(one) for one in every(today, now, team=team, agent=agent)])
        chosen = [
            one
            for one in found.scopes
            if agent is None and (team is None or (one.team is not None and one.team.id == team))
        ]
        currency = today.floor.currency
        return listing(
            today.as_of,
            rows,
            today.floor,
            month=[row for one in chosen for row in _month(one, currency)],
            at_risk=[row for one in chosen for row in _risks(one, currency)],
            told=_told(found.months) if team is None and agent is None else [],
        )

    return router


async def _foresee(board: Board, today: Today, now: datetime) -> Foresight:
    async with board.reader.connect() as connection:
        seen = await ahead.read(connection, board.kept, today, now)
    return await asyncio.to_thread(ahead.foresee, today, seen, now)


def _row(one: Foreseen) -> ForecastRow:
    found = one.forecast
    return ForecastRow(
        scope=one.scope,
        step=one.step,
        done=found.done,
        plan=_rounded(found.plan),
        median=found.median,
        low=found.low,
        high=found.high,
        p_plan=_rounded(found.p_plan),
        plan_count=None if found.plan is None else whole(found.plan),
    )


def _month(one: Ahead, currency: str) -> list[MonthRow]:
    month = one.month
    return [
        _month_row(one, "payments", None, month.count, month.count_parts),
        _month_row(one, "minor", currency, month.minor, month.minor_parts),
    ]


def _month_row(
    one: Ahead, unit: Literal["payments", "minor"], currency: str | None, found: Forecast | None, parts: Parts | None
) -> MonthRow:
    return MonthRow(
        scope=one.scope,
        unit=unit,
        currency=currency,
        done=found.done if found else None,
        plan=found.plan if found else None,
        median=found.median if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        p_plan=_rounded(found.p_plan) if found else None,
        parts=MonthParts(paid=parts.paid, open=parts.open, ahead=parts.ahead, unlinked=parts.unlinked)
        if parts
        else None,
        missing=list(one.month.missing) if found is None else [],
    )


def _told(found: MonthsTold) -> list[ToldRow]:
    """The newest first."""
    ended = [(told, month.end) for month in found.kept for told in reversed(month.told)]
    running = [(told, None) for told in reversed(found.current)]
    return [
        ToldRow(
            date=one.date,
            unit=found.unit,
            done=one.done,
            plan=one.plan,
            median=one.median,
            low=one.low,
            high=one.high,
            p_plan=one.p_plan,
            end=end,
        )
        for one, end in [*running, *ended]
    ]


def _risks(one: Ahead, currency: str) -> list[RiskRow]:
    found: list[tuple[Literal["day", "month"], AtRisk | None]] = [("day", one.day_risk), ("month", one.month_risk)]
    return [
        RiskRow(
            scope=one.scope,
            period=period,
            currency=currency,
            total=risk.total,
            causes=dict(risk.causes),
            broken=risk.broken,
        )
        for period, risk in found
        if risk is not None
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
