"""Coaching: the list, one case, what the trainer writes, and the fair effect; ``/api/v1/effects``."""

from datetime import date as Date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Body, HTTPException, Request, Response
from pydantic import Field

from schemas.acts import Close, CoachingAct, Outcome, Plan
from schemas.steps import STEPS
from services.board import coaching
from services.board.access import Person, may
from services.board.sight import sight
from services.board.view.coaching import case_view, effect_lines, line_of
from services.board.view.task import names_of
from services.board.web import filters
from services.board.web.acting import ANSWERS, Text
from services.board.web.allowed import about_own
from services.board.web.asking import Asked, asking, check, person
from services.board.web.board import Board, Json, listing, no_team
from services.board.web.documented import answer, inlined
from services.reads import cases
from services.rules.day import date_of


class PlanBody(Asked):
    """The trainer's plan; the newest counts."""

    text: Annotated[Text, Field(min_length=1)]
    focus: Text = ""
    calls: list[filters.Name] = Field([], max_length=20)
    trainer: filters.Name = ""
    on: Date | None = None


class CloseBody(Asked):
    outcome: Outcome
    note: Text = ""


class CaseDone(msgspec.Struct, frozen=True, kw_only=True):
    """``new``: false when this was said before."""

    case: str
    new: bool


class EffectRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of tasks on a step (``kind`` step) or of a trainer's cases (trainer); shares of what was expected without help.

    ``effect``, ``low``, ``high`` (80 %) are null where there is too little to say; ``naive``: after against before.
    """

    kind: str
    name: str
    episodes: int
    agents: int
    done: int
    expected: float
    effect: float | None
    low: float | None
    high: float | None
    naive: float | None


CASE_ANSWERS: dict[int | str, dict[str, Any]] = {
    **ANSWERS,
    200: {"description": "done", "content": {"application/json": {"schema": inlined(CaseDone)}}},
    404: {**ANSWERS[404], "description": "no such case"},
    409: {**ANSWERS[409], "description": "the case is closed already"},
}


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/coaching", include_in_schema=False)
    async def page(request: Request, team: filters.Team = None) -> Response:
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            found = await cases.cases(connection, floor, day.date, team)
            who = person(board, request)
            effects = await coaching.effects(connection, floor, day.date, team) if _sees_effects(who) else None
        w = board.words(request, floor)
        seen = sight(floor, who)
        found = [one for one in found if seen is None or one.case.row.agent in seen]
        unknown = no_team(floor, team, w)
        return board.render(
            request,
            "coaching.html",
            w,
            status=404 if unknown else 200,
            unknown=unknown,
            floor=floor,
            team=team or "",
            cases=[line_of(one, floor, names_of(floor, w), w) for one in found],
            effects_of=effects is not None,
            steps=effect_lines({w(f"step.{step}"): one for step, one in effects.steps.items()}, w) if effects else [],
            trainers=effect_lines(_named(effects.trainers, names_of(floor, w), w("coaching.nobody")), w)
            if effects
            else [],
            window=floor.coaching.effect_days,
        )

    @router.get("/coaching/{case}", include_in_schema=False)
    async def one(request: Request, case: UUID) -> Response:
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            found = await cases.case(connection, floor, day.date, str(case))
            if found is None:
                raise HTTPException(404, "no_case")
            about_own(floor, found.case.row.agent)
            led = await coaching.leading(connection, floor, found.case)
        w, who = board.words(request, floor), person(board, request)
        row = found.case.row
        return board.render(
            request,
            "case.html",
            w,
            floor=floor,
            view=case_view(found, led, floor, names_of(floor, w), w),
            may_coach=who is not None and may(who, "coach", team=found.case.team, agent=row.agent),
        )

    @router.post("/api/v1/coaching/{case}/plan", tags=["tasks"], summary="Plan a case", responses=CASE_ANSWERS)
    async def plan(request: Request, case: UUID, body: Annotated[PlanBody, Body()]) -> Response:
        """What the trainer means to do; earlier plans stay in the history."""
        calls = tuple(dict.fromkeys(body.calls))
        act = Plan(text=body.text, focus=body.focus, calls=calls, trainer=body.trainer, on=body.on)
        return await _do(board, request, case, act, body.key)

    @router.post("/api/v1/coaching/{case}/close", tags=["tasks"], summary="Close a case", responses=CASE_ANSWERS)
    async def close(request: Request, case: UUID, body: Annotated[CloseBody, Body()]) -> Response:
        """The outcome as the trainer sees it. A new case may open from the re-check date on."""
        return await _do(board, request, case, Close(outcome=body.outcome, note=body.note), body.key)

    @router.get(
        "/api/v1/effects",
        tags=["tasks"],
        summary="Fair effect",
        responses=answer(EffectRow, "tasks by step and cases by trainer"),
    )
    async def effects(team: filters.Team = None) -> Response:
        """What tasks and trainers changed, regression to the mean removed, beside the plain before and after."""
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
            today = date_of(board.clock.now(), floor.zone)
            found = await coaching.effects(connection, floor, today, team)
        rows = [_row("step", step, found.steps[step]) for step in STEPS if step in found.steps]
        rows += [_row("trainer", name, one) for name, one in found.trainers.items()]
        return listing(board.clock.now(), rows, floor)

    return router


def _sees_effects(who: Person | None) -> bool:
    """What tasks and trainers changed is told of everybody together; an agent sees the own cases."""
    return who is None or who.role != "agent"


def _named(found: Any, names: dict[str, str], nobody: str) -> dict[str, Any]:
    return {names.get(name, name) or nobody: one for name, one in found.items()}


def _row(kind: str, name: str, one: Any) -> EffectRow:
    shares = {
        field: None if (value := getattr(one, field)) is None else round(value, 6)
        for field in ("effect", "low", "high", "naive")
    }
    return EffectRow(
        kind=kind,
        name=name,
        episodes=one.episodes,
        agents=one.agents,
        done=one.done,
        expected=round(one.expected, 6),
        **shares,
    )


async def _do(board: Board, request: Request, case: UUID, act: CoachingAct, key: str | None) -> Response:
    who = asking(board, request)
    async with board.reader.connect() as connection:
        found = await cases.one(connection, str(case))
    if found is None:
        raise HTTPException(404, "no_case")
    check(who, "coach", team=found.team, agent=found.row.agent)
    done = await board.acts.about_case(str(case), act, board.clock.now(), who.name, key)
    if not isinstance(done, bool):
        raise HTTPException(404 if done == "no_case" else 409, done)
    return Json(CaseDone(case=str(case), new=done))
