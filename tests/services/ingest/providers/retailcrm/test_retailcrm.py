"""RetailCRM: pages of the history, payments un-paid and paid again, statuses, the trigger, orders that are asked for."""

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.base import READBACK, Draft, Fetch, Leg, Parsed, ReadBack, Unauthorized
from services.ingest.providers.retailcrm import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, request, source

FIXTURES = Path(__file__).parent / "fixtures"
COUNTS = {"presentation": {"stage": ["new"]}, "invoice": {"stage": ["prepayed"]}}
BY_STATUS = {**COUNTS, "payment": {"stage": ["complete"]}}
PAID, UNPAID = {"code": "paid"}, {"code": "not-paid"}


def fixture(name: str) -> bytes:
    return next(FIXTURES.glob(f"{name}.*")).read_bytes()


def page(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"success": True, "history": entries}).encode()


def entry(id_: int, field: str, new: Any, at_: str = "2026-11-23 10:00:00", **more: Any) -> dict[str, Any]:
    order = {"id": 5200, "managerId": 31, "site": "shop", "status": "new"}
    known = {"id": id_, "createdAt": at_, "field": field, "oldValue": None, "newValue": new, "order": order}
    return known | ({"payment": {"id": 7200, "type": "cash"}} if field.startswith("payments") else {}) | more


def answered(path: str, body: bytes, **config: Any) -> Parsed:
    return PROVIDER.parse(request(body, path, method=READBACK), source(PROVIDER, **config))


def joined(*parsed: Parsed, **config: Any) -> dict[str, Draft]:
    """Call → the fact of all its legs; a leg told again replaces the former one, as in the store."""
    legs: dict[tuple[str, str], Leg] = {(leg.call, leg.leg): leg for one in parsed for leg in one.legs}
    found = {
        call: PROVIDER.join(source(PROVIDER, **config), call, [leg for leg in legs.values() if leg.call == call])
        for call in dict.fromkeys(call for call, _ in legs)
    }
    return {call: made for call, made in found.items() if made is not None}


def money(*bodies: bytes, **config: Any) -> Payment:
    (made,) = drafts(PROVIDER, *bodies, **config)
    assert isinstance(made.data, Payment)
    return made.data


def test_a_page() -> None:
    """Paid, un-paid, paid again is one payment, at its first time, by the last state; a float is money as it is printed."""
    found = drafts(PROVIDER, fixture("page"))
    first = at("2026-11-23T09:05:55+03:00")
    assert [(made.type, made.provider_id, made.time) for made in found] == [
        (facts.PAYMENT, "payment:7101", first),
        (facts.PAYMENT, "payment:7102", at("2026-11-23T09:10:00+03:00")),
    ]
    assert found[0].data == Payment(
        payment="src:7101", deal="src:5101", identity="31", at=first, amount_minor=6017, currency="RUB"
    )
    assert found[1].data.amount_minor == 30000  # type: ignore[union-attr]


def test_what_is_un_paid_on_a_later_page() -> None:
    """The same fact with the amount 0: a revision, never a second count; paid again it is as it was."""
    whole = drafts(PROVIDER, fixture("page"))[0]
    unpaid = drafts(PROVIDER, fixture("page"), fixture("page-unpaid"))[0]
    assert (unpaid.type, unpaid.provider_id, unpaid.time) == (whole.type, whole.provider_id, whole.time)
    assert unpaid.data.amount_minor == 0  # type: ignore[union-attr]
    again = page(entry(8040, "payments.status", PAID, payment={"id": 7101}))
    assert drafts(PROVIDER, fixture("page"), fixture("page-unpaid"), again)[0] == whole


def test_a_page_that_is_sent_again_changes_nothing() -> None:
    """Not even the older one after the newer one: the order is that of the entries' ids."""
    pages = [fixture("page"), fixture("page-unpaid")]
    expected = joined(*(parse(PROVIDER, body) for body in pages))
    for order in ([0, 1, 0], [1, 0], [0, 0, 1, 1], [1, 0, 1]):
        assert joined(*(parse(PROVIDER, pages[number]) for number in order)) == expected


def test_the_last_state_is_that_of_the_greatest_id() -> None:
    """createdAt is not monotonic, and the order of a list is nobody's promise."""
    states = [
        entry(1, "payments.status", PAID, "2026-11-23 12:00:00"),
        entry(2, "payments.status", UNPAID, "2026-11-23 11:00:00"),
        entry(3, "payments.amount", 100.5, "2026-11-23 10:00:00"),
    ]
    for order in permutations(states):
        assert money(page(*order)).amount_minor == 0
    assert money(page(*states, entry(4, "payments.status", PAID))).amount_minor == 10050


def test_never_paid_is_no_fact() -> None:
    """Un-paid, failed, removed without having been paid before our eyes."""
    for new in (UNPAID, {"code": "fail"}, {"code": "wait-approved"}, {"code": "sonstiges"}, None):
        assert drafts(PROVIDER, page(entry(1, "payments.status", new))) == []
    gone = entry(1, "payments", None, oldValue={"id": 7200})
    assert drafts(PROVIDER, page(gone)) == []


def test_a_payment_that_is_removed() -> None:
    """As if it was un-paid."""
    made = entry(1, "payments", {"id": 7200}, payment={"id": 7200, "status": "paid", "amount": 50})
    gone = entry(2, "payments", None, oldValue={"id": 7200})
    assert money(page(made)).amount_minor == 5000
    assert money(page(made, gone)).amount_minor == 0


def test_which_statuses_are_paid_is_the_accounts_own() -> None:
    """The option replaces the usual code."""
    body = page(entry(1, "payments.status", {"code": "credit-approved"}), entry(2, "payments.amount", 10))
    assert drafts(PROVIDER, body) == []
    assert money(body, options={"paid_statuses": ["credit-approved"]}).amount_minor == 1000
    with pytest.raises(BadInput, match="paid_statuses"):
        PROVIDER.parse(request(fixture("trigger-payment")), source(PROVIDER, options={"paid_statuses": "paid"}))


def test_amounts_that_no_page_says_are_asked_for() -> None:
    """It counts at once, and has its amount and manager when the order was read."""
    parsed = parse(PROVIDER, fixture("page-paid-later"))
    assert parsed.readbacks == (ReadBack("order", "5050"),)
    assert "needs_readback" in {part.reason for part in parsed.ignored}
    (before,) = joined(parsed).values()
    assert before.data.amount_minor == 0  # type: ignore[union-attr]
    order = answered("order/5050", fixture("api/order"))
    for told in ((parsed, order), (order, parsed)):
        (made,) = joined(*told).values()
        assert (made.provider_id, made.time) == (before.provider_id, at("2026-11-23T12:30:00+03:00"))
        assert made.data == Payment(
            payment="src:7050", deal="src:5050", identity="31", at=made.time, amount_minor=199990, currency="RUB"
        )
    assert joined(order) == {}
    assert parse(PROVIDER, fixture("page")).readbacks == ()


def test_the_answer_of_one_order() -> None:
    """Both shapes of the API, payments as a list or by their ids; another order is refused."""
    order = json.loads(fixture("api/order"))["orders"][0]
    listed = {**order, "payments": list(order["payments"].values())}
    alone = answered("order/5050", json.dumps({"success": True, "order": listed}).encode())
    assert joined(alone, parse(PROVIDER, fixture("page-paid-later"))) == joined(
        answered("order/5050", fixture("api/order")), parse(PROVIDER, fixture("page-paid-later"))
    )
    for path, body in (("order/1", fixture("api/order")), ("deal/5050", fixture("api/order")), ("order/5050", b"{}")):
        with pytest.raises(BadInput):
            answered(path, body)


def test_how_it_is_asked() -> None:
    """Through the list, with the key in a header; only at an address, only with a key, only by a number."""
    secrets = {"rest_url": ("https://shop.retailcrm.example/",), "api_key": ("key",), "path": ("p",)}
    assert PROVIDER.fetch(ReadBack("order", "5050"), source(PROVIDER), secrets) == Fetch(
        "GET",
        "https://shop.retailcrm.example/api/v5/orders?filter%5Bids%5D%5B%5D=5050",
        (("X-API-KEY", "key"),),
    )
    for lacking in ({"path": ("p",)}, {**secrets, "api_key": ()}, {**secrets, "rest_url": ("shop",)}):
        assert PROVIDER.fetch(ReadBack("order", "5050"), source(PROVIDER), lacking) is None
    assert PROVIDER.fetch(ReadBack("order", "../x"), source(PROVIDER), secrets) is None
    assert PROVIDER.fetch(ReadBack("deal", "5050"), source(PROVIDER), secrets) is None


def test_statuses_are_presentations_and_invoices() -> None:
    """By the floor file; the sum stands in the entry that made the order; payments go on being payments."""
    found = joined(parse(PROVIDER, fixture("page"), counts=COUNTS), counts=COUNTS)
    by_type = {(made.type, made.provider_id): made.data for made in found.values()}
    issued = by_type[facts.INVOICE, "5101"]
    assert by_type[facts.PRESENTATION, "5101"] == PresentationMade(
        deal="src:5101", identity="31", at=at("2026-11-23T09:00:11+03:00")
    )
    assert isinstance(issued, InvoiceIssued)
    assert (issued.invoice, issued.at) == ("src:5101:invoice", at("2026-11-23T09:01:47+03:00"))
    assert (issued.amount_minor, issued.currency) == (6017, "RUB")
    assert {key for key in by_type if key[0] == facts.PAYMENT} == {
        (facts.PAYMENT, "payment:7101"),
        (facts.PAYMENT, "payment:7102"),
    }


def test_the_sum_of_an_invoice_is_asked_for() -> None:
    """An entry of a status says no sum: 0 until the order was read, then its total."""
    body = page(entry(1, "status", {"code": "prepayed"}, order={"id": 5050, "managerId": 31, "status": "prepayed"}))
    parsed = parse(PROVIDER, body, counts=COUNTS)
    assert parsed.readbacks == (ReadBack("order", "5050"),)
    order = answered("order/5050", fixture("api/order"), counts=COUNTS)
    for amount in ({}, {"amount": "summ"}):
        counts = {"invoice": {"stage": ["prepayed"], **amount}}
        (before,) = joined(parsed, counts=counts).values()
        assert before.data.amount_minor == 0  # type: ignore[union-attr]
        made = [one for one in joined(parsed, order, counts=counts).values() if one.type == facts.INVOICE]
        assert made[0].data.amount_minor == 199990  # type: ignore[union-attr]


def test_payments_by_status_instead() -> None:
    """Where the floor file says which status is a payment, marks on payments do not count beside it."""
    found = joined(parse(PROVIDER, fixture("page"), counts=BY_STATUS), counts=BY_STATUS)
    paid = [made for made in found.values() if made.type == facts.PAYMENT]
    assert [(made.provider_id, made.once) for made in paid] == [("5101", True)]


def test_won_means_marked_as_paid() -> None:
    """As by default: no order is "won", and a status beside it makes no second payment."""
    whole = {"id": 5200, "managerId": 31, "totalSumm": 60.17, "status": "complete"}
    bodies = page(entry(1, "payments.status", PAID), entry(2, "status", {"code": "complete"}, order=whole))
    for counts in ({"won": True}, {"won": True, "stage": ["complete"]}):
        (made,) = drafts(PROVIDER, bodies, counts={"payment": counts})
        assert made.provider_id == "payment:7200"


def test_what_counts_nothing_by_itself_says_so() -> None:
    """Un-paid, or an amount alone: kept for the fact they belong to, with a word for who looks at the body."""
    for new in (entry(1, "payments.status", UNPAID), entry(1, "payments.amount", 5)):
        parsed = parse(PROVIDER, page(new))
        assert (len(parsed.legs), [part.reason for part in parsed.ignored]) == (1, ["not_counted"])
    told = parse(PROVIDER, "event=payment&order=1&payment=2&payment_status=not-paid")
    assert (len(told.legs), [part.reason for part in told.ignored]) == (1, ["not_counted"])


def test_a_status_reached_again_is_the_first() -> None:
    """An order gives each kind once for ever, at its first time."""
    body = page(
        entry(5, "status", {"code": "prepayed"}, "2026-11-23 15:00:00"),
        entry(2, "status", {"code": "prepayed"}, "2026-11-23 10:00:00"),
    )
    (made,) = joined(parse(PROVIDER, body, counts=COUNTS), counts=COUNTS).values()
    assert made.time == at("2026-11-23T10:00:00+03:00")


def test_an_old_order_that_is_edited_today() -> None:
    """Entries of other fields show the order as it is, paid and completed long ago: nothing of it happened today."""
    done = {"id": 5101, "status": "complete", "payments": [{"id": 7101, "status": "paid", "amount": 10}]}
    for counts in (BY_STATUS, {}):
        for field in ("manager_comment", "manager", "total_summ", "full_paid_at"):
            body = page(entry(9, field, "x", order=done))
            assert joined(parse(PROVIDER, body, counts=counts), counts=counts) == {}


def test_local_times() -> None:
    """The zone is the source's, summer time included."""
    for zone, stamp, expected in (
        ("Europe/Moscow", "2026-07-01 10:00:00", "2026-07-01T07:00:00Z"),
        ("Europe/Berlin", "2026-07-01 10:00:00", "2026-07-01T08:00:00Z"),
        ("Europe/Berlin", "2026-12-01 10:00:00", "2026-12-01T09:00:00Z"),
    ):
        known = replace(source(PROVIDER), timezone=zone)
        (leg,) = PROVIDER.parse(request(page(entry(1, "payments.status", PAID, stamp))), known).legs
        made = PROVIDER.join(known, leg.call, [leg])
        assert made is not None
        assert made.time == at(expected)


def test_the_published_trigger() -> None:
    """Status and payment, as a form, as JSON or in the address; the same facts as the history's."""
    config = {"counts": {"invoice": {"stage": ["prepayed"]}}}
    status, payment = fixture("trigger-status"), fixture("trigger-payment")
    found = joined(parse(PROVIDER, status, **config), parse(PROVIDER, payment, **config), **config)
    issued, paid = (made.data for made in found.values())
    assert issued == InvoiceIssued(
        invoice="src:5103:invoice", deal="src:5103", identity="31", at=at("2026-11-23T09:20:00+03:00"),
        amount_minor=125050, currency="RUB",
    )  # fmt: skip
    assert paid == Payment(
        payment="src:7103", deal="src:5103", identity="31", at=at("2026-11-23T09:25:00+03:00"),
        amount_minor=125050, currency="RUB",
    )  # fmt: skip
    fields = dict(pair.split("=") for pair in payment.decode().replace("+", " ").replace("%3A", ":").split("&"))
    asked = request(query=payment.decode(), method="GET")
    assert drafts(PROVIDER, json.dumps(fields)) == drafts(PROVIDER, payment)
    assert PROVIDER.parse(asked, source(PROVIDER)) == parse(PROVIDER, payment)
    unpaid = payment.replace(b"=paid", b"=not-paid").replace(b"09%3A25", b"09%3A40")
    assert money(payment, unpaid).amount_minor == 0


def test_a_trigger_whose_status_is_not_counted() -> None:
    """Authentic, nothing to count."""
    assert [part.reason for part in parse(PROVIDER, fixture("trigger-status")).ignored] == ["not_counted"]


def test_without_a_currency_it_is_said_what_to_do() -> None:
    """Neither the order nor the source has one."""
    parsed = parse(PROVIDER, fixture("page"))
    bare = replace(source(PROVIDER), currency=None)
    legs = [leg for leg in parsed.legs if leg.call == "payment:7101"]
    with pytest.raises(BadInput, match="currency"):
        PROVIDER.join(bare, "payment:7101", legs)


def test_parts_that_cannot_be_understood() -> None:
    """One bad entry is shown as rejected, the others count."""
    good = [entry(1, "payments.status", PAID), entry(2, "payments.amount", 5)]
    bad = [
        entry(3, "payments.status", PAID, payment=None),
        entry(4, "payments.status", PAID, at_="yesterday"),
        {**entry(5, "status", PAID), "id": "x"},
        {**entry(6, "payments.status", PAID), "order": None},
    ]
    parsed = parse(PROVIDER, page(*good, *bad))
    assert [part.reason for part in parsed.rejected] == ["missing_field"] * 4
    assert len(joined(parsed)) == 1


def test_garbage_and_empty_pages() -> None:
    """No page and no template is refused; a page of nothing is authentic."""
    assert [part.reason for part in parse(PROVIDER, fixture("page-empty")).ignored] == ["empty_batch"]
    assert [part.reason for part in parse(PROVIDER, page(entry(1, "phone", "7"), {})).ignored] == ["not_counted"]
    for body in (b"", b"{", b"[]", b"{}", b"hello", b'{"history": 5}', b"event=status", b"event=payment&order=1"):
        with pytest.raises(BadInput):
            parse(PROVIDER, body)


def test_the_secret_stands_in_the_path() -> None:
    """The API's key opens no door."""
    secrets = {"path": ("s3cret",), "api_key": ("key",), "rest_url": ("https://x",)}
    PROVIDER.verify(request(b"", "s3cret"), source(PROVIDER), secrets, (RECEIVED,))
    for path in ("", "key", "wrong"):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(b"", path), source(PROVIDER), secrets, (RECEIVED,))
