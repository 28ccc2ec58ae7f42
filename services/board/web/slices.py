"""Frozen slices: the page and ``/api/v1/slices``."""

from collections.abc import Sequence

import msgspec
from fastapi import APIRouter, Request, Response

from schemas.floor import Floor
from schemas.rows import SliceRevisionRow, SliceRow
from schemas.steps import Level
from services.board.storage import closes, issues, slices
from services.board.view.slices import slices_view
from services.board.web import filters
from services.board.web.board import Board, listing, no_team
from services.board.web.documented import answer
from services.board.words import Words
from services.reads import look, revisions


class SliceNow(SliceRow, frozen=True, kw_only=True):
    """A frozen row. Where technical time became known after its slice, beside it how it would be judged now: ``revised`` (the
    level), ``revised_target`` and ``technical_min`` by then; absent where the row stands as it was frozen."""

    revised: Level | msgspec.UnsetType = msgspec.UNSET
    revised_target: float | msgspec.UnsetType | None = msgspec.UNSET
    technical_min: float | msgspec.UnsetType = msgspec.UNSET


def _beside(row: SliceRow, now: SliceRevisionRow | None) -> SliceNow:
    frozen = msgspec.structs.asdict(row)
    if now is None or now.level is None:
        return SliceNow(**frozen)
    return SliceNow(**frozen, revised=now.level, revised_target=now.target, technical_min=now.technical_min)


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/slices", include_in_schema=False)
    async def page(
        request: Request,
        date: filters.Day = None,
        slice: filters.Slice = None,
        team: filters.Team = None,
    ) -> Response:
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            closed = await closes.of_day(connection, day.date)
            chosen = next((one for one in closed if one.slice == slice), closed[-1] if closed and not slice else None)
            rows = (
                await slices.find(connection, floor, day.date, slice_=chosen.slice, kept=board.kept) if chosen else []
            )
            below = await issues.below(connection, day.date)
            drops = await look.drops_of(connection, board.kept, floor, day.date, chosen.slice, team) if chosen else []
            revised = await revisions.of_day(connection, day.date, slice_=chosen.slice) if chosen else {}
        w = board.words(request, floor)
        unknown = _unknown(floor, closed, slice, team, w)
        return board.render(
            request,
            "slices.html",
            w,
            status=404 if unknown else 200,
            unknown=unknown,
            floor=floor,
            day=day,
            view=slices_view(
                floor,
                day,
                closed,
                chosen,
                rows,
                w,
                team or "",
                board.clock.now(),
                below=below,
                drops=drops,
                revisions=revised,
            ),
            asked=slice or "",
            team=team or "",
        )

    @router.get(
        "/api/v1/slices", tags=["slices"], summary="Frozen slices", responses=answer(SliceNow, "agent × step rows")
    )
    async def api(
        date: filters.Day = None,
        slice: filters.Slice = None,
        team: filters.Team = None,
        agent: filters.Agent = None,
    ) -> Response:
        """Rows of a day's frozen slices, in order of cut-off, team, agent, step."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            rows = await slices.find(connection, floor, day.date, slice_=slice, team=team, agent=agent, kept=board.kept)
            revised = await revisions.of_day(connection, day.date, slice_=slice, agent=agent)
        shown = [_beside(row, revised.get((row.slice, row.agent, row.step))) for row in rows]
        return listing(board.clock.now(), shown, floor)

    return router


def _unknown(floor: Floor, closed: Sequence[closes.Close], slice_: str | None, team: str | None, w: Words) -> list[str]:
    """What was asked for by a name that neither the floor file nor a frozen slice of the day has."""
    names = {clock.strftime("%H:%M") for clock in floor.slices} | {one.slice for one in closed}
    found = [] if slice_ is None or slice_ in names else [w("unknown.slice", name=slice_)]
    return found + no_team(floor, team, w)
