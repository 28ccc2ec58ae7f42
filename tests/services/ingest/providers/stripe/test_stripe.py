"""Stripe: its signature, one payment told by four events in any order, refunds, currencies, modes."""

import json
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, permutations
from pathlib import Path
from typing import Any

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment
from services.ingest.providers.base import Draft, Unauthorized
from services.ingest.providers.stripe import PROVIDER, amounts
from services.ingest.providers.stripe.signature import sign
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, request, source

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = "whsec_labSecretAsItStands"
VECTOR = b"""{
  "id": "evt_test_webhook",
  "object": "event",
  "data": { "object": { "id": "rdr_123", "object": "terminal.reader" } }
}"""
VECTOR_V1 = "07b1ede164afb7b5de91267ffa656f568c65d6e0783ce0ac55ee094643578eda"
WITHOUT_INVOICE = ("charge.succeeded", "payment_intent.succeeded")
OF_INVOICE = (
    "charge.succeeded-of-invoice",
    "payment_intent.succeeded-of-invoice",
    "invoice.paid",
    "invoice.payment_succeeded",
)
NEWER = ("charge.succeeded-newer", "payment_intent.succeeded-newer", "invoice.paid-newer")


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, event: dict[str, Any] | None = None, **thing: Any) -> bytes:
    """A fixture with other values in the event and in its object."""
    whole = json.loads(fixture(name))
    whole |= event or {}
    whole["data"]["object"] |= thing
    return json.dumps(whole).encode()


def one(*bodies: bytes, **config: Any) -> Draft:
    (found,) = drafts(PROVIDER, *bodies, **config)
    return found


def paid(*bodies: bytes, **config: Any) -> Payment:
    data = one(*bodies, **config).data
    assert isinstance(data, Payment)
    return data


def signed(body: bytes, at_s: int, *values: str, secret: str = SECRET) -> str:
    return ",".join([f"t={at_s}", *values, f"v1={sign(secret, at_s, body)}"])


def verify(body: bytes, header: str | None, *secrets: str, now: tuple[datetime, ...] = (RECEIVED,)) -> None:
    headers = {} if header is None else {"stripe_signature": header}
    PROVIDER.verify(request(body, **headers), source(PROVIDER), {"signing_secret": secrets or (SECRET,)}, now)


def test_the_vector_of_the_vendors_library() -> None:
    """The key is the secret as it stands, ``whsec_`` included."""
    assert sign("whsec_test_secret", 12345, VECTOR) == VECTOR_V1
    then = datetime.fromtimestamp(12345, UTC)
    verify(VECTOR, f"t=12345,v1={VECTOR_V1}", "whsec_test_secret", now=(then,))


def test_several_signatures_and_secrets() -> None:
    """Any v1 with any value of the secret; v0 and unknown schemes are not looked at."""
    body, now_s = fixture("charge.succeeded"), int(RECEIVED.timestamp())
    right = sign(SECRET, now_s, body)
    verify(body, signed(body, now_s, "v1=" + "0" * 64, "v0=abc", "v9=x"))
    verify(body, signed(body, now_s).replace(",", ", "))
    verify(body, signed(body, now_s), "whsec_newer", SECRET)
    for header in (f"t={now_s},v0={right}", f"t={now_s}", f"v1={right}", f"t=x,v1={right}", f"t={now_s},v1=", "", None):
        with pytest.raises(Unauthorized):
            verify(body, header)
    with pytest.raises(Unauthorized):
        verify(body, signed(body, now_s, secret="whsec_other"))
    with pytest.raises(Unauthorized):
        verify(body, signed(body, now_s), "")


def test_the_raw_bytes_are_signed() -> None:
    """The same JSON, written otherwise, is not what was signed."""
    body, now_s = fixture("charge.succeeded"), int(RECEIVED.timestamp())
    header = signed(body, now_s)
    for other in (json.dumps(json.loads(body)).encode(), body + b"\n", body[:-1]):
        with pytest.raises(Unauthorized):
            verify(other, header)


@pytest.mark.parametrize("late_s", [-300, -1, 0, 299, 300])
def test_five_minutes_in_both_directions(late_s: int) -> None:
    """Of any instant that may be now."""
    body, now_s = fixture("charge.succeeded"), int(RECEIVED.timestamp())
    verify(body, signed(body, now_s + late_s))
    far = RECEIVED + timedelta(days=900)
    verify(body, signed(body, now_s + late_s), now=(far, RECEIVED))


@pytest.mark.parametrize("late_s", [-301, 301, 10**10])
def test_a_replay_is_refused(late_s: int) -> None:
    """Also one that claims to come from the future."""
    body, now_s = fixture("charge.succeeded"), int(RECEIVED.timestamp())
    with pytest.raises(Unauthorized) as raised:
        verify(body, signed(body, now_s + late_s))
    assert raised.value.reason == "stale_signature"


def test_a_payment_without_an_invoice() -> None:
    """The intent has the manager and the deal, the charge is first in time: one fact of both."""
    made = one(*map(fixture, WITHOUT_INVOICE))
    when = at("2026-11-23T06:00:00Z")
    assert (made.type, made.provider_id, made.time) == (facts.PAYMENT, "pi_3LabAAA1exampleIntent", when)
    assert made.data == Payment(
        payment="src:pi_3LabAAA1exampleIntent",
        deal="src:9001",
        identity="17",
        at=when,
        amount_minor=129900,
        currency="USD",
    )


@pytest.mark.parametrize("names", [WITHOUT_INVOICE, OF_INVOICE, NEWER])
def test_one_payment_is_one_fact_whatever_comes(names: tuple[str, ...]) -> None:
    """Every subset in every order has the same id and the same money; what is known of all is the same in any order."""
    ids, money, whole = set(), set(), set()
    for some in chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1)):
        if some == ("charge.succeeded-newer",):
            continue  # a charge that Stripe calls an invoice's says nothing by itself
        for order in permutations(some):
            made = one(*map(fixture, order))
            assert isinstance(made.data, Payment)
            ids.add((made.type, made.provider_id))
            money.add((made.data.amount_minor, made.data.currency))
            if len(some) == len(names):
                whole.add(facts.encode_data(made.data))
    assert (len(ids), len(money), len(whole)) == (1, 1, 1)


def test_the_payment_of_an_invoice() -> None:
    """The invoice knows whose it is and when it was paid."""
    made = paid(*map(fixture, OF_INVOICE))
    assert (made.payment, made.invoice) == ("src:pi_3LabBBB2exampleIntent", "src:in_1LabBBB2exampleInvoice")
    assert (made.identity, made.deal) == ("anna@shop.example", "src:77")
    assert (made.amount_minor, made.currency, made.at) == (70050, "EUR", at("2026-11-23T06:01:00Z"))


def test_newer_invoices_name_no_payment() -> None:
    """Since 2025-03-31 the intent names the invoice; the manager stands in the subscription's metadata."""
    made = paid(*map(fixture, NEWER))
    assert (made.payment, made.invoice, made.identity) == (
        "src:in_1LabCCC3exampleInvoice", "src:in_1LabCCC3exampleInvoice", "21",
    )  # fmt: skip
    assert (made.amount_minor, made.currency) == (15000, "JPY")
    assert [part.reason for part in parse(PROVIDER, fixture("charge.succeeded-newer")).ignored] == ["not_counted"]


def test_an_intent_that_only_its_description_gives_an_invoice() -> None:
    """It names no invoice, and the invoice names no intent: counted too, one payment would be two."""
    newer = json.loads(fixture("payment_intent.succeeded-newer"))
    newer["data"]["object"] |= {"payment_details": None, "description": "Subscription creation"}
    found = drafts(PROVIDER, json.dumps(newer).encode(), fixture("invoice.paid-newer"))
    assert [draft.type for draft in found] == [facts.PAYMENT]
    assert [part.reason for part in parse(PROVIDER, json.dumps(newer)).ignored] == ["not_counted"]


def test_an_invoice_with_its_payments_expanded() -> None:
    """The payment intents are the payments, each with its part."""
    listed = {
        "data": [
            {"payment": {"type": "payment_intent", "payment_intent": "pi_a"}, "status": "paid", "amount_paid": 10000},
            {"payment": {"type": "payment_intent", "payment_intent": {"id": "pi_b"}}, "amount_paid": 5000},
            {"payment": {"type": "payment_intent", "payment_intent": "pi_c"}, "status": "canceled"},
        ]
    }
    found = drafts(PROVIDER, changed("invoice.paid-newer", payments=listed))
    assert [(made.provider_id, made.data.amount_minor) for made in found] == [("pi_a", 10000), ("pi_b", 5000)]  # type: ignore[union-attr]


def test_paid_in_parts_by_several_intents() -> None:
    """Intents that name one invoice are one payment of it."""
    parts = [
        changed("payment_intent.succeeded-newer", id=f"pi_part{n}", amount=n, amount_received=n) for n in (5000, 10000)
    ]
    assert paid(*parts).amount_minor == 15000
    assert paid(*parts, fixture("invoice.paid-newer")).amount_minor == 15000


def test_paid_out_of_band() -> None:
    """Neither intent nor charge: the invoice itself is the payment."""
    body = changed("invoice.paid", payment_intent=None, charge=None, paid_out_of_band=True)
    assert one(body).provider_id == "in_1LabBBB2exampleInvoice"


def test_an_old_charge_without_an_intent() -> None:
    """The charge is the payment, also where the invoice names it."""
    charge = changed("charge.succeeded-of-invoice", payment_intent=None)
    invoice = changed("invoice.paid", payment_intent=None)
    assert one(charge, invoice).provider_id == one(invoice).provider_id == "ch_3LabBBB2exampleCharge"


def test_nothing_paid_is_no_payment() -> None:
    """Trials, money only held, an intent that is not through."""
    for body in (
        fixture("invoice.paid-zero"),
        fixture("charge.succeeded-held"),
        changed("payment_intent.succeeded", status="processing"),
        changed("charge.succeeded", status="failed"),
        changed("charge.refunded-part", amount_refunded=0),
    ):
        parsed = parse(PROVIDER, body)
        assert ([part.reason for part in parsed.ignored], parsed.drafts, parsed.legs) == (["not_counted"], (), ())
    held = changed("charge.succeeded-held", {"type": "charge.captured"}, captured=True, amount_captured=500)
    assert paid(held).amount_minor == 500


def test_an_invoice_is_issued_when_it_is_finalized() -> None:
    """Its own time, what is due, and the same id as its payment names."""
    made = one(fixture("invoice.finalized"))
    when = at("2026-11-23T05:55:00Z")
    assert (made.type, made.provider_id, made.time) == (facts.INVOICE, "in_1LabBBB2exampleInvoice", when)
    assert made.data == InvoiceIssued(
        invoice="src:in_1LabBBB2exampleInvoice",
        deal="src:77",
        identity="anna@shop.example",
        at=when,
        amount_minor=70050,
        currency="EUR",
    )
    assert drafts(PROVIDER, fixture("invoice.created")) == []


def test_refunds_are_cumulative() -> None:
    """Two refunds of one charge are one fact of their sum, in any order, and each by itself has the sum so far."""
    part, whole = fixture("charge.refunded-part"), fixture("charge.refunded-whole")
    first = one(part)
    assert (first.type, first.provider_id, first.time) == (
        facts.REFUND, "ch_3LabAAA1exampleCharge", at("2026-11-23T08:00:00Z"),
    )  # fmt: skip
    assert (paid(part).amount_minor, paid(part).payment) == (29900, "src:pi_3LabAAA1exampleIntent")
    for order in permutations((part, whole, part)):
        made = one(*order)
        assert (made.provider_id, made.time, paid(*order).amount_minor) == (first.provider_id, first.time, 129900)


@pytest.mark.parametrize(
    ("given", "currency", "expected"),
    [
        (1000, "USD", 1000),
        (500, "JPY", 500),
        (5000, "KWD", 5000),
        (50000, "ISK", 500),
        (50000, "UGX", 500),
        (500, "MGA", 50000),
        ("1000", "USD", 1000),
        (1000.0, "USD", 1000),
        (0, "USD", 0),
        (10.5, "USD", None),
        (-1, "USD", None),
        (None, "USD", None),
        (True, "USD", None),
        (2**60, "USD", None),
    ],
)
def test_minor_units(given: object, currency: str, expected: int | None) -> None:
    """Stripe's own minor units differ from ISO 4217 for a few currencies."""
    assert amounts.minor(given, currency) == expected


def test_where_the_manager_stands_is_configurable() -> None:
    """One key or several, in order; a wrong option is told, not guessed at."""
    body = changed("payment_intent.succeeded", metadata={"rep": "42", "crm": "7", "manager": "17"})
    assert paid(body, options={"identity": "rep", "deal": ["none", "crm"]}).identity == "42"
    assert paid(body, options={"identity": "rep", "deal": ["none", "crm"]}).deal == "src:7"
    with pytest.raises(BadInput, match="identity"):
        parse(PROVIDER, body, options={"identity": 5})


def test_modes() -> None:
    """The secret belongs to a mode; a Connect endpoint gets both and counts live events only; an option decides."""
    test, live = fixture("charge.succeeded"), changed("charge.succeeded", {"livemode": True})
    connect = {"account": "acct_1LabExample"}
    cases = [
        (test, {}, 1),
        (live, {}, 1),
        (test, {"mode": "live"}, 0),
        (live, {"mode": "live"}, 1),
        (test, {"mode": "test"}, 1),
        (live, {"mode": "test"}, 0),
        (changed("charge.succeeded", connect), {}, 0),
        (changed("charge.succeeded", connect), {"mode": "any"}, 1),
        (changed("charge.succeeded", connect | {"livemode": True}), {}, 1),
    ]
    assert [len(drafts(PROVIDER, body, options=options)) for body, options, _ in cases] == [n for *_, n in cases]
    with pytest.raises(BadInput, match="mode"):
        parse(PROVIDER, test, options={"mode": True})


def test_what_is_not_counted() -> None:
    """Thin events want a snapshot; other events are authentic and nothing."""
    assert [part.reason for part in parse(PROVIDER, fixture("thin")).ignored] == ["needs_readback"]
    assert [part.reason for part in parse(PROVIDER, fixture("checkout.session.completed")).ignored] == ["not_counted"]
    assert [part.reason for part in parse(PROVIDER, b'{"type": "moon.full"}').ignored] == ["not_counted"]


def test_garbage() -> None:
    """What names no event, no object, no id, no amount, no currency or no time is refused."""
    for body in (b"", b"[]", b"{}", b"{", b"a=1", b'{"type":"invoice.paid"}', b'{"type":"invoice.paid","data":[]}'):
        with pytest.raises(BadInput):
            parse(PROVIDER, body)
    for thing in ({"id": None}, {"currency": "rubles"}, {"amount_captured": "x"}, {"amount_captured": 1.5}):
        with pytest.raises(BadInput):
            parse(PROVIDER, changed("charge.succeeded", **thing))
    with pytest.raises(BadInput):
        parse(PROVIDER, changed("charge.succeeded", {"created": None}))


def test_the_secret_of_a_browser_is_not_kept() -> None:
    """client_secret goes; the rest stays as it is, byte for byte."""
    body = fixture("payment_intent.succeeded")
    kept = PROVIDER.redact(request(body)).body
    assert b"_secret_" not in kept
    assert json.loads(kept)["data"]["object"]["client_secret"] is None
    assert PROVIDER.redact(request(fixture("charge.succeeded"))).body == fixture("charge.succeeded")
