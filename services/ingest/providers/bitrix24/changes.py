"""What is asked for now and then, because Bitrix24 never repeats a webhook: what has changed since an instant.

``deals`` that were edited, as they stand; ``stages`` that deals came to, whose deals are then read back; with
``options.calls`` the ended ``calls`` of the portal's telephony, and ``long_calls``, which had begun before. The id of a
question is its instant (``20261123T060000Z``); further pages are questions of their own (``deals_page``, ``….50``), so
that the next round of questions does not replace them.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.ingest.providers import deals, values
from services.ingest.providers.base import Fetch, Ignored, ReadBack, Rejected, Source
from services.ingest.providers.bitrix24 import call, crm, record, rest
from services.ingest.providers.deals import Part
from services.kit.errors import BadInput

DEALS, STAGES, CALLS, LONG_CALLS = "deals", "stages", "calls", "long_calls"
PAGE: Final = "_page"
KINDS: Final = frozenset(f"{kind}{page}" for kind in (DEALS, STAGES, CALLS, LONG_CALLS) for page in ("", PAGE))
LONG: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(hours=2)
"""Telephony can only be asked by when a call began, and tells it when it has ended."""
_ID: Final = re.compile(r"([0-9]{8}T[0-9]{6}Z)(?:\.([0-9]{1,7}))?", re.ASCII)
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_SELECTED: Final = (
    "ID", "STAGE_ID", "STAGE_SEMANTIC_ID", "CATEGORY_ID", "OPPORTUNITY", "CURRENCY_ID", "ASSIGNED_BY_ID", "MOVED_TIME",
    "DATE_MODIFY", "DATE_CREATE", "CLOSED", "CLOSEDATE",
)  # fmt: skip


def asked(source: Source, since: datetime) -> tuple[ReadBack, ...]:
    kinds = (DEALS, STAGES, CALLS, LONG_CALLS) if source.config.options.get("calls") is True else (DEALS, STAGES)
    return tuple(ReadBack(kind, since.astimezone(UTC).strftime(_STAMP)) for kind in kinds)


def fetch(wanted: ReadBack, base: str, source: Source) -> Fetch | None:
    match = _ID.fullmatch(wanted.id)
    if match is None:
        return None
    try:
        since = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
        method, form = _question(wanted.kind.removesuffix(PAGE), since, source)
    except (ValueError, OverflowError):
        return None
    return rest.post(base, method, {**form, "start": match[2] or "0"})


def _question(kind: str, since: datetime, source: Source) -> tuple[str, rest.Form]:
    """(method, form), always in the order of ids: what changes meanwhile shifts nothing off the next page."""
    if kind == DEALS:
        named = (*deals.named_fields(source), *deals.named_amounts(source))
        selected = dict.fromkeys((*_SELECTED, *(re.split(r"[.\[]", name)[0] for name in named)))
        fields = {f"select[{number}]": name for number, name in enumerate(selected)}
        return "crm.deal.list", {"filter[>DATE_MODIFY]": since.isoformat(), "order[ID]": "ASC", **fields}
    if kind == STAGES:
        form = {"entityTypeId": crm.DEALS, "filter[>CREATED_TIME]": since.isoformat(), "order[ID]": "ASC"}
        return "crm.stagehistory.list", form
    # The names are in capitals here, and only here: the method takes no notice of others and answers everything.
    form = {"FILTER[>CALL_START_DATE]": (since - LONG).isoformat(), "SORT": "ID", "ORDER": "ASC"}
    if kind == LONG_CALLS:
        form["FILTER[<=CALL_START_DATE]"] = form["FILTER[>CALL_START_DATE]"]
        form["FILTER[>CALL_START_DATE]"] = (since - LONGEST).isoformat()
        form["FILTER[>CALL_DURATION]"] = f"{LONG.total_seconds():.0f}"
    return "voximplant.statistic.get", form


def answered(
    kind: str, wanted: str, answer: Mapping[str, Any], source: Source, received_at: datetime
) -> Iterator[Part | ReadBack]:
    """What one page gives, and the question for the next one. Raises: BadInput."""
    plain = kind.removesuffix(PAGE)
    result = answer.get("result")
    listed = values.mapping(result).get("items") if plain == STAGES else result
    if not isinstance(listed, list | Mapping):
        raise BadInput(f"{kind}/{wanted[:40]}: the answer holds no list", "missing_field")
    rows = [values.mapping(row) for row in values.items(listed)]
    if plain == DEALS:
        yield from _deals(rows, source, received_at)
    elif plain == STAGES:
        yield from _moved(rows, source)
    else:
        yield from _calls(rows, source)
    yield from _next(plain, wanted, answer)
    if not rows:
        yield Ignored("empty_batch", f"{kind} since {wanted[:40]}")


def _next(kind: str, wanted: str, answer: Mapping[str, Any]) -> Iterator[Part | ReadBack]:
    match, start = _ID.fullmatch(wanted), values.integer(answer.get("next"), largest=9_999_999)
    if match and start and start > int(match[2] or 0):
        yield Ignored("needs_readback", f"{kind} since {match[1]}, from {start} on")
        yield ReadBack(f"{kind}{PAGE}", f"{match[1]}.{start}")


def _deals(rows: list[Mapping[str, Any]], source: Source, received_at: datetime) -> Iterator[Part | ReadBack]:
    """Each as its own answer would tell it; one that does not say when it came to its stage is read with its history."""
    silent = 0
    for row in rows:
        name = values.text(row.get("ID"), 40) or ""
        if crm.ID.fullmatch(name) and not values.text(row.get("MOVED_TIME")):
            yield from _read_back(name)
            continue
        try:
            found = list(deals.firsts(record.of_deal(name or "without ID", row, None, received_at), source))
        except BadInput as error:
            yield Rejected(error.reason, str(error))
            continue
        silent += all(isinstance(part, Ignored) for part in found)
        yield from (part for part in found if not isinstance(part, Ignored))
    if silent:
        yield Ignored("not_counted", f"{silent} deals that were edited")


def _moved(rows: list[Mapping[str, Any]], source: Source) -> Iterator[Part | ReadBack]:
    """A row names neither money nor anybody: a deal that came to what counts is read back, however far it has gone."""
    silent = 0
    for row in rows:
        deal = record.passed_by(row)
        if deal is None or not crm.ID.fullmatch(deal.id):
            yield Rejected("missing_field", "a row of the history of stages without OWNER_ID, STAGE_ID or CREATED_TIME")
        elif deals.kinds(deal, source):
            yield from _read_back(deal.id)
        else:
            silent += 1
    if silent:
        yield Ignored("not_counted", f"{silent} moves to other stages")


def _read_back(deal: str) -> Iterator[Part | ReadBack]:
    yield Ignored("needs_readback", f"deal {deal}")
    yield ReadBack(crm.DEAL, deal)


def _calls(rows: list[Mapping[str, Any]], source: Source) -> Iterator[Part]:
    for row in rows:
        try:
            draft = call.draft({"data": row}, source)
        except BadInput as error:
            yield Rejected(error.reason, str(error))
        else:
            yield draft or Ignored("info_call")
