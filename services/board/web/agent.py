"""One agent's day: the page and ``/api/v1/agents/{agent}/day``."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path, Request, Response

from schemas.steps import STEPS, Step
from services.board import quality
from services.board.storage import calls, issues, slices
from services.board.view.agent import agent_view
from services.board.view.pace import Day, by_half
from services.board.web import filters
from services.board.web.board import Board, listing, localized
from services.board.web.documented import answer
from services.reads import look, revisions
from services.rules.quality.forms import known_forms

Name = Annotated[str, Path(max_length=64, description="agent id")]


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One step at the end of one half-hour, since local midnight; ``done`` is null for what has not come yet."""

    agent: str
    step: Step
    at: datetime
    done: int | None
    due: float | None


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/agents/{agent}", include_in_schema=False)
    async def page(request: Request, agent: Name, date: filters.Day = None) -> Response:
        today, now = await board.whole_day(date)
        if agent not in today.floor.agent_by_id:
            raise HTTPException(404, "no_agent")
        async with board.reader.connect() as connection:
            own = await calls.find(connection, today.date, agents=(agent,), limit=200)
            rows = await slices.find(connection, today.floor, today.date, agent=agent)
            below = await issues.below(connection, today.date)
            past = await look.frozen(connection, today.date, agent=agent)
            revised = await revisions.of_day(connection, today.date, agent=agent)
            known = known_forms(floor for _, _, floor in await board.floors())
            heard = await quality.of_agent(connection, today.floor, today.day, known, agent)
        w = board.words(request, today.floor)
        names = list(dict.fromkeys(row.slice for row in rows))
        drops = [one for name in names for one in look.drops(past, today.date, name, today.floor)]
        view = agent_view(today, agent, now, own, rows, w, below=below, drops=drops, revisions=revised)
        return board.render(request, "agent.html", w, floor=today.floor, today=today, now=now, view=view, quality=heard)

    @router.get(
        "/api/v1/agents/{agent}/day",
        tags=["agents"],
        summary="An agent's day by half-hours",
        responses={**answer(DayRow, "steps by half-hours"), 404: {"description": "not on the roster"}},
    )
    async def api(agent: Name, date: filters.Day = None) -> Response:
        """Every step through the day, against what was due."""
        today, now = await board.whole_day(date)
        if agent not in today.floor.agent_by_id:
            raise HTTPException(404, "no_agent")
        day = Day(today, now)
        rows = []
        for step in STEPS:
            curve = day.curve([agent], by_half(today.halves, step, agent=agent), step, width=1, height=4)
            for point in curve.points:
                due = None if point.due is None else round(point.due, 6)
                rows.append(DayRow(agent=agent, step=step, at=point.at, done=point.done, due=due))
        return listing(today.as_of, [localized(row, today.floor) for row in rows], today.floor)

    return router
