"""The Floor page and ``/api/v1/floor``."""

import json
from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec
from fastapi import APIRouter, Query, Request, Response

from schemas.facts import StateName
from schemas.rows import TaskRow
from schemas.steps import Step
from services.board.cells import agent_cells, team_cells
from services.board.standing import Shown, standing
from services.board.view.floor import floor_view, money_today, slice_summary
from services.board.view.saying import say
from services.board.web import filters
from services.board.web.asking import may_alert
from services.board.web.board import Board, listing, localized, no_team
from services.board.web.documented import answer

Order = Annotated[Literal["", "need", "name"], Query(description="order of agents; default the floor's")]


class FloorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One agent now. ``due`` is the part of the norm due by this moment, ``due_day`` by the end of the day."""

    agent: str
    name: str
    team: str
    done: dict[Step, int]
    due: dict[Step, float | None]
    due_day: dict[Step, float | None]
    short_calls: int
    state: str | None
    state_since: datetime | None
    last_call_at: datetime | None
    level: Shown
    step: Step | None
    p_below: float | None
    task: TaskRow | None


class TeamNow(msgspec.Struct, frozen=True, kw_only=True):
    team: str
    done: dict[Step, int]
    due: dict[Step, float | None]
    due_day: dict[Step, float | None]


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def page(request: Request, team: filters.Team = None, order: Order = "") -> Response:
        today = await board.today()
        now = board.clock.now()
        w = board.words(request, today.floor)
        view = floor_view(today, now, w, team=team or "", order=order)
        unknown = no_team(today.floor, team, w)
        return board.render(
            request,
            "floor.html",
            w,
            status=404 if unknown else 200,
            unknown=unknown,
            floor=today.floor,
            view=view,
            today=today,
            now=now,
            may_act=may_alert(board, request),
            team=team or "",
            order=order or today.floor.board.order,
            states=json.dumps({name: w(f"state.{name}") for name in get_args(StateName)}, ensure_ascii=False),
            payments=money_today(today, "payments"),
            summary=slice_summary(today),
            recent_alerts=[say(alert, today.floor, w) for alert in today.alerts[:4]],
        )

    @router.get(
        "/api/v1/floor",
        tags=["floor"],
        summary="Agents now",
        responses=answer(FloorRow, "agents of the floor", teams={"type": "array"}, late={"type": "integer"}),
    )
    async def api(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Live counts of everybody on the roster, with the standing of the last closed slice."""
        today = await board.today()
        now = board.clock.now()
        rows = []
        for one in today.floor.agents:
            if team not in (None, one.team) or agent not in (None, one.id):
                continue
            stands = standing(today, one.id)
            task = today.open_task(one.id)
            rows.append(
                FloorRow(
                    name=one.title,
                    team=one.team,
                    level=stands.level,
                    step=stands.step,
                    p_below=stands.p_below,
                    task=localized(task.row, today.floor) if task else None,
                    **agent_cells(today, one.id, now),
                )
            )
        teams = [TeamNow(**team_cells(today, one.id, now)) for one in today.floor.teams if team in (None, one.id)]
        return listing(
            today.as_of,
            [localized(row, today.floor) for row in rows],
            today.floor,
            teams=teams,
            late=today.freshness.late,
        )

    return router
