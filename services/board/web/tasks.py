"""Tasks and coaching cases: the page, ``/api/v1/tasks`` and ``/api/v1/coaching``."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response

from schemas.rows import CoachingRow, TaskRow
from services.board import record
from services.board.access import may
from services.board.storage import acts, revisions, tasks
from services.board.view.task import advice, again, dismissal, doubts, names_of, said, to_hear, verdict, wanted, way
from services.board.view.tasks import Around, May, agains, tasks_view, why
from services.board.web import filters
from services.board.web.allowed import about_own
from services.board.web.asking import person
from services.board.web.board import Board, listing, localized, no_team
from services.board.web.documented import answer
from services.reads import cases
from services.rules.tasks import repeats_since


def _may(board: Board, request: Request) -> Callable[[tasks.Task], May]:
    who = person(board, request)
    if who is None:
        return lambda task: May()
    return lambda task: May(
        may(who, "task", team=task.row.team, agent=task.row.agent),
        may(who, "acknowledge", team=task.row.team, agent=task.row.agent),
    )


def routes(board: Board) -> APIRouter:
    router = APIRouter()
    _lists(board, router)
    _record(board, router)
    _api(board, router)
    return router


def _lists(board: Board, router: APIRouter) -> None:
    @router.get("/tasks", include_in_schema=False)
    async def page(request: Request, date: filters.Day = None, team: filters.Team = None) -> Response:
        today, now = await board.whole_day(date)
        w = board.words(request, today.floor)
        async with board.reader.connect() as connection:
            dates = [task.row.date for task in today.tasks] or [today.date]
            known = await tasks.given_since(connection, repeats_since(today.floor, min(dates)))
            done = await acts.of_tasks(connection, [task.row.task for task in today.tasks])
        around = Around(done, agains(known, today.tasks, today.floor), _may(board, request))
        view = tasks_view(today, around, w, team or "")
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


def _record(board: Board, router: APIRouter) -> None:
    @router.get("/tasks/{task}", include_in_schema=False)
    async def one(request: Request, task: UUID) -> Response:
        async with board.reader.connect() as connection:
            found = await tasks.one(connection, str(task))
            if found is None:
                raise HTTPException(404, "no_task")
            floor, _ = await board.day(connection, found.row.date)
            about_own(floor, found.row.agent)
            seen = await record.read(connection, floor, found, board.clock.now())
            revised = await revisions.of_day(connection, found.row.date, slice_=found.slice, agent=found.row.agent)
        w = board.words(request, floor)
        names = names_of(floor, w)
        return board.render(
            request,
            "task.html",
            w,
            floor=floor,
            task=found,
            record=seen,
            agent_name=names.get(found.row.agent, found.row.agent),
            team=next((one.title for one in floor.teams if one.id == found.row.team), found.row.team),
            wanted=wanted(found, w),
            advice=advice(found, w),
            said=said(seen.acts),
            why=why(found, floor, w),
            hear=to_hear(found.evidence, names, found.row.agent, w),
            again=again(seen.again, w),
            history=way(seen, names, w),
            doubts=doubts(found, revised, w),
            ended=dismissal(seen.acts, names, w) if found.dismissed_at else verdict(found, floor, w),
            may=_may(board, request)(found),
        )


def _api(board: Board, router: APIRouter) -> None:
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
            found = await cases.find(connection, day=day.date, team=team, agent=agent)
        return listing(board.clock.now(), [localized(case.row, floor) for case in found], floor)
