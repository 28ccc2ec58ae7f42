"""Sources as ``/api/v1/sources``: the list, one with what in it needs a hand, and a rejected body."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Response

from schemas.floor import Floor
from schemas.providers import guides
from services.board.storage.intake import Intake, RejectedRow, Unowned
from services.board.storage.orders import Order
from services.board.view.sources import Progress, SourceShown, address, masked_row, opened
from services.board.web.board import Board, Json, listing, localized
from services.board.web.documented import answer, inlined
from services.board.web.sources import Name, read_all, read_one

RowId = Annotated[int, Path(ge=1, le=2**63 - 1, description="journal row")]


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One source today. ``progress``: unset (accepts nothing, see ``lacks``) ·
    waiting (never heard) · refused · heard · nobodys (facts without agents) · counted.

    ``to_read_back``: objects that events only name and whose provider has not told them yet; ``given_up``: for good.
    """

    source: str
    provider: str
    title: str
    url: str
    progress: Progress
    silence: str
    last_webhook_at: datetime | None
    first_fact_at: datetime | None
    webhooks: int
    waiting: int
    parsed: int
    in_part: int
    ignored: dict[str, int]
    rejected: dict[str, int]
    refused: dict[str, int]
    other_days: int
    facts: int
    unattributed: int
    to_read_back: int
    given_up: int
    readback_problem: str
    lacks: list[str]


class UnownedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An identity without an agent; facts of all days, by type."""

    identity: str | None
    facts: int
    kinds: dict[str, int]
    last_at: datetime


class RejectedShown(msgspec.Struct, frozen=True, kw_only=True):
    """A rejected webhook; phone numbers in ``detail`` are masked."""

    row: int
    received_at: datetime
    reason: str
    detail: str
    size: int
    in_part: bool


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something asked for: done when ``done_at`` is set, in vain when there is a ``problem``.

    ``version``: of the floor that an assignment made; ``states``: what became of the rows of a replay.
    """

    order: int
    kind: str
    requested_at: datetime
    requested_by: str
    done_at: datetime | None
    problem: str | None
    detail: str
    version: int | None
    states: dict[str, int]


class RawBody(msgspec.Struct, frozen=True, kw_only=True):
    """A rejected request with phone numbers masked; ``cut``: bytes that are not shown."""

    row: int
    request: str
    body: str
    cut: int


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get(
        "/api/v1/sources",
        tags=["sources"],
        summary="Sources today",
        responses=answer(SourceRow, "sources of the floor, and others that were heard today"),
    )
    async def api() -> Response:
        """What came from each source today and what became of it."""
        floor, rows = await read_all(board)
        return listing(board.clock.now(), [_row(board, floor, one) for one in rows], floor)

    @router.get(
        "/api/v1/sources/{source}",
        tags=["sources"],
        summary="One source",
        responses={
            **answer(
                SourceRow,
                "the source, and what in it needs a hand",
                unattributed={"type": "array", "items": inlined(UnownedRow)},
                rejected={"type": "array", "items": inlined(RejectedShown)},
                orders={"type": "array", "items": inlined(OrderRow)},
            ),
            404: {"description": "no such source in the floor file"},
        },
    )
    async def one_api(source: Name) -> Response:
        """The source's day, identities without an agent, rejected webhooks of seven days, and what was asked for."""
        floor, shown, detail = await read_one(board, source, None)
        return listing(
            board.clock.now(),
            [_row(board, floor, shown)],
            floor,
            unattributed=[localized(_unowned(one), floor) for one in detail.unowned],
            rejected=[localized(_rejected(one), floor) for one in detail.rejected],
            orders=[localized(_order(one), floor) for one in detail.orders],
        )

    @router.get(
        "/api/v1/sources/{source}/rejected/{row}",
        tags=["sources"],
        summary="A rejected body",
        responses={
            200: {"description": "masked", "content": {"application/json": {"schema": inlined(RawBody)}}},
            404: {"description": "no such source, or no such rejected webhook of it"},
        },
    )
    async def raw_api(source: Name, row: RowId) -> Response:
        """The raw request, phone numbers masked to their last two digits."""
        _, _, detail = await read_one(board, source, row)
        assert detail.raw is not None  # read_one answers 404 without
        found = opened(detail.raw, source)
        return Json(RawBody(row=found.id, request=found.request, body=found.body, cut=found.cut))

    return router


def _row(board: Board, floor: Floor, one: SourceShown) -> SourceRow:
    provider = one.config.provider if one.config else ""
    row = SourceRow(
        source=one.id,
        provider=provider,
        title=one.title,
        url=address(one.config, guides().get(provider), board.hooks_url) if one.config else "",
        progress=one.progress,
        silence=one.silence,
        last_webhook_at=one.begun.heard_at,
        first_fact_at=one.begun.counted_at,
        webhooks=one.intake.webhooks,
        waiting=one.intake.waiting,
        parsed=one.intake.parsed,
        in_part=one.intake.in_part,
        ignored=one.intake.ignored,
        rejected=one.intake.rejected,
        refused=_refused(one.intake),
        other_days=one.intake.other_days,
        facts=one.facts,
        unattributed=one.unattributed,
        to_read_back=one.asked.waiting,
        given_up=one.asked.given_up,
        readback_problem=one.asked.problem,
        lacks=[one.lacks.word, *one.lacks.names] if one.lacks else [],
    )
    found: SourceRow = localized(row, floor)
    return found


def _refused(intake: Intake) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in intake.turned_away:
        found[one.outcome] = found.get(one.outcome, 0) + one.count
    return found


def _unowned(one: Unowned) -> UnownedRow:
    return UnownedRow(identity=one.identity, facts=one.facts, kinds=dict(one.kinds), last_at=one.last_at)


def _rejected(one: RejectedRow) -> RejectedShown:
    shown = masked_row(one)
    return RejectedShown(
        row=shown.id,
        received_at=shown.received_at,
        reason=shown.reason,
        detail=shown.detail,
        size=shown.size,
        in_part=shown.in_part,
    )


def _order(one: Order) -> OrderRow:
    return OrderRow(
        order=one.id,
        kind=type(one.asked).__name__.lower(),
        requested_at=one.requested_at,
        requested_by=one.requested_by,
        done_at=one.done_at,
        problem=one.problem,
        detail=one.outcome.detail,
        version=one.outcome.version,
        states=one.outcome.states,
    )
