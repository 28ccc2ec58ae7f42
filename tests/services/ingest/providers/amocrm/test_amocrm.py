"""amoCRM and Kommo: batches, thin events, stages of the floor file, each kind once for ever."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.amocrm import PROVIDER
from services.ingest.providers.base import Unauthorized
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, real, request, source

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


def test_thin_events_need_a_read_back() -> None:
    """Ids only: no amount, no responsible, no time."""
    parsed = parse(PROVIDER, fixture("thin"), counts=COUNTS)
    assert ([part.reason for part in parsed.ignored], parsed.drafts) == (["needs_readback"], ())


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
