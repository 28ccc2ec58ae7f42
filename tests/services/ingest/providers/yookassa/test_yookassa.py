"""YooKassa: who may post, what is asked again, what the answer counts, refunds and their manager."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from schemas import facts
from schemas.facts import Payment
from services.ingest.providers.base import READBACK, Fetch, Leg, Parsed, ReadBack, Unauthorized
from services.ingest.providers.yookassa import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, request, source

FIXTURES = Path(__file__).parent / "fixtures"
PAYMENT = "30aa11bb-000f-5000-8000-1a2b3c4d5e6f"
REFUND = "30ab44ee-0015-5000-8000-0c1d2e3f4a5b"
ASKED = {"secrets": {name: {"env": "X"} for name in ("path", "shop_id", "secret_key")}}
TRUSTED = {"options": {"trust_notifications": True}}
FORBIDDEN = {"options": {"trust_notifications": False}}


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, **thing: Any) -> bytes:
    """A fixture with other values in its object (of an API answer: in itself)."""
    whole = json.loads(fixture(name))
    whole.get("object", whole).update(thing)
    return json.dumps(whole).encode()


def answered(path: str, body: bytes, **config: Any) -> Parsed:
    return PROVIDER.parse(request(body, path, method=READBACK), source(PROVIDER, **config))


def test_a_notification_is_asked_about() -> None:
    """Who can be asked is asked; who may not believe the secret address counts nothing."""
    for config in (ASKED, FORBIDDEN):
        parsed = parse(PROVIDER, fixture("payment.succeeded"), **config)
        assert (parsed.drafts, [part.reason for part in parsed.ignored]) == ((), ["needs_readback"])
        assert parsed.readbacks == (ReadBack("payment", PAYMENT),)
    assert parse(PROVIDER, fixture("refund.succeeded"), **ASKED).readbacks == (ReadBack("refund", REFUND),)


def test_the_answer_counts() -> None:
    """Its amount as a text, its moment of capture, the manager from the metadata."""
    (made,) = answered(f"payment/{PAYMENT}", fixture("api/payment")).drafts
    when = at("2026-11-23T06:00:00.321Z")
    assert (made.type, made.provider_id, made.time) == (facts.PAYMENT, PAYMENT, when)
    assert made.data == Payment(
        payment=f"src:{PAYMENT}", deal="src:501", identity="17", at=when, amount_minor=499050, currency="RUB"
    )


@pytest.mark.parametrize("status", ["waiting_for_capture", "pending", "canceled", "moved", None])
def test_only_succeeded_counts(status: str | None) -> None:
    """``paid: true`` stands on money that is only held; an unknown status is no payment."""
    parsed = answered(f"payment/{PAYMENT}", changed("api/payment", status=status))
    assert (parsed.drafts, [part.reason for part in parsed.ignored]) == ((), ["not_counted"])


def test_an_answer_about_something_else_is_refused() -> None:
    """Another object, an error of the API, a path that nobody asked for."""
    for path, body in (
        (f"payment/{REFUND}", fixture("api/payment")),
        (f"refund_payment/{PAYMENT}", fixture("api/payment")),
        (f"payout/{PAYMENT}", fixture("api/payment")),
        (f"payment/{PAYMENT}", b'{"type":"error","id":"x","code":"not_found"}'),
        (f"payment/{PAYMENT}", b"[]"),
        ("", fixture("api/payment")),
    ):
        with pytest.raises(BadInput):
            answered(path, body)


def test_how_it_is_asked() -> None:
    """Basic shop_id:secret_key; without both nobody can be asked."""
    secrets = {"path": ("p",), "shop_id": ("100500",), "secret_key": ("live_new", "live_old")}
    basic = "Basic " + base64.b64encode(b"100500:live_new").decode()
    for wanted, place in (
        (ReadBack("payment", PAYMENT), f"payments/{PAYMENT}"),
        (ReadBack("refund", REFUND), f"refunds/{REFUND}"),
        (ReadBack("refund_payment", f"{PAYMENT}.{REFUND}"), f"payments/{PAYMENT}"),
    ):
        asked = PROVIDER.fetch(wanted, source(PROVIDER), secrets)
        assert asked == Fetch("GET", f"https://api.yookassa.ru/v3/{place}", (("Authorization", basic),))
    for lacking in ({"path": ("p",)}, {**secrets, "secret_key": ()}, {**secrets, "shop_id": ("",)}):
        assert PROVIDER.fetch(ReadBack("payment", PAYMENT), source(PROVIDER), lacking) is None
    for strange in (ReadBack("payout", PAYMENT), ReadBack("payment", "../me"), ReadBack("payment", "a?b")):
        assert PROVIDER.fetch(strange, source(PROVIDER), secrets) is None


def test_trusting_notifications() -> None:
    """While nobody can be asked the secret address is the proof: a path secret alone gives payments."""
    (made,) = parse(PROVIDER, fixture("payment.succeeded"), **TRUSTED).drafts
    assert made == answered(f"payment/{PAYMENT}", fixture("api/payment")).drafts[0]
    assert parse(PROVIDER, fixture("payment.succeeded"), **TRUSTED, **ASKED).drafts == ()
    assert parse(PROVIDER, fixture("payment.succeeded")).drafts == (made,)
    with pytest.raises(BadInput, match="trust_notifications is true or false"):
        parse(PROVIDER, fixture("payment.succeeded"), options={"trust_notifications": "yes"})
    (refund,) = parse(PROVIDER, fixture("refund.succeeded"), **TRUSTED).drafts
    assert (refund.type, refund.provider_id, refund.data.amount_minor) == (facts.REFUND, REFUND, 25000)  # type: ignore[union-attr]


@pytest.mark.parametrize("status", ["pending", "waiting_for_capture", None])
@pytest.mark.parametrize("name", ["payment.succeeded", "refund.succeeded"])
def test_an_object_that_contradicts_its_event_is_not_believed(name: str, status: str | None) -> None:
    """Neither counted nor passed over: it is kept as what has to be asked about."""
    parsed = parse(PROVIDER, changed(name, status=status))
    assert (parsed.drafts, [part.reason for part in parsed.ignored]) == ((), ["needs_readback"])


def test_the_status_is_believed_before_the_events_name() -> None:
    """The documentation's own example of a paid invoice is called waiting_for_capture."""
    (made,) = parse(PROVIDER, fixture("invoice-payment"), **TRUSTED).drafts
    assert isinstance(made.data, Payment)
    assert made.data.invoice == "src:in-30aa0000-0003-5000-8000-0a1b2c3d4e5f"
    assert parse(PROVIDER, fixture("invoice-payment"), **ASKED).readbacks[0].kind == "payment"
    pending = changed("refund.succeeded", status="pending")
    assert parse(PROVIDER, pending, **TRUSTED).drafts == ()
    assert parse(PROVIDER, pending, **ASKED).readbacks == (ReadBack("refund", REFUND),)


@pytest.mark.parametrize("name", ["payment.waiting_for_capture", "payment.canceled", "payout.succeeded", "deal.closed"])
def test_other_events(name: str) -> None:
    """Nothing was paid to us: nothing is asked."""
    for config in (ASKED, TRUSTED):
        parsed = parse(PROVIDER, fixture(name), **config)
        assert (parsed.drafts, parsed.readbacks) == ((), ())
        assert [part.reason for part in parsed.ignored] == ["not_counted"]


def test_test_payments() -> None:
    """They count only where that is wanted."""
    assert parse(PROVIDER, fixture("payment.succeeded-test"), **TRUSTED).drafts == ()
    wanted = {"options": {"trust_notifications": True, "count_test": True}}
    assert len(parse(PROVIDER, fixture("payment.succeeded-test"), **wanted).drafts) == 1


@pytest.mark.parametrize(
    ("amount", "minor"),
    [
        ({"value": "2.00", "currency": "RUB"}, 200),
        ({"value": 250.0, "currency": "RUB"}, 25000),
        ({"value": 0.1, "currency": "rub"}, 10),
        ({"value": "100", "currency": "JPY"}, 100),
        ({"value": "7.5"}, 750),
    ],
)
def test_amounts_are_texts_or_numbers(amount: dict[str, Any], minor: int) -> None:
    """Major units; without a currency the source's."""
    (made,) = answered(f"payment/{PAYMENT}", changed("api/payment", amount=amount)).drafts
    assert made.data.amount_minor == minor  # type: ignore[union-attr]


def test_amounts_and_times_that_are_none() -> None:
    """Refused, each by its reason; of nothing there is no payment."""
    for thing in (
        {"amount": None},
        {"amount": {"value": "x", "currency": "RUB"}},
        {"amount": {"value": "-1.00", "currency": "RUB"}},
        {"amount": {"value": "1", "currency": "roubles"}},
        {"captured_at": None, "created_at": "yesterday"},
    ):
        with pytest.raises(BadInput):
            answered(f"payment/{PAYMENT}", changed("api/payment", **thing))
    assert answered(f"payment/{PAYMENT}", changed("api/payment", amount={"value": 0, "currency": "RUB"})).drafts == ()
    (made,) = answered(f"payment/{PAYMENT}", changed("api/payment", captured_at=None)).drafts
    assert made.time == at("2026-11-23T05:58:12.100Z")


def joined(*parsed: Parsed) -> list[Any]:
    legs: list[Leg] = [leg for one in parsed for leg in one.legs]
    found = [
        PROVIDER.join(source(PROVIDER), call, [leg for leg in legs if leg.call == call])
        for call in dict.fromkeys(leg.call for leg in legs)
    ]
    return [made for made in found if made is not None]


def test_a_refund_finds_its_manager() -> None:
    """It counts by itself, and names the manager when its payment was asked for too; in any order."""
    refund = answered(f"refund/{REFUND}", fixture("api/refund"))
    assert refund.readbacks == (ReadBack("refund_payment", f"{PAYMENT}.{REFUND}"),)
    (alone,) = joined(refund)
    when = at("2026-11-23T09:15:00Z")
    assert alone.data == Payment(payment=f"src:{PAYMENT}", at=when, amount_minor=25000, currency="RUB")
    payment = answered(f"refund_payment/{PAYMENT}.{REFUND}", fixture("api/payment"))
    for order in ((refund, payment), (payment, refund)):
        (made,) = joined(*order)
        assert (made.type, made.provider_id, made.time) == (facts.REFUND, REFUND, when)
        assert (made.data.identity, made.data.deal, made.data.amount_minor) == ("17", "src:501", 25000)
    assert joined(payment) == []


def test_a_refund_that_is_not_through() -> None:
    """The answer's status decides."""
    parsed = answered(f"refund/{REFUND}", changed("api/refund", status="canceled"))
    assert (parsed.legs, [part.reason for part in parsed.ignored]) == ((), ["not_counted"])


def test_garbage() -> None:
    """What names no event, no object or no usable id is refused."""
    for body in (
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"event":"payment.succeeded"}',
        b'{"event":"payment.succeeded","object":5}',
    ):
        with pytest.raises(BadInput):
            parse(PROVIDER, body)
    for id_ in (None, "", "../../me", "a/b", "?x", []):
        with pytest.raises(BadInput):
            parse(PROVIDER, changed("payment.succeeded", id=id_))


@pytest.mark.parametrize(
    ("header", "value", "allowed"),
    [
        (None, "1.2.3.4", True),
        ("X-Real-IP", "185.71.76.5", True),
        ("X-Real-IP", "77.75.156.35", True),
        ("X-Real-IP", "2a02:5180:0:1509::7", True),
        ("X-Real-IP", "::ffff:185.71.77.1", True),
        ("X-Real-IP", "77.75.156.36", False),
        ("X-Real-IP", "somebody", False),
        ("X-Real-IP", "", False),
        ("X-Forwarded-For", "185.71.76.5, 1.2.3.4", False),
        ("X-Forwarded-For", "1.2.3.4, 185.71.76.5", True),
        (5, "185.71.76.5", False),
    ],
)
def test_addresses(header: Any, value: str, allowed: bool) -> None:
    """Where a proxy tells it, the sender's address must be one of YooKassa's: the last one, which the proxy saw."""
    options = {} if header is None else {"address_header": header}
    asked = request(fixture("payment.succeeded"), "s3cret", x_real_ip=value, x_forwarded_for=value)
    if allowed:
        PROVIDER.verify(asked, source(PROVIDER, options=options), {"path": ("s3cret",)}, (RECEIVED,))
        return
    with pytest.raises(Unauthorized):
        PROVIDER.verify(asked, source(PROVIDER, options=options), {"path": ("s3cret",)}, (RECEIVED,))


def test_the_secret_stands_in_the_path() -> None:
    """Several while it is changed; the API's key opens no door."""
    secrets = {"path": ("new", "old"), "shop_id": ("100500",), "secret_key": ("live_x",)}
    for path in ("new", "old"):
        PROVIDER.verify(request(b"{}", path), source(PROVIDER), secrets, (RECEIVED,))
    for path in ("", "live_x", "new/x"):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(b"{}", path), source(PROVIDER), secrets, (RECEIVED,))


def test_it_hears_exactly_200() -> None:
    """Any other success is a failure to YooKassa."""
    assert PROVIDER.reply.status == 200


def test_the_same_notification_twice() -> None:
    """There is no event id: the payment's id is the fact's."""
    body = fixture("payment.succeeded")
    assert {made.provider_id for made in drafts(PROVIDER, body, body, **TRUSTED)} == {PAYMENT}
