"""``/api/v1/forecast``: how the day will end, step by step."""

import asyncio

import msgspec
from fastapi import APIRouter, Response

from schemas.steps import Step
from services.board.forecast import Foreseen, every
from services.board.web import filters
from services.board.web.board import Board, listing
from services.board.web.documented import answer


class ForecastRow(msgspec.Struct, frozen=True, kw_only=True):
    """One scope × step with a norm. ``low`` … ``high`` is the 80 % interval of the count at the end of the day;
    ``p_plan`` the probability of reaching ``plan``, null where nothing is planned."""

    scope: str
    step: Step
    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get(
        "/api/v1/forecast",
        tags=["forecast"],
        summary="End of the day",
        responses=answer(ForecastRow, "the floor, teams and agents by step"),
    )
    async def api(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Counts expected by the end of today, and how likely the plan of the day is."""
        today = await board.today()
        now = board.clock.now()
        rows = await asyncio.to_thread(lambda: [_row(one) for one in every(today, now, team=team, agent=agent)])
        return listing(today.as_of, rows, today.floor)

    return router


def _row(one: Foreseen) -> ForecastRow:
    found = one.forecast
    return ForecastRow(
        scope=one.scope,
        step=one.step,
        done=found.done,
        plan=None if found.plan is None else round(found.plan, 6),
        median=found.median,
        low=found.low,
        high=found.high,
        p_plan=None if found.p_plan is None else round(found.p_plan, 6),
    )
