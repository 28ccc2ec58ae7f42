"""Sources: the pages ``/sources`` and ``/sources/{source}``, and what they and the API read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from services.board.storage import asked, intake, orders
from services.board.storage.intake import Begun, RawRequest, RejectedRow, Unowned
from services.board.storage.orders import Order
from services.board.view.floor import source_states
from services.board.view.refused import refused_shown
from services.board.view.sources import (
    SourceShown,
    masked_row,
    opened,
    order_shown,
    setup,
    source_row,
    unowned_shown,
)
from services.board.web.board import Board
from services.rules.day import WorkingDay

REPLAY_DAYS: Final = 7
"""Rejected webhooks of today and the days before it that are shown and replayed; older ones: srez journal replay."""

Name = Annotated[str, Path(max_length=64, description="source id")]
OpenRow = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="rejected row whose body is shown")]


@dataclass(frozen=True, slots=True)
class Detail:
    """What the page of one source shows beside its row."""

    repeats: int
    unowned: Sequence[Unowned]
    rejected_count: int
    rejected: Sequence[RejectedRow]
    orders: Sequence[Order]
    raw: RawRequest | None


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/sources", include_in_schema=False)
    async def page(request: Request) -> Response:
        floor, rows = await read_all(board)
        w = board.words(request, floor)
        return board.render(request, "sources.html", w, floor=floor, rows=rows, now=board.clock.now())

    @router.get("/sources/{source}", include_in_schema=False)
    async def one_page(request: Request, source: Name, row: OpenRow = None) -> Response:
        floor, shown, detail = await read_one(board, source, row)
        w = board.words(request, floor)
        assert shown.config is not None  # read_one answers 404 without
        return board.render(
            request,
            "source.html",
            w,
            section="sources",
            floor=floor,
            one=shown,
            now=board.clock.now(),
            setup=setup(shown.config, board.hooks_url, w),
            refused=refused_shown(shown.intake.turned_away, shown.config, shown.begun.heard_at, w),
            detail=detail,
            unowned=unowned_shown(detail.unowned, detail.orders, floor, w),
            rejected=[masked_row(one) for one in detail.rejected],
            orders=[order_shown(order, floor, w) for order in detail.orders],
            opened=opened(detail.raw, source) if detail.raw else None,
            replay_days=REPLAY_DAYS,
        )

    return router


async def read_all(board: Board) -> tuple[Floor, list[SourceShown]]:
    """Sources of the floor file in its order, then others that were heard today."""
    states = source_states(await board.today())
    async with board.reader.connect() as connection:
        floor, day = await board.day(connection, None)
        heard = await intake.of_day(connection, day.starts, day.ends)
        facts = await intake.facts_of_day(connection, day.date)
        owed = await asked.asked(connection)
        lacking = await intake.lacks(connection)
        ids = [*floor.source_by_id, *sorted(set(heard) - set(floor.source_by_id))]
        begun = await intake.begun(connection, ids)
    return floor, [
        source_row(
            floor,
            id_,
            heard.get(id_),
            begun.get(id_, Begun()),
            facts.get(id_, (0, 0)),
            states.get(id_, "ok"),
            owed.get(id_),
            lacking.get(id_),
        )
        for id_ in ids
    ]


async def read_one(board: Board, source: str, row: int | None) -> tuple[Floor, SourceShown, Detail]:
    """Raises: HTTPException 404."""
    states = source_states(await board.today())
    async with board.reader.connect() as connection:
        floor, day = await board.day(connection, None)
        if source not in floor.source_by_id:
            raise HTTPException(404, "no_source")
        heard = await intake.of_day(connection, day.starts, day.ends, source)
        facts = await intake.facts_of_day(connection, day.date, source)
        begun = await intake.begun(connection, [source])
        owed = await asked.asked(connection, source)
        lacking = await intake.lacks(connection)
        detail = await _detail(connection, source, day, row)
    shown = source_row(
        floor,
        source,
        heard.get(source),
        begun.get(source, Begun()),
        facts.get(source, (0, 0)),
        states.get(source, "ok"),
        owed.get(source),
        lacking.get(source),
    )
    return floor, shown, detail


async def _detail(connection: AsyncConnection, source: str, day: WorkingDay, row: int | None) -> Detail:
    """Raises: HTTPException 404 for a row that is not a rejected one of this source."""
    raw = await intake.raw(connection, source, row) if row is not None else None
    if row is not None and raw is None:
        raise HTTPException(404, "no_row")
    count, rejected = await intake.rejected(connection, source, replay_since(day), day.starts)
    return Detail(
        repeats=await intake.repeats(connection, source, day.starts, day.ends),
        unowned=await intake.unowned(connection, source),
        rejected_count=count,
        rejected=rejected,
        orders=await orders.newest(connection, source),
        raw=raw,
    )


def replay_since(day: WorkingDay) -> datetime:
    return day.starts - timedelta(days=REPLAY_DAYS - 1)
