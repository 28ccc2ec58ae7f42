"""``/api/v1/trust``: whether each slice's data were complete, and why not."""

import msgspec
from fastapi import APIRouter, Response

from schemas.steps import STEPS, Step
from services.board.storage import closes
from services.board.web import filters
from services.board.web.board import Board, listing
from services.board.web.documented import answer
from services.rules.trust import of_everybody


class TrustRow(msgspec.Struct, frozen=True, kw_only=True):
    """One team × step of one closed slice; reasons as the trust gate gives them: ``word`` or ``word:source``."""

    date: str
    slice: str
    team: str
    step: Step
    trusted: bool
    reasons: list[str]


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/api/v1/trust", tags=["slices"], summary="Trust", responses=answer(TrustRow, "team × step rows"))
    async def api(
        date: filters.Day = None,
        slice: filters.Slice = None,
        team: filters.Team = None,
    ) -> Response:
        """What the trust gate said at each closed slice of a day."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            closed = await closes.of_day(connection, day.date)
        rows = [
            _row(one, of.id, step)
            for one in closed
            if slice in (None, one.slice)
            for of in floor.teams
            if team in (None, of.id)
            for step in STEPS
        ]
        return listing(board.clock.now(), rows, floor)

    return router


def _row(close: closes.Close, team: str, step: Step) -> TrustRow:
    reasons = [str(reason) for reason in close.reasons(team).get(step, ())]
    return TrustRow(
        date=close.date.isoformat(),
        slice=close.slice,
        team=team,
        step=step,
        trusted=not of_everybody(reasons),
        reasons=reasons,
    )
