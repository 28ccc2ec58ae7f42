"""``/api/v1/quality`` and what stands under it: scores, stages, questions, the queue, disputes, forms, one call."""

from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from schemas.floor import Floor
from services.board import quality
from services.board.access import may
from services.board.quality import Standing
from services.board.storage import quality as stored
from services.board.view.quality import call_view
from services.board.view.speech import hidden
from services.board.web import filters
from services.board.web.asking import person
from services.board.web.board import Board, listing, localized
from services.board.web.documented import PROBLEM, answer
from services.board.web.quality import CallId, about_call, forms_of, team_of, whole_call
from services.rules.quality.interval import Interval
from services.rules.quality.scoring import marks_of, score


class QualityRow(msgspec.Struct, frozen=True, kw_only=True):
    """``score`` 0–100 of ``random`` calls with its 95 % interval; ``zone`` only once enough were heard; ``calls`` there were."""

    team: str
    agent: str | None
    score: float | None
    low: float | None
    high: float | None
    random: int
    heard: int
    calls: int
    zone: str | None


class StageRow(msgspec.Struct, frozen=True, kw_only=True):
    """``share`` of transcribed ``calls`` in which the stage was heard, with its 95 % interval; no ``agent``: of the team."""

    team: str
    agent: str | None
    stage: str
    reached: int
    calls: int
    share: float
    low: float
    high: float


class QuestionRow(msgspec.Struct, frozen=True, kw_only=True):
    """``equal``: share of equal marks of ``pairs`` of people, ``ac1``: Gwet's; ``upheld``: share of ``by_machine`` calls where
    people gave 1 too, ``seen``: of ``by_people`` calls where the machine has evidence too."""

    card: str
    version: int
    item: str
    pairs: int
    equal: float | None
    low: float | None
    high: float | None
    ac1: float | None
    by_machine: int
    upheld: float | None
    by_people: int
    seen: float | None
    disputed: int
    changed: int


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call to hear, in order; ``marked`` of ``people`` who should mark it did."""

    call: str
    agent: str
    team: str
    sample: str
    why: str
    rung: str | None
    ended_at: datetime
    talk_s: float
    marked: int
    people: int


class DisputeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Digits in texts are hidden. ``alone``: answered by one of the two it is between, there was nobody else."""

    dispute: int
    call: str
    score: str
    agent: str
    item: str
    mark: float | None
    raised_at: datetime
    raised_by: str
    text: str
    outcome: str | None
    new_mark: float | None
    settled_at: datetime | None
    settled_by: str | None
    answer: str | None
    alone: bool


class FormRow(msgspec.Struct, frozen=True, kw_only=True):
    """``items``: id, weight, critical, stage of each question."""

    card: str
    version: int
    title: str
    items: list[dict[str, str | float | bool | None]]
    bans: list[str]
    good: float
    fair: float


class SheetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person's marks: null is not applicable. ``value`` is null while questions are open."""

    score: str
    by: str
    at: datetime
    card: str
    version: int
    marks: dict[str, float | None]
    bans: list[str]
    value: float | None
    reason: str | None
    sample: str | None
    comment: str


MACHINE: dict[str, Any] = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
NO_CALL: dict[int | str, dict[str, Any]] = {404: {"description": "nothing is known of such a call", **PROBLEM}}


def routes(board: Board) -> APIRouter:
    router = APIRouter(tags=["quality"])
    for part in (_scores, _calls):
        router.include_router(part(board))
    return router


def _scores(board: Board) -> APIRouter:
    router = APIRouter()

    async def overview() -> tuple[Floor, quality.Overview]:
        forms = await forms_of(board)
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            return floor, await quality.overview(connection, floor, day, forms)

    def chosen(rows: list[Standing], team: str | None, agent: str | None) -> list[Standing]:
        return [one for one in rows if team in (None, one.team) and agent in (None, one.agent)]

    @router.get("/api/v1/quality", summary="Quality of agents", responses=answer(QualityRow, "scores of agents"))
    async def scores(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Of calls drawn at random and marked by people in the last weeks; nothing else makes a score."""
        floor, found = await overview()
        return listing(board.clock.now(), [_quality(one) for one in chosen(found.agents, team, agent)], floor)

    @router.get("/api/v1/quality/stages", summary="Stage funnel", responses=answer(StageRow, "stages heard"))
    async def stages(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Teams, then agents; each stage by itself."""
        floor, found = await overview()
        rows = [row for one in chosen([*found.teams, *found.agents], team, agent) for row in _stages(one)]
        return listing(board.clock.now(), rows, floor)

    @router.get(
        "/api/v1/quality/questions", summary="Agreement", responses=answer(QuestionRow, "questions of the forms")
    )
    async def questions() -> Response:
        """Between people, between people and the machine, and disputes, by question."""
        floor, found = await overview()
        return listing(board.clock.now(), [_question(one) for one in found.questions], floor)

    @router.get("/api/v1/quality/forms", summary="Quality cards", responses=answer(FormRow, "every version"))
    async def forms(request: Request) -> Response:
        """Every form of every version of the floor: calls keep the one they were marked with."""
        known = await forms_of(board)
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
        language = board.language(request)
        rows = [
            FormRow(
                card=form.id,
                version=form.version,
                title=form.title.of(language),
                items=[
                    {
                        "id": one.id, "title": one.title.of(language), "weight": one.weight,
                        "critical": one.critical, "stage": one.stage,
                    }
                    for one in form.items
                ],
                bans=[ban.id for ban in form.bans],
                good=form.zones.good,
                fair=form.zones.fair,
            )
            for _, form in sorted(known.items())
        ]  # fmt: skip
        return listing(board.clock.now(), rows, floor)

    return router


def _calls(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/api/v1/quality/queue", summary="What to hear next", responses=answer(QueueRow, "calls, in order"))
    async def queue(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """The same for everybody the whole day; calls that are marked already included."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            found = await quality.to_hear(connection, board.kept, floor, day, board.clock.now())
        rows = [_queue(one, floor) for one in found]
        rows = [row for row in rows if team in (None, row.team) and agent in (None, row.agent)]
        return listing(board.clock.now(), [localized(row, floor) for row in rows], floor)

    @router.get("/api/v1/quality/disputes", summary="Disputed marks", responses=answer(DisputeRow, "open ones first"))
    async def disputes(team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """One question of a score each; both marks are kept."""
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
            found = await stored.disputes(connection)
        rows = [
            _dispute(one) for one in found if agent in (None, one.agent) and team in (None, team_of(floor, one.agent))
        ]
        return listing(board.clock.now(), [localized(row, floor) for row in rows], floor)

    @router.get(
        "/api/v1/quality/calls/{call:path}",
        summary="Marks of one call",
        responses={**answer(SheetRow, "one row a person", machine=MACHINE), **NO_CALL},
    )
    async def one(request: Request, call: CallId) -> Response:
        """Whoever may mark sees others' marks after their own; ``machine``: 1, or null for what was not seen."""
        known, who = await forms_of(board), person(board, request)
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
            found = await whole_call(connection, call)
        about_call(floor, found)
        scores_ = who is not None and may(who, "score", team=team_of(floor, found.agent), agent=found.agent)
        reader = who.name if who is not None and scores_ else None
        view = call_view(found, floor, known, reader, (), board.words(request, floor))
        machine = {item.item.id: item.machine for item in view.items}
        rows = [
            SheetRow(
                score=sheet.sheet.event,
                by=sheet.sheet.by,
                at=sheet.at,
                card=view.form.id,
                version=view.form.version,
                marks=dict(sheet.marks),
                bans=list(sheet.sheet.bans),
                value=_round(score(view.form, marks_of(sheet.marks, machine), sheet.sheet.bans).value),
                reason=sheet.score.reason,
                sample=sheet.sheet.sample,
                comment=sheet.comment,
            )
            for sheet in view.sheets
        ]
        return listing(board.clock.now(), [localized(row, floor) for row in rows], floor, machine=machine)

    return router


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _of(interval: Interval | None) -> tuple[float | None, float | None, float | None]:
    return (
        (None, None, None)
        if interval is None
        else (_round(interval.value), _round(interval.low), _round(interval.high))
    )


def _quality(one: Standing) -> QualityRow:
    value, low, high = _of(one.score)
    return QualityRow(
        team=one.team,
        agent=one.agent,
        score=value,
        low=low,
        high=high,
        random=one.score.n if one.score else 0,
        heard=one.heard,
        calls=one.calls,
        zone=one.zone,
    )


def _stages(one: Standing) -> list[StageRow]:
    return [
        StageRow(
            team=one.team,
            agent=one.agent,
            stage=stage.stage,
            reached=stage.reached,
            calls=stage.share.n,
            share=round(stage.share.value, 6),
            low=round(stage.share.low, 6),
            high=round(stage.share.high, 6),
        )
        for stage in one.funnel
    ]


def _question(one: quality.Question) -> QuestionRow:
    equal, low, high = _of(one.people.equal if one.people else None)
    upheld, seen = (one.machine.upheld, one.machine.seen) if one.machine else (None, None)
    return QuestionRow(
        card=one.form.id,
        version=one.form.version,
        item=one.item,
        pairs=one.people.equal.n if one.people else 0,
        equal=equal,
        low=low,
        high=high,
        ac1=_round(one.people.ac1) if one.people else None,
        by_machine=upheld.n if upheld else 0,
        upheld=_of(upheld)[0],
        by_people=seen.n if seen else 0,
        seen=_of(seen)[0],
        disputed=one.disputed,
        changed=one.changed,
    )


def _queue(one: quality.Next, floor: Floor) -> QueueRow:
    call = one.pick.call
    return QueueRow(
        call=call.call,
        agent=call.agent,
        team=team_of(floor, call.agent) or "",
        sample=one.pick.sample,
        why=one.pick.why,
        rung=one.pick.rung,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        marked=len(one.marked_by),
        people=one.pick.people,
    )


def _dispute(one: stored.Dispute) -> DisputeRow:
    return DisputeRow(
        dispute=one.id,
        call=one.call,
        score=one.score,
        agent=one.agent,
        item=one.item,
        mark=one.mark,
        raised_at=one.raised_at,
        raised_by=one.raised_by,
        text=hidden(one.text),
        outcome=one.outcome,
        new_mark=one.new_mark,
        settled_at=one.settled_at,
        settled_by=one.settled_by,
        answer=hidden(one.answer) if one.answer is not None else None,
        alone=one.alone,
    )
