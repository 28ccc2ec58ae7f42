"""The end of the day: the page, made to be printed, and ``/api/v1/report``."""

import asyncio
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.board.report import day as day_report
from services.board.report.rows import DayReport
from services.board.today import Today
from services.board.view.report import report_view
from services.board.web import filters
from services.board.web.board import Board, Json
from services.board.web.documented import PROBLEM, inlined
from services.rules.spans import at

Day = Annotated[
    filters.Day,
    Query(description="floor-local day, YYYY-MM-DD; default today, before work begins the last working day"),
]


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/report", include_in_schema=False)
    async def page(request: Request, date: Day = None) -> Response:
        today, moment, found = await _read(board, date)
        w = board.words(request, today.floor)
        return board.render(
            request,
            "report.html",
            w,
            floor=today.floor,
            today=today,
            moment=moment,
            report=found,
            view=report_view(today, found, w),
            previous=found.date - timedelta(days=1),
            following=found.date + timedelta(days=1),
        )

    @router.get(
        "/api/v1/report",
        tags=["report"],
        summary="The day as it ended",
        responses={
            200: {"description": "the day", "content": {"application/json": {"schema": inlined(DayReport)}}},
            400: {"description": "called by a name that is not allowed (SREZ_BOARD_HOSTS)"},
            503: {"description": "the database does not answer, or no floor was applied yet", **PROBLEM},
        },
    )
    async def api(date: Day = None) -> Response:
        """Plan and fact of floor and teams, agents, slices, tasks with their effect, coaching, incidents, data quality."""
        return Json((await _read(board, date))[2])

    return router


async def _read(board: Board, date: Date | None) -> tuple[Today, datetime, DayReport]:
    today, moment = await board.whole_day(date or await _default(board))
    async with board.reader.connect() as connection:
        seen = await day_report.read(connection, board.kept, today, moment)
    return today, moment, await asyncio.to_thread(day_report.report, today, moment, seen)


async def _default(board: Board) -> Date:
    today = await board.today()
    begins = today.day.hours[0][0] if today.day.hours else 0.0
    return day_report.last_day(today.floor, today.date, begun=at(board.clock.now()) >= begins)
