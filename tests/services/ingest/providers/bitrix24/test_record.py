"""Deals and items with the history of their stages: what was passed counts, and what is old stays old."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment
from services.ingest.providers.base import Draft
from services.ingest.providers.bitrix24 import PROVIDER
from tests.services.ingest.providers.reading import at, read_back

READ_BACK = Path(__file__).parent / "fixtures" / "readback"
COUNTS = {
    "presentation": {"stage": ["C1:PRESENTED"]},
    "invoice": {"stage": ["C1:INVOICED"]},
    "payment": {"won": True},
}
WITH_STAGES = json.loads((READ_BACK / "deal-with-stages.json").read_text())
MONTH_AGO = "2026-10-23T18:00:00+03:00"


def batch(stages: Any = None, errors: Any = (), **fields: Any) -> str:
    """The answer with other fields of the deal, another history, or errors of its commands."""
    told = json.loads(json.dumps(WITH_STAGES))
    told["result"]["result"]["deal"] |= fields
    if stages is not None:
        told["result"]["result"]["stages"] = stages
    told["result"]["result_error"] = dict(errors) or []
    for name in dict(errors):
        del told["result"]["result"][name]
    told["result"]["result"] = told["result"]["result"] or []
    return json.dumps(told)


def made(body: str, counts: Any = COUNTS) -> list[tuple[str, str]]:
    """(kind, time) of every fact of deal 501."""
    parsed = read_back(PROVIDER, "deal/501", body, counts=counts)
    assert (parsed.rejected, {draft.provider_id for draft in parsed.drafts} <= {"501"}) == ((), True)
    return [(_kind(draft), draft.time.isoformat()) for draft in parsed.drafts]


def _kind(draft: Draft) -> str:
    return {facts.PRESENTATION: "presentation", facts.INVOICE: "invoice", facts.PAYMENT: "payment"}[draft.type]


def test_stages_passed_before_it_was_read() -> None:
    """Won within three minutes: presentation, invoice and payment, each when it came there; the last as the deal says."""
    assert made(batch()) == [
        ("presentation", "2026-11-23T06:00:00+00:00"),
        ("invoice", "2026-11-23T06:01:10+00:00"),
        ("payment", "2026-11-23T06:03:00+00:00"),
    ]
    parsed = read_back(PROVIDER, "deal/501", batch(), counts=COUNTS)
    issued, paid = (draft.data for draft in parsed.drafts[1:])
    assert isinstance(issued, InvoiceIssued)
    assert isinstance(paid, Payment)
    assert (issued.amount_minor, issued.identity, paid.currency) == (12_500_050, "17", "RUB")
    assert (paid.invoice, issued.invoice) == ("src:501:invoice",) * 2


def test_a_stage_that_is_passed_again_counts_when_it_was_first() -> None:
    """Moved back by mistake, and forth again."""
    again = [
        *WITH_STAGES["result"]["result"]["stages"]["items"][:2],
        {"ID": 920, "OWNER_ID": 501, "CREATED_TIME": "2026-11-23T09:02:00+03:00", "STAGE_ID": "C1:NEW"},
        {"ID": 921, "OWNER_ID": 501, "CREATED_TIME": "2026-11-23T09:03:00+03:00", "STAGE_ID": "C1:PRESENTED"},
    ]
    back = batch({"items": again[::-1]}, STAGE_ID="C1:PRESENTED", STAGE_SEMANTIC_ID="P")
    assert made(back) == [("presentation", "2026-11-23T06:00:00+00:00")]


OLD = {
    "MOVED_TIME": MONTH_AGO, "CLOSEDATE": "2026-10-23T03:00:00+03:00", "DATE_MODIFY": "2026-11-23T09:04:59+03:00",
}  # fmt: skip
WON_THEN = {
    "ID": 700, "OWNER_ID": 501, "CREATED_TIME": "2026-10-23T18:00:01+03:00", "STAGE_ID": "C1:WON", "STAGE_SEMANTIC_ID": "S",
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "history", "when"),
    [
        (OLD, [WON_THEN], "2026-10-23T15:00:00+00:00"),
        (OLD, [], "2026-10-23T15:00:00+00:00"),
        ({**OLD, "MOVED_TIME": None}, [WON_THEN], "2026-10-23T15:00:01+00:00"),
        ({**OLD, "MOVED_TIME": None}, [], "2026-10-23T00:00:00+00:00"),
        ({**OLD, "MOVED_TIME": None, "CLOSEDATE": "2026-11-23T03:00:00+03:00"}, [], "2026-11-23T06:04:59+00:00"),
        ({**OLD, "MOVED_TIME": None, "CLOSEDATE": "2026-12-31T03:00:00+03:00"}, [], "2026-11-23T06:04:59+00:00"),
    ],
)
def test_an_old_won_deal_that_is_edited_today(fields: dict[str, Any], history: list[Any], when: str) -> None:
    """Its comment was changed: the payment is as old as the deal's coming to its stage, by whatever tells that."""
    assert made(batch({"items": history}, **fields), {"payment": {"won": True}}) == [("payment", when)]


def test_the_closing_day_of_an_open_deal_is_a_plan() -> None:
    """A presentation in a deal that should have been closed last month."""
    plan = batch(
        {"items": []},
        **{**OLD, "MOVED_TIME": None, "STAGE_ID": "C1:PRESENTED", "STAGE_SEMANTIC_ID": "P", "CLOSED": "N"},
    )
    assert made(plan) == [("presentation", "2026-11-23T06:04:59+00:00")]


def test_a_field_counts_once_and_never_at_a_former_stage() -> None:
    """Its value is of now; the deal had other stages before, and nothing says which value then."""
    counts = {"presentation": {"field": {"UF_CRM_1700000000001": ["70000|RUB"]}}}
    assert made(batch(), counts) == [("presentation", "2026-11-23T06:03:00+00:00")]


@pytest.mark.parametrize("error", ["ERROR_METHOD_NOT_FOUND", "ACCESS_DENIED"])
def test_a_portal_without_a_history(error: str) -> None:
    """The deal alone, as it stands."""
    assert made(batch(errors={"stages": {"error": error}})) == [("payment", "2026-11-23T06:03:00+00:00")]


def test_what_cannot_be_had() -> None:
    """A deal that is gone counts nothing; one that may not be read is shown; and what passes is asked again."""
    gone = batch(errors={"deal": {"error": "", "error_description": "Not found"}})
    parsed = read_back(PROVIDER, "deal/501", gone, counts=COUNTS)
    assert ([part.reason for part in parsed.ignored], parsed.rejected) == (["not_counted"], ())
    scope = batch(errors={"deal": {"error": "insufficient_scope"}, "stages": {"error": "insufficient_scope"}})
    (refused,) = read_back(PROVIDER, "deal/501", scope, counts=COUNTS).rejected
    assert "insufficient_scope" in refused.detail
    for body in (gone, scope, batch(), "{}", "[]", "", "{", '{"result": false}'):
        assert PROVIDER.trouble(body.encode()) is None


@pytest.mark.parametrize("error", ["QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "Internal_Server_Error"])
def test_what_passes_by_itself(error: str) -> None:
    """In the body as a whole, or of one command of several."""
    assert PROVIDER.trouble(json.dumps({"error": error}).encode()) == error
    for command in ("deal", "stages"):
        assert PROVIDER.trouble(batch(errors={command: {"error": error}}).encode()) == error


def test_an_item_with_its_history() -> None:
    """An invoice that was sent and paid before it was read; no stage of it is won by itself."""
    item = json.loads((READ_BACK / "smart-invoice.json").read_text())["result"]
    item["item"] |= {"stageId": "DT31_2:P"}
    rows = [
        {"ID": 1, "OWNER_ID": 24, "CREATED_TIME": "2026-11-23T09:01:00+03:00", "STAGE_ID": "DT31_2:S"},
        {"ID": 2, "OWNER_ID": 24, "CREATED_TIME": "2026-11-23T09:02:01+03:00", "STAGE_ID": "DT31_2:P"},
    ]
    body = json.dumps({"result": {"result": {"item": item, "stages": {"items": rows}}, "result_error": []}})
    counts = {"invoice": {"stage": ["DT31_2:S"]}, "payment": {"stage": ["DT31_2:P"]}}
    issued, paid = read_back(PROVIDER, "item/31-24", body, counts=counts).drafts
    assert (issued.time, paid.time) == (at("2026-11-23T06:01:00Z"), at("2026-11-23T06:02:00Z"))
    assert isinstance(paid.data, Payment)
    assert (paid.data.deal, paid.data.invoice) == ("src:501", "src:31-24:invoice")


def test_odd_rows_of_a_history() -> None:
    """What is no row is passed over; the deal itself still counts."""
    odd: list[Any] = [7, None, [], {}, {"CREATED_TIME": "soon", "STAGE_ID": "C1:INVOICED"}, {"CREATED_TIME": MONTH_AGO}]
    for history in (odd, {"0": odd[3]}, "none", None, []):
        assert made(batch({"items": history})) == [("payment", "2026-11-23T06:03:00+00:00")]
