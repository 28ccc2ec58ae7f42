"""What people may ask about a call: ``POST /api/v1/quality/calls/{call}/score``, ``/dispute`` and ``/settle``.

Ingest does it; marks become facts. The page shows how it went.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.functional_validators import AfterValidator

from schemas.commands import Dispute, Score, Settle
from schemas.facts import Sample
from schemas.floor import Floor
from services.board import quality
from services.board.access import Person
from services.board.storage import quality as stored
from services.board.storage.orders import Asked as AskedOf
from services.board.view.quality import form_of
from services.board.web import filters
from services.board.web.asking import asking, check
from services.board.web.board import Board, Json
from services.board.web.documented import PROBLEM, inlined
from services.board.web.ordering import Asked
from services.board.web.quality import CallId, answering_of, forms_of, team_of, whole_call

MarkWord = Literal["1", "0.5", "0", "na"]
MARK: dict[str, float | None] = {"1": 1.0, "0.5": 0.5, "0": 0.0, "na": None}
Id = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(filters.printable)]
Said = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True), AfterValidator(filters.printable)]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True), AfterValidator(filters.printable)
]


class ScoreBody(BaseModel):
    """Marks by item; what is not named stays with the machine's evidence, or open."""

    model_config = ConfigDict(extra="forbid")

    marks: dict[Id, MarkWord] = Field({}, max_length=100)
    bans: list[Id] = Field([], max_length=100, description="bans that were broken: the score is 0")
    comment: Said = ""


class DisputeBody(BaseModel):
    """One question of one score."""

    model_config = ConfigDict(extra="forbid")

    score: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="event_id")]
    item: Id
    text: Reason


class SettleBody(BaseModel):
    """``upheld`` leaves the mark; ``changed`` puts *mark* in its place."""

    model_config = ConfigDict(extra="forbid")

    dispute: Annotated[int, Field(ge=1, le=2**63 - 1)]
    outcome: Literal["upheld", "changed"]
    mark: MarkWord | None = None
    text: Reason


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "asked for", "content": {"application/json": {"schema": inlined(Asked)}}},
    400: {"description": "called by a name that is not allowed (SREZ_BOARD_HOSTS), or a body that is no JSON"},
    403: {
        "description": "not yours to do, your own marks, this board listens beyond this machine, or another site asks",
        **PROBLEM,
    },
    404: {"description": "no such call, item, ban, score or dispute", **PROBLEM},
    409: {"description": "disputed or settled already", **PROBLEM},
    415: {"description": "the body must be application/json", **PROBLEM},
    503: {"description": "the database does not answer, or no floor was applied yet", **PROBLEM},
}


def routes(board: Board) -> APIRouter:
    router = APIRouter(tags=["quality"])
    path = "/api/v1/quality/calls/{call:path}"

    @router.post(f"{path}/score", status_code=202, summary="Mark a call", responses=ANSWERS)
    async def score(request: Request, call: CallId, body: Annotated[ScoreBody, Body()]) -> Response:
        """The same person's marks of the same call again are a revision of the first."""
        who = asking(board, request)
        forms = await forms_of(board)
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            check(who, "score")
            found = await whole_call(connection, call)
            _allowed(who, "score", floor, found)
            hear = await quality.to_hear(connection, board.kept, floor, day, board.clock.now())
        form, known = form_of(found, floor, forms)
        if not known or found.agent is None:
            raise HTTPException(404, "no_form" if not known else "no_agent")
        items, bans = {item.id for item in form.items}, {ban.id for ban in form.bans}
        if not set(body.marks) <= items or not set(body.bans) <= bans:
            raise HTTPException(404, "no_item")
        asked = Score(
            call=call,
            agent=found.agent,
            card=form.id,
            card_version=form.version,
            by=who.name,
            at=board.clock.now(),
            marks={item: MARK[word] for item, word in body.marks.items()},
            bans=tuple(sorted(set(body.bans))),
            comment=body.comment,
            sample=_sample(found, who, hear),
        )
        return await _ask(asked, who)

    @router.post(f"{path}/dispute", status_code=202, summary="Dispute one question of a score", responses=ANSWERS)
    async def dispute(request: Request, call: CallId, body: Annotated[DisputeBody, Body()]) -> Response:
        """An agent, of a score of their own; one question of each score."""
        who = asking(board, request)
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
            found = await whole_call(connection, call)
        _allowed(who, "dispute", floor, found)
        sheet = next((one.sheet for one in found.marked if one.sheet.event == body.score), None)
        if sheet is None or body.item not in sheet.marks:
            raise HTTPException(404, "no_score")
        if any(one.score == body.score for one in found.disputes):
            raise HTTPException(409, "disputed")
        return await _ask(Dispute(call=call, score=body.score, item=body.item, by=who.name, text=body.text), who)

    @router.post(f"{path}/settle", status_code=202, summary="Answer a dispute", responses=ANSWERS)
    async def settle(request: Request, call: CallId, body: Annotated[SettleBody, Body()]) -> Response:
        """Upheld, or changed with a new mark; both marks are kept. Not by whoever gave it, unless there is nobody else."""
        who = asking(board, request)
        async with board.reader.connect() as connection:
            floor, _ = await board.day(connection, None)
            found = await whole_call(connection, call)
        _allowed(who, "score", floor, found)
        people = await board.accounts.people()
        open_ = next((one for one in found.disputes if one.id == body.dispute), None)
        if open_ is None or (body.outcome == "changed" and body.mark is None):
            raise HTTPException(404, "no_dispute" if open_ is None else "no_mark")
        if open_.settled_at is not None:
            raise HTTPException(409, "settled")
        how = answering_of(who, open_, found, floor, people)
        if how == "own":
            raise HTTPException(403, "own_marks")
        upheld = body.outcome == "upheld"
        mark = None if upheld or body.mark is None else MARK[body.mark]
        asked = Settle(
            call=call, dispute=body.dispute, by=who.name, text=body.text, upheld=upheld, mark=mark, alone=how == "alone"
        )
        return await _ask(asked, who)

    async def _ask(asked: AskedOf, who: Person) -> Response:
        order = await board.orders.ask(asked, board.clock.now(), who.name)
        return Json(Asked(order=order), 202)

    return router


def _allowed(who: Person, act: Literal["score", "dispute"], floor: Floor, call: stored.WholeCall) -> None:
    """Raises: HTTPException 403."""
    check(who, act, team=team_of(floor, call.agent), agent=call.agent)


def _sample(call: stored.WholeCall, who: Person, hear: list[quality.Next]) -> Sample:
    """How the call was chosen: as this person's first marks said, else as today's queue says, else as the first to mark said."""
    own = next((one.sheet.sample for one in call.marked if one.sheet.by == who.name), None)
    if own is not None:
        return own
    picked = next((one.pick for one in hear if call.call and one.pick.call.call == call.call.call_id), None)
    if picked is not None:
        return picked.sample
    return "random" if any(one.sheet.sample == "random" for one in call.marked) else "chosen"
