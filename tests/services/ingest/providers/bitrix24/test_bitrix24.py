"""Bitrix24: the application token, telephony into calls, CRM events that only name an id."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.base import READBACK, ReadBack, Unauthorized
from services.ingest.providers.bitrix24 import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, parse, read_back, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
ANSWERED = (FIXTURES / "call-end-answered.form").read_bytes()
AS_JSON = (FIXTURES / "call-end-answered.json").read_bytes()


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def changed(**fields: str) -> str:
    """The answered call with other fields of its data."""
    pairs = dict(parse_qsl(ANSWERED.decode(), keep_blank_values=True))
    return urlencode({**pairs, **{f"data[{name}]": value for name, value in fields.items()}})


@pytest.mark.parametrize("body", [ANSWERED, AS_JSON])
def test_the_application_token(body: bytes) -> None:
    """Compared with each configured one, in a form as on the wire and in JSON as in the documentation."""
    PROVIDER.verify(request(body), source(PROVIDER), {"application_token": ("old", "invented-token")}, (RECEIVED,))
    for tokens in (("other",), ("",), ()):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(body), source(PROVIDER), {"application_token": tokens}, (RECEIVED,))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"event=X", b"auth=5", b'{"auth": []}', b"auth[application_token][x]=invented-token"]
)
def test_without_a_token_nothing_is_let_in(body: bytes) -> None:
    """Bodies that carry no token are refused as unauthorized, whatever they are."""
    with pytest.raises(Unauthorized):
        PROVIDER.verify(request(body), source(PROVIDER), {"application_token": ("invented-token",)}, (RECEIVED,))


@pytest.mark.parametrize("body", [ANSWERED, AS_JSON])
def test_tokens_do_not_reach_the_journal(body: bytes) -> None:
    """Live OAuth tokens go with the application token; what is left still parses to the same."""
    kept = PROVIDER.redact(request(body))
    for token in (b"invented-access", b"invented-refresh", b"invented-token"):
        assert token not in kept.body
    assert PROVIDER.parse(kept, source(PROVIDER)) == parse(PROVIDER, body)


@pytest.mark.parametrize("body", [ANSWERED, AS_JSON])
def test_an_answered_call(body: bytes) -> None:
    """Without an answer or an end time, talk is counted from the start."""
    found = call(PROVIDER, body)
    assert (found.call_id, found.identity, found.direction) == ("src:INVENTED1.1795413600.1", "17", "outbound")
    assert (found.started_at, found.ended_at, found.talk_s) == (
        at("2026-11-23T06:00:00Z"),
        at("2026-11-23T06:01:35Z"),
        95,
    )
    assert (found.disposition, found.sip_status) == ("answered", 200)
    assert (found.line, found.did, found.customer) == ("src/+74950001122", "74950001122", "#+79990001122")


@pytest.mark.parametrize(
    ("code", "disposition", "sip"),
    [
        ("304", "no_answer", None),
        ("603", "rejected", 603),
        ("603-S", "canceled", None),
        ("403", "failed", 403),
        ("404", "failed", 404),
        ("486", "busy", 486),
        ("484", "failed", 484),
        ("503", "congestion", 503),
        ("480", "no_answer", 480),
        ("402", "failed", 402),
        ("423", "failed", 423),
        ("OTHER", "failed", None),
        ("", "no_answer", None),
        ("999", "failed", None),
    ],
)
def test_codes(code: str, disposition: str, sip: int | None) -> None:
    """Every code of the vendor's table; an unanswered call has no talk even when a duration is sent."""
    duration = "0" if code == "" else "12"
    found = call(PROVIDER, changed(CALL_FAILED_CODE=code, CALL_DURATION=duration))
    assert (found.disposition, found.sip_status, found.talk_s, found.answered_at) == (disposition, sip, 0, None)


@pytest.mark.parametrize(
    ("kind", "direction"), [("1", "outbound"), ("2", "inbound"), ("3", "inbound"), ("4", "outbound")]
)
def test_directions(kind: str, direction: str) -> None:
    """A call redirected to a mobile is inbound; a callback is ours."""
    assert call(PROVIDER, changed(CALL_TYPE=kind)).direction == direction


def test_an_info_call_is_nobodys_attempt() -> None:
    """A robot that reads a text is not an agent."""
    assert [part.reason for part in parse(PROVIDER, changed(CALL_TYPE="5")).ignored] == ["info_call"]


def test_a_redirected_call_on_a_connection_without_a_number() -> None:
    """The connection's code is the line; it is no number of ours."""
    found = call(PROVIDER, fixture("call-end-redirected"))
    assert (found.direction, found.line, found.did) == ("inbound", "src/reg000001", None)


def test_start_times() -> None:
    """Without an offset it is the source's wall clock; without a start the sending time is the best guess of the end."""
    assert call(PROVIDER, changed(CALL_START_DATE="2026-11-23 09:00:00")).started_at == at("2026-11-23T06:00:00Z")
    assert call(PROVIDER, changed(CALL_START_DATE="")).ended_at == at("2026-11-23T06:02:40Z")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("ONVOXIMPLANTCALLINIT", "ringing"),
        ("OnVoximplantCallStart", "ringing"),
        ("ONCRMDYNAMICITEMUPDATE", "needs_readback"),
        ("ONTASKADD", "unknown_event"),
    ],
)
def test_events_that_count_nothing(event: str, reason: str) -> None:
    """Ringing, CRM events that only name an id, and events that are not ours."""
    parsed = parse(PROVIDER, ANSWERED.replace(b"ONVOXIMPLANTCALLEND", event.encode()))
    assert ([part.reason for part in parsed.ignored], parsed.drafts) == ([reason], ())
    assert [part.detail for part in parse(PROVIDER, fixture("deal-update")).ignored] == ["ONCRMDEALUPDATE 501"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"CALL_ID": ""}, "missing_field"), ({"CALL_TYPE": ""}, "missing_field"), ({"CALL_TYPE": "9"}, "bad_value")],
)
def test_parts_that_are_missing(fields: dict[str, str], reason: str) -> None:
    """A call end that cannot be understood is kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed(**fields)).rejected] == [reason]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b"a=b", b"event=", b'{"event": ["x"]}'])
def test_garbage(body: bytes) -> None:
    """What is no event is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def crm(event: str, *fields: tuple[str, str]) -> str:
    """A CRM event in wire form."""
    named = {f"data[FIELDS][{name}]": value for name, value in fields}
    return urlencode({"event": event, **named, "ts": "1795413760", "auth[application_token]": "invented-token"})


@pytest.mark.parametrize("event", ["ONCRMDEALADD", "onCrmDealUpdate", "ONCRMDEALMOVETOCATEGORY"])
def test_a_deal_is_read_back(event: str) -> None:
    """Its event names an id, and nothing is counted before the answer."""
    parsed = parse(PROVIDER, crm(event, ("ID", "501")))
    assert [part.reason for part in parsed.ignored] == ["needs_readback"]
    assert (parsed.readbacks, parsed.drafts) == ((ReadBack("deal", "501"),), ())


def test_items_are_read_back_where_the_options_ask_for_it() -> None:
    """Of the entity types listed, as numbers or texts; a handler may carry the type in its name."""
    options = {"items": [31, "1220"]}
    item = crm("ONCRMDYNAMICITEMUPDATE", ("ID", "24"), ("ENTITY_TYPE_ID", "31"))
    named = crm("ONCRMDYNAMICITEMADD_1220", ("ID", "25"))
    assert parse(PROVIDER, item, options=options).readbacks == (ReadBack("item", "31-24"),)
    assert parse(PROVIDER, named, options=options).readbacks == (ReadBack("item", "1220-25"),)
    for known in ({}, {"items": [5]}, {"items": 31}, {"items": "31"}, {"items": None}):
        parsed = parse(PROVIDER, item, options=known)
        assert ([part.reason for part in parsed.ignored], parsed.readbacks) == (["needs_readback"], ())


def test_crm_events_that_are_not_asked_for() -> None:
    """Other entities keep their word; what was deleted counts nothing; a deal without a usable id is shown."""
    assert parse(PROVIDER, crm("ONCRMCONTACTADD", ("ID", "7"))).readbacks == ()
    gone = parse(PROVIDER, crm("ONCRMDEALDELETE", ("ID", "501")))
    assert ([part.reason for part in gone.ignored], gone.readbacks) == (["not_counted"], ())
    for value, reason in (("", "missing_field"), ("5/../7", "bad_value"), ("٣", "bad_value")):
        odd = parse(PROVIDER, crm("ONCRMDEALUPDATE", ("ID", value)))
        assert ([part.reason for part in odd.rejected], odd.readbacks, odd.ignored) == ([reason], (), ())


REST = {"rest_url": ("https://invented.bitrix24.ru/rest/1/c0de/", "https://old.example/rest/1/x")}


def commands(body: bytes) -> dict[str, str]:
    """The commands of a batch, each encoded within the form that is encoded itself."""
    form = dict(parse_qsl(body.decode()))
    return {name[4:-1]: unquote(command) for name, command in form.items() if name.startswith("cmd[")}


def test_how_it_is_asked_for() -> None:
    """The object and the history of its stages in one form, below the inbound webhook's address; never without it."""
    deal = PROVIDER.fetch(ReadBack("deal", "501"), source(PROVIDER), REST)
    assert deal is not None
    assert (deal.method, deal.url) == ("POST", "https://invented.bitrix24.ru/rest/1/c0de/batch")
    assert dict(deal.headers)["content-type"] == "application/x-www-form-urlencoded"
    assert commands(deal.body) == {
        "deal": "crm.deal.get?id=501",
        "stages": "crm.stagehistory.list?entityTypeId=2&filter[OWNER_ID]=501&order[ID]=ASC",
    }
    item = PROVIDER.fetch(ReadBack("item", "31-24"), source(PROVIDER), REST)
    assert item is not None
    assert commands(item.body) == {
        "item": "crm.item.get?entityTypeId=31&id=24",
        "stages": "crm.stagehistory.list?entityTypeId=31&filter[OWNER_ID]=24&order[ID]=ASC",
    }
    for secrets in ({}, {"rest_url": ()}, {"rest_url": ("not an address",)}, {"application_token": ("x",)}):
        assert PROVIDER.fetch(ReadBack("deal", "501"), source(PROVIDER), secrets) is None
    for wanted in (ReadBack("deal", "x"), ReadBack("item", "24"), ReadBack("lead", "5")):
        assert PROVIDER.fetch(wanted, source(PROVIDER), REST) is None


COUNTS = {
    "presentation": {"stage": ["C1:PRESENTED"]},
    "invoice": {"stage": ["C1:INVOICED", "DT31_2:S"], "amount": "OPPORTUNITY"},
    "payment": {"won": True, "amount": "OPPORTUNITY"},
}
DEAL = (FIXTURES / "readback" / "deal.json").read_bytes()
INVOICE = (FIXTURES / "readback" / "smart-invoice.json").read_bytes()


def answer(**fields: Any) -> str:
    """The deal's answer with other fields."""
    told = json.loads(DEAL)
    told["result"] |= fields
    return json.dumps(told)


def test_a_deal_where_it_stands() -> None:
    """Its stage since it was moved there, its responsible, its money in texts."""
    (made,) = read_back(PROVIDER, "deal/501", DEAL, counts=COUNTS).drafts
    assert made.data == PresentationMade(deal="src:501", identity="17", at=at("2026-11-23T06:00:00Z"))
    (issued,) = read_back(PROVIDER, "deal/501", answer(STAGE_ID="C1:INVOICED"), counts=COUNTS).drafts
    assert isinstance(issued.data, InvoiceIssued)
    assert (issued.data.invoice, issued.data.amount_minor, issued.data.currency) == (
        "src:501:invoice",
        12_500_050,
        "RUB",
    )
    assert {draft.provider_id for draft in (made, issued)} == {"501"}


@pytest.mark.parametrize(
    ("fields", "won"),
    [
        ({"STAGE_ID": "C1:WON", "STAGE_SEMANTIC_ID": "S"}, True),
        ({"STAGE_ID": "C1:PAID", "STAGE_SEMANTIC_ID": "S", "CLOSED": "Y"}, True),
        ({"STAGE_ID": "WON", "STAGE_SEMANTIC_ID": None, "CATEGORY_ID": "0"}, True),
        ({"STAGE_ID": "C1:LOSE", "STAGE_SEMANTIC_ID": "F"}, False),
        ({"STAGE_ID": "C1:PREPARATION"}, False),
    ],
)
def test_won(fields: dict[str, Any], won: bool) -> None:
    """The semantic of the stage tells, whatever the stage is called; a deal created so counts at once."""
    parsed = read_back(PROVIDER, "deal/501", answer(**fields), counts=COUNTS)
    assert [draft.type for draft in parsed.drafts] == ([facts.PAYMENT] if won else [])
    assert [part.reason for part in parsed.ignored] == ([] if won else ["not_counted"])


def test_times_of_an_answer() -> None:
    """Moved, else modified; a closing date is a plan; without any the receipt."""
    no_move = answer(MOVED_TIME=None)
    assert read_back(PROVIDER, "deal/501", no_move, counts=COUNTS).drafts[0].time == at("2026-11-23T06:05:00Z")
    none = answer(MOVED_TIME="", DATE_MODIFY="", DATE_CREATE="")
    assert read_back(PROVIDER, "deal/501", none, counts=COUNTS).drafts[0].time == RECEIVED


def test_the_default_pipeline_and_other_money() -> None:
    """Category 0 has no prefix; another currency, another field, no amount."""
    counts = {"invoice": {"stage": ["0:PREPAYMENT"], "amount": "UF_CRM_SUM"}}
    fields = {"CATEGORY_ID": "0", "STAGE_ID": "PREPAYMENT", "CURRENCY_ID": "KZT", "UF_CRM_SUM": "70000"}
    (issued,) = read_back(PROVIDER, "deal/501", answer(**fields), counts=counts).drafts
    assert isinstance(issued.data, InvoiceIssued)
    assert (issued.data.amount_minor, issued.data.currency) == (7_000_000, "KZT")
    for lost in ({**fields, "UF_CRM_SUM": ""}, {**fields, "CURRENCY_ID": "??"}):
        parsed = read_back(PROVIDER, "deal/501", answer(**lost), counts=counts)
        assert [part.reason for part in parsed.rejected] == ["bad_value"]


def test_a_smart_invoice() -> None:
    """An id of its own beside the deal it belongs to; no stage of it is "won" by itself."""
    (issued,) = read_back(PROVIDER, "item/31-24", INVOICE, counts=COUNTS).drafts
    assert issued.provider_id == "31-24"
    assert isinstance(issued.data, InvoiceIssued)
    assert (issued.data.invoice, issued.data.deal, issued.data.identity) == ("src:31-24:invoice", "src:501", "17")
    paid = INVOICE.replace(b"DT31_2:S", b"DT31_2:P")
    assert read_back(PROVIDER, "item/31-24", paid, counts={"payment": {"won": True}}).drafts == ()
    (payment,) = read_back(PROVIDER, "item/31-24", paid, counts={"payment": {"stage": ["DT31_2:P"]}}).drafts
    assert isinstance(payment.data, Payment)
    assert (payment.data.amount_minor, payment.time) == (12_500_050, at("2026-11-23T06:02:00Z"))


@pytest.mark.parametrize(
    ("body", "ignored", "rejected"),
    [
        ('{"error":"NOT_FOUND","error_description":"Element not found"}', ["not_counted"], []),
        ('{"error":"","error_description":"Not found"}', ["not_counted"], []),
        ('{"error":"ACCESS_DENIED","error_description":"Access denied."}', [], ["bad_value"]),
        ('{"error":"QUERY_LIMIT_EXCEEDED"}', [], ["bad_value"]),
    ],
)
def test_errors_stand_in_the_body(body: str, ignored: list[str], rejected: list[str]) -> None:
    """What is gone counts nothing; everything else is shown."""
    for path in ("deal/501", "item/31-24"):
        parsed = read_back(PROVIDER, path, body)
        assert [part.reason for part in parsed.ignored] == ignored
        assert [part.reason for part in parsed.rejected] == rejected


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"result":false}', '{"result":{"item":[]}}'])
def test_answers_that_are_none(body: str) -> None:
    """Refused as bad input, and so is an object nobody asked for."""
    for path in ("deal/501", "item/31-24", "other/1", ""):
        with pytest.raises(BadInput):
            read_back(PROVIDER, path, body)


def test_an_answer_is_kept_as_it_is() -> None:
    """It holds no token of ours."""
    told = request(DEAL, "deal/501", method=READBACK)
    assert PROVIDER.redact(told) is told


def test_real_bodies() -> None:
    """The documentation's missed call, and its events that count nothing."""
    found = call(PROVIDER, real("bitrix24-ONVOXIMPLANTCALLEND-missed-1.json"))
    assert found.call_id == "src:externalCall.7b0c7de811455ef32b18dc5917e4306a.1773239327"
    assert (found.started_at, found.talk_s, found.disposition) == (at("2026-03-11T14:28:46Z"), 0, "no_answer")
    assert (found.identity, found.direction, found.line) == ("1269", "outbound", "src/REST_APP:")
    for name, reason in (
        ("ONVOXIMPLANTCALLINIT-1", "ringing"),
        ("ONVOXIMPLANTCALLSTART-1", "ringing"),
        ("ONCRMDEALADD-app-1", "needs_readback"),
        ("ONCRMDEALADD-outgoing-webhook-2", "needs_readback"),
        ("ONCRMDEALMOVETOCATEGORY-1", "needs_readback"),
        ("ONCRMDYNAMICITEMUPDATE-1", "needs_readback"),
    ):
        assert [part.reason for part in parse(PROVIDER, real(f"bitrix24-{name}.json")).ignored] == [reason]
    documented = real("bitrix24-crm.deal.get-response-1.json")
    (issued,) = read_back(PROVIDER, "deal/410", documented, counts={"invoice": {"stage": ["PREPARATION"]}}).drafts
    assert isinstance(issued.data, InvoiceIssued)
    assert (issued.data.amount_minor, issued.data.currency, issued.time) == (
        100_000_000,
        "EUR",
        at("2024-08-30T12:29:00Z"),
    )


def test_events_of_another_portal_are_refused() -> None:
    """Where it is pinned, by its member id or its domain."""
    body = crm("ONCRMDEALADD", ("ID", "501")) + "&auth[member_id]=m1&auth[domain]=a.bitrix24.ru"
    tokens = {"application_token": ("invented-token",)}
    for options in ({}, {"member_id": "m1"}, {"member_id": ["m0", "m1"], "domain": "a.bitrix24.ru"}):
        PROVIDER.verify(request(body), source(PROVIDER, options=options), tokens, (RECEIVED,))
    for options in ({"member_id": "m2"}, {"member_id": "m1", "domain": "b.bitrix24.ru"}):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(body), source(PROVIDER, options=options), tokens, (RECEIVED,))
