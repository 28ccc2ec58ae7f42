"""Tasks and coaching cases: the page, ``/api/v1/tasks`` and ``/api/v1/coaching``."""

from fastapi import APIRouter, Request, Response

from schemas.rows import CoachingRow, TaskRow
from services.board.storage import calls, tasks
from services.board.view.tasks import tasks_view, wanted_calls
from services.board.web import filters
from services.board.web.board import Board, listing, localized, no_team
from services.board.web.documented import answer

HEARD = 50
"""So many open tasks get calls to hear; a floor beyond that reads them one by one."""


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/tasks", include_in_schema=False)
    async def page(request: Request, date: filters.Day = None, team: filters.Team = None) -> Response:
        today, now = await board.whole_day(date)
        w = board.words(request, today.floor)
        hear = {}
        async with board.reader.connect() as connection:
            for task in [task for task in today.tasks if task.open][:HEARD]:
                own = await calls.find(
                    connection, task.row.date, end=task.row.opened, agents=(task.row.agent,), min_talk_s=1
                )
                hear[task.row.task] = wanted_calls(task, own, today.floor)
        view = tasks_view(today, hear, w, team or "")
        unknown = no_team(today.floor, team, w)
        return board.render(
            request,
            "tasks.html",
            w,
            status=404 if unknown else 200,
            unknown=unknown,
            floor=today.floor,
            view=view,
            today=today,
            now=now,
            team=team or "",
        )

    @router.get("/api/v1/tasks", tags=["tasks"], summary="Tasks", responses=answer(TaskRow, "tasks of the day"))
    async def api(
        date: filters.Day = None,
        slice: filters.Slice = None,
        team: filters.Team = None,
        agent: filters.Agent = None,
    ) -> Response:
        """Tasks given on a day, each with its latest state; an open one has no ``result``."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            found = await tasks.find(connection, day=day.date, slice_=slice, team=team, agent=agent)
        return listing(board.clock.now(), [localized(task.row, floor) for task in found], floor)

    @router.get(
        "/api/v1/coaching", tags=["tasks"], summary="Coaching cases", responses=answer(CoachingRow, "cases of the day")
    )
    async def coaching(date: filters.Day = None, team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Cases opened on a day: who goes to the trainer, and why."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            found = await tasks.coaching(connection, day=day.date, team=team, agent=agent)
        return listing(board.clock.now(), [localized(case.row, floor) for case in found], floor)

    return router
