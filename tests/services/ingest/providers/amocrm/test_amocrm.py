"""amoCRM and Kommo: batches, thin events, stages of the floor file, each kind once for ever."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.amocrm import PROVIDER
from services.ingest.providers.base import ReadBack, Unauthorized
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, read_back, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
COUNTS = {"presentation": {"status": [45648904]}, "invoice": {"status": [45648905]}, "payment": {"status": [142]}}


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def lead(action: str = "status", **fields: str) -> str:
    """One lead in wire form."""
    known = {"id": "101", "status_id": "142", "old_status_id": "1", "price": "10", "updated_at": "1795413600"}
    return urlencode({f"leads[{action}][0][{name}]": value for name, value in {**known, **fields}.items()})


def test_a_batch_of_items_and_actions() -> None:
    """Every item of every action is read; each gives its kind by its stage, in minor units of the source's currency."""
    parsed = parse(PROVIDER, fixture("batch"), counts=COUNTS)
    when = at("2026-11-23T06:00:00Z")
    assert [(draft.type, draft.provider_id) for draft in parsed.drafts] == [
        (facts.PRESENTATION, "101"),
        (facts.INVOICE, "102"),
        (facts.PAYMENT, "103"),
        (facts.PRESENTATION, "105"),
    ]
    made, issued, paid, _ = (draft.data for draft in parsed.drafts)
    assert made == PresentationMade(deal="src:101", identity="9001", at=when)
    assert issued == InvoiceIssued(
        invoice="src:102:invoice", deal="src:102", identity="9001", at=when, amount_minor=150050, currency="RUB"
    )
    assert isinstance(paid, Payment)
    assert (paid.payment, paid.amount_minor) == ("src:103:payment", 25_000_000)
    assert {draft.time for draft in parsed.drafts} == {when}
    assert [part.reason for part in parsed.ignored] == ["not_counted"] * 4
    assert parsed.rejected == ()


def test_the_same_stage_again_is_the_same_fact() -> None:
    """A lead that comes back to a stage, at another hour and price, never makes a second fact."""
    again = [lead(price="10"), lead(price="99", updated_at="1795420000"), lead("add")]
    assert {(draft.type, draft.provider_id) for draft in drafts(PROVIDER, *again, counts=COUNTS)} == {
        (facts.PAYMENT, "101")
    }


def test_an_update_counts_only_when_the_stage_changed() -> None:
    """Editing a lead that was won last week is no payment today."""
    assert len(drafts(PROVIDER, lead("update", old_status_id="7"), counts=COUNTS)) == 1
    for before in ("", "142"):
        assert drafts(PROVIDER, lead("update", old_status_id=before), counts=COUNTS) == []


def test_an_old_won_lead_that_is_edited_today() -> None:
    """A note, another responsible: no stage was come to, so nothing is even asked for; read back, it is as old as it is."""
    for action in ("update", "responsible", "note", "restore"):
        parsed = parse(PROVIDER, lead(action, updated_at="1795420000", old_status_id=""), counts=COUNTS)
        assert ([part.reason for part in parsed.ignored], parsed.drafts, parsed.readbacks) == (["not_counted"], (), ())
    old = answer(closed_at=1792767600, updated_at=1795413600)
    (paid,) = read_back(PROVIDER, "lead/101", old, counts=COUNTS).drafts
    assert paid.time == at("2026-10-23T15:00:00Z")


def test_thin_events_need_a_read_back() -> None:
    """Ids only: no amount, no responsible, no time."""
    parsed = parse(PROVIDER, fixture("thin"), counts=COUNTS)
    assert ([part.reason for part in parsed.ignored], parsed.drafts) == (["needs_readback"], ())
    assert parsed.readbacks == (ReadBack("lead", "101"),)
    odd = parse(PROVIDER, b"leads[add][0][id]=../1&leads[add][0][status_id]=5")
    assert ([part.reason for part in odd.rejected], odd.readbacks) == (["bad_value"], ())


LEAD = (FIXTURES / "readback" / "lead.json").read_bytes()


def answer(**fields: Any) -> str:
    """The lead's answer with other fields."""
    return json.dumps(json.loads(LEAD) | fields)


def test_how_a_lead_is_asked_for() -> None:
    """At the account's address with its token, and only with both."""
    secrets = {"rest_url": ("https://invented.amocrm.ru/",), "access_token": ("new", "old")}
    fetch = PROVIDER.fetch(ReadBack("lead", "101"), source(PROVIDER), secrets)
    assert fetch is not None
    assert (fetch.method, fetch.url, fetch.body) == ("GET", "https://invented.amocrm.ru/api/v4/leads/101", b"")
    assert dict(fetch.headers)["authorization"] == "Bearer new"
    for lacking in ({}, {"rest_url": secrets["rest_url"]}, {"access_token": ("t",)}, {**secrets, "rest_url": ("x",)}):
        assert PROVIDER.fetch(ReadBack("lead", "101"), source(PROVIDER), lacking) is None
    for wanted in (ReadBack("deal", "101"), ReadBack("lead", "1/2")):
        assert PROVIDER.fetch(wanted, source(PROVIDER), secrets) is None


def test_a_lead_read_back() -> None:
    """Where it stands; a won one since it was closed, whatever was edited later."""
    (paid,) = read_back(PROVIDER, "lead/101", LEAD, counts=COUNTS).drafts
    assert paid.data == Payment(
        payment="src:101:payment",
        invoice="src:101:invoice",
        deal="src:101",
        identity="9001",
        at=at("2026-11-23T06:00:00Z"),
        amount_minor=150_000,
        currency="RUB",
    )
    assert (paid.provider_id, paid.once) == ("101", True)
    open_ = answer(status_id=45648904, closed_at=None)
    (made,) = read_back(PROVIDER, "lead/101", open_, counts=COUNTS).drafts
    assert (made.type, made.time) == (facts.PRESENTATION, at("2026-11-23T06:06:40Z"))
    (never_closed,) = read_back(PROVIDER, "lead/101", answer(closed_at=None), counts=COUNTS).drafts
    assert never_closed.time == at("2026-11-23T06:06:40Z")
    by_tag = {"presentation": {"tag": ["горячий"]}}
    assert len(read_back(PROVIDER, "lead/101", LEAD, counts=by_tag).drafts) == 1
    assert len(read_back(PROVIDER, "lead/101", answer(status_id=143), counts=COUNTS).ignored) == 1


@pytest.mark.parametrize(
    ("body", "ignored", "rejected"),
    [
        ("", ["not_counted"], []),
        (answer(is_deleted=True), ["not_counted"], []),
        ('{"title":"Unauthorized","status":401,"detail":"wrong token"}', [], ["bad_value"]),
        (answer(status_id=None), [], ["bad_value"]),
        (answer(price="дорого"), [], ["bad_value"]),
    ],
)
def test_answers_that_count_nothing(body: str, ignored: list[str], rejected: list[str]) -> None:
    """No such lead (an empty answer), a deleted one, an error, no amount."""
    parsed = read_back(PROVIDER, "lead/101", body, counts=COUNTS)
    assert [part.reason for part in parsed.ignored] == ignored
    assert [part.reason for part in parsed.rejected] == rejected


def test_tags_count() -> None:
    """By their names, as the full form lists them."""
    tagged = lead() + "&" + urlencode({"leads[status][0][tags][0][id]": "7", "leads[status][0][tags][0][name]": "демо"})
    assert [draft.type for draft in drafts(PROVIDER, tagged, counts={"presentation": {"tag": ["демо"]}})] == [
        facts.PRESENTATION
    ]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, [facts.PAYMENT]),
        ({"payment": {"won": True}}, [facts.PAYMENT]),
        ({"payment": {"stage": ["70:142"]}}, [facts.PAYMENT]),
        ({"presentation": {"status": [5]}}, []),
        ({"payment": {"status": [142]}, "invoice": {"won": True}}, [facts.INVOICE, facts.PAYMENT]),
    ],
)
def test_what_counts_is_said_by_the_floor_file(counts: dict[str, object], expected: list[str]) -> None:
    """142 is "won" everywhere; it is a payment by default only while nothing at all is configured."""
    found = drafts(PROVIDER, lead(pipeline_id="70"), counts=counts)
    assert [draft.type for draft in found] == expected


def test_amounts() -> None:
    """A configured field, the price with its decimals before the one that lost them, and an amount that is none."""
    field = {"payment": {"won": True, "amount": "budget"}}
    assert drafts(PROVIDER, lead(budget="7"), counts=field)[0].data.amount_minor == 700  # type: ignore[union-attr]
    ready = drafts(PROVIDER, lead(price="12", price_with_minor_units="12.34"), counts=COUNTS)[0].data
    assert isinstance(ready, Payment)
    assert ready.amount_minor == 1234
    parsed = parse(PROVIDER, fixture("bad-price"), counts=COUNTS)
    assert ([part.reason for part in parsed.rejected], parsed.drafts) == (["bad_value"], ())


def test_the_time_is_the_leads_own() -> None:
    """updated_at, else the older names, else the receipt."""
    assert drafts(PROVIDER, lead(updated_at="", last_modified="1795413601"))[0].time == at("2026-11-23T06:00:01Z")
    assert drafts(PROVIDER, lead(updated_at=""))[0].time == RECEIVED


def test_garbage() -> None:
    """What names no entity is refused; a part without its id is shown as rejected."""
    for body in (b"", b"hello", b"account[id]=1", b"leads=5", b"{", b"[" * 5_000, b"leads[status]"):
        with pytest.raises(BadInput):
            parse(PROVIDER, body)
    assert [part.reason for part in parse(PROVIDER, b"leads[status][0][name]=x").rejected] == ["missing_field"]
    assert [part.reason for part in parse(PROVIDER, b"leads[status][0]=x").rejected] == ["bad_value"]


def test_the_secret_stands_in_the_path() -> None:
    """Nothing is signed: without the secret part of the URL nothing is let in."""
    secrets = {"path": ("s3cret",)}
    PROVIDER.verify(request(fixture("batch"), "s3cret"), source(PROVIDER), secrets, (RECEIVED,))
    for path in ("", "wrong"):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(fixture("batch"), path), source(PROVIDER), secrets, (RECEIVED,))


def test_real_bodies() -> None:
    """A captured full event counts when its stage is configured; captured thin ones need a read-back."""
    full = real("amocrm-leads-status-full-1.form")
    assert [part.reason for part in parse(PROVIDER, full).ignored] == ["not_counted"]
    (found,) = drafts(PROVIDER, full, counts={"invoice": {"status": [16525558]}})
    assert isinstance(found.data, InvoiceIssued)
    assert (found.data.identity, found.data.amount_minor, found.time) == ("1764433", 100, at("2021-03-17T12:57:26Z"))
    for name in ("amocrm-leads-status-thin-2.form", "amocrm-leads-add-thin-4.form"):
        assert [part.reason for part in parse(PROVIDER, real(name)).ignored] == ["needs_readback"]


CUSTOM = {
    "custom_fields][0][id": "500",
    "custom_fields][0][name": "Предоплата",
    "custom_fields][0][values][0][value": "777.5",
    "custom_fields][1][id": "501",
    "custom_fields][1][name": "Дата показа",
    "custom_fields][1][values][0": "1795413600",
}


@pytest.mark.parametrize("key", ["500", "Предоплата"])
def test_custom_fields_by_id_or_name(key: str) -> None:
    """As amounts and as marks, in hooks and in answers of the API; a date's value stands bare in its list."""
    counts = {"payment": {"won": True, "amount": key}, "presentation": {"field": {"501": ["*"]}}}
    made, paid = drafts(PROVIDER, lead(**CUSTOM), counts=counts)
    assert isinstance(paid.data, Payment)
    assert (made.type, paid.data.amount_minor) == (facts.PRESENTATION, 77750)
    custom = [{"field_id": 500, "field_name": "Предоплата", "values": [{"value": 777.5}]}]
    (paid,) = read_back(PROVIDER, "lead/101", answer(custom_fields_values=custom), counts=counts).drafts
    assert isinstance(paid.data, Payment)
    assert paid.data.amount_minor == 77750


def test_an_edit_that_marks_a_lead_counts_the_mark_alone() -> None:
    """A field or tag is filled in where the lead stands; the stage it has had for long counts nothing."""
    counts = {"presentation": {"field": {"501": ["*"]}, "tag": ["показ"]}, "payment": {"won": True}}
    edits = [lead("update", old_status_id="", **CUSTOM), lead("update", old_status_id="", **{"tags][0][name": "показ"})]
    assert [draft.type for draft in drafts(PROVIDER, *edits, counts=counts)] == [facts.PRESENTATION] * 2
    assert drafts(PROVIDER, lead("update", old_status_id=""), counts=counts) == []


def test_a_price_that_was_never_entered_is_nothing() -> None:
    """The form sends it empty; a lead that is won counts all the same. One that is not sent at all is told."""
    (paid,) = drafts(PROVIDER, lead(price=""), counts=COUNTS)
    assert isinstance(paid.data, Payment)
    assert paid.data.amount_minor == 0
    lacking = lead().replace("price", "budget")
    assert [part.reason for part in parse(PROVIDER, lacking, counts=COUNTS).rejected] == ["bad_value"]


def test_hooks_of_another_account_are_refused() -> None:
    """Where the account is pinned: the secret of the address alone is not enough."""
    secrets, pinned = {"path": ("s",)}, source(PROVIDER, options={"account_id": 16500000})
    for body, right in ((f"{lead()}&account[id]=16500000", True), (f"{lead()}&account[id]=7", False), (lead(), False)):
        for known in (pinned, source(PROVIDER)):
            if right or known is not pinned:
                PROVIDER.verify(request(body, "s"), known, secrets, (RECEIVED,))
            else:
                with pytest.raises(Unauthorized):
                    PROVIDER.verify(request(body, "s"), known, secrets, (RECEIVED,))
    with pytest.raises(Unauthorized):
        PROVIDER.verify(request("{", "s"), pinned, secrets, (RECEIVED,))
