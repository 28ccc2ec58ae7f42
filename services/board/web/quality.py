"""Quality: the pages ``/quality`` and ``/quality/calls/{call}``."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.floor.quality import Form
from services.board import quality
from services.board.access import Answering, Person, answering, may
from services.board.storage import orders
from services.board.storage import quality as stored
from services.board.view.quality import agent_name, call_view
from services.board.view.speech import hidden
from services.board.web import filters
from services.board.web.allowed import about_own
from services.board.web.asking import person
from services.board.web.board import Board, no_team
from services.rules.quality.forms import Key, changed_silently, known_forms
from services.rules.quality.interval import usual_half
from services.rules.quality.listening import sizes

CallId = Annotated[str, Path(min_length=1, max_length=1000, description="call id"), AfterValidator(filters.printable)]


async def forms_of(board: Board) -> dict[Key, Form]:
    """Every form of every version of the floor."""
    return known_forms(floor for _, _, floor in await board.floors())


async def whole_call(connection: AsyncConnection, call: str) -> stored.WholeCall:
    """Raises: HTTPException 404."""
    found = await stored.whole(connection, call)
    if found is None:
        raise HTTPException(404, "no_call")
    return found


def about_call(floor: Floor, call: stored.WholeCall) -> None:
    """Raises: HTTPException 403 when whoever asks may not see it; a call of nobody is no agent's own."""
    about_own(floor, call.agent or "")


def team_of(floor: Floor, agent: str | None) -> str | None:
    found = floor.agent_by_id.get(agent or "")
    return found.team if found else None


def answering_of(
    who: Person, dispute: stored.Dispute, call: stored.WholeCall, floor: Floor, people: list[Person]
) -> Answering:
    """Whether *who* may answer *dispute* about *call*."""
    marked = [one.sheet.by for one in call.marked if one.sheet.event == dispute.score]
    involved = (*marked, dispute.raised_by)
    return answering(who, involved, people, team=team_of(floor, call.agent), agent=call.agent)


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/quality", include_in_schema=False)
    async def page(request: Request, team: filters.Team = None) -> Response:
        forms = await forms_of(board)
        who = person(board, request)
        if who is not None and who.role == "agent":
            return await _own(board, request, forms)
        return await _everybody(board, request, forms, team)

    @router.get("/quality/calls/{call:path}", include_in_schema=False)
    async def call_page(request: Request, call: CallId) -> Response:
        forms = await forms_of(board)
        who = person(board, request)
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, None)
            found = await whole_call(connection, call)
            about_call(floor, found)
            asked = await orders.about_call(connection, call)
        people = await board.accounts.people() if found.disputes else []
        team = team_of(floor, found.agent)
        scores = who is not None and may(who, "score", team=team, agent=found.agent)
        w = board.words(request, floor)
        reader = who.name if who is not None and scores else None

        def answers(dispute: stored.Dispute) -> Answering:
            return answering_of(who, dispute, found, floor, people) if who is not None else "none"

        return board.render(
            request,
            "quality_call.html",
            w,
            section="quality",
            floor=floor,
            day=day,
            call_id=call,
            call=found,
            agent=agent_name(floor, found.agent, w),
            on_roster=team is not None,
            team=floor.team_by_id[team].title if team in floor.team_by_id else "",
            view=call_view(found, floor, forms, reader, asked, w, answers),
            hidden=hidden,
            may_score=scores,
            may_dispute=who is not None and may(who, "dispute", team=team, agent=found.agent),
        )

    return router


async def _everybody(board: Board, request: Request, forms: dict[Key, Form], team: str | None) -> Response:
    """The floor's quality, narrowed to a team when one is asked for."""
    now = board.clock.now()
    async with board.reader.connect() as connection:
        floor, day = await board.day(connection, None)
        found = await quality.overview(connection, floor, day, forms)
        hear = await quality.to_hear(connection, board.kept, floor, day, now)
        disputes = await stored.disputes(connection)
    w = board.words(request, floor)
    chosen = [one for one in floor.teams if team in (None, one.id)]
    ids = {one.id for one in chosen}
    own = [one for one in hear if team_of(floor, one.pick.call.agent) in ids]
    return board.render(
        request,
        "quality.html",
        w,
        floor=floor,
        day=day,
        now=now,
        team=team,
        unknown=no_team(floor, team, w),
        view=found,
        teams=[one for one in found.teams if one.team in ids],
        agents=[one for one in found.agents if one.team in ids],
        hear=[one for one in own if not one.done][: floor.quality.listening.shown],
        left=sum(not one.done for one in own),
        drawn=len(own),
        kinds=Counter(one.pick.sample for one in own),
        sizes=sizes(floor.quality.listening),
        disputes=[one for one in disputes if team_of(floor, one.agent) in ids],
        changed=changed_silently(floor, forms),
        named=lambda agent: agent_name(floor, agent, w),
        titles={(form.key, item.id): item.title.of(w.language) for form in forms.values() for item in form.items},
        item_titles={item.id: item.title.of(w.language) for form in forms.values() for item in form.items},
        forms=forms,
        rule=floor.quality.listening,
        min_pairs=floor.quality.min_pairs,
        sure=floor.quality.certainty,
        half=usual_half(floor.quality.listening.min_calls, floor.quality.listening.spread, floor.quality.certainty),
    )


async def _own(board: Board, request: Request, forms: dict[Key, Form]) -> Response:
    """The page of an agent: scores, stages and cards of whom they may see, as a rule their own."""
    async with board.reader.connect() as connection:
        floor, day = await board.day(connection, None)
        found = await quality.overview(connection, floor, day, forms)
        disputes = await stored.disputes(connection)
        cards = await quality.cards(connection, floor, day, forms)
    w = board.words(request, floor)
    mine = [one for one in disputes if one.agent in floor.agent_by_id]
    return board.render(
        request,
        "quality_own.html",
        w,
        floor=floor,
        agents=found.agents,
        cards=cards,
        disputes=mine,
        disputed={one.score: one for one in mine},
        named=lambda agent: agent_name(floor, agent, w),
        item_titles={item.id: item.title.of(w.language) for form in forms.values() for item in form.items},
        rule=floor.quality.listening,
        sure=floor.quality.certainty,
        half=usual_half(floor.quality.listening.min_calls, floor.quality.listening.spread, floor.quality.certainty),
    )
