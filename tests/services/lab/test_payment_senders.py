"""Senders of payments: what they write from the vendors' notes, ingest's parsers read as the facts that were meant."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from schemas.facts import (
    INVOICE,
    PAYMENT,
    PRESENTATION,
    REFUND,
    Fact,
    InvoiceIssued,
    Payment,
    PresentationMade,
    event_id,
)
from schemas.floor import Floor, parse
from services.ingest.providers.base import Draft, Leg, Request
from services.ingest.reading import join, read
from services.ingest.source import configure
from services.ingest.stamp import stamp
from services.lab.senders import SENDERS
from services.lab.senders.account import accounts
from services.lab.senders.stripe import signature

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ENVIRONMENT = {"PATH_SECRET": "s3 cret/x", "WHSEC": "whsec_lab", "SHOP": "1", "KEY": "live_x"}
FLOOR = """
timezone: Europe/Moscow
currency: RUB
teams: [{id: one}]
agents: [{id: ann, team: one, identities: {stripe: ["17"], yookassa: ["17"], retail: ["17"]}}]
sources:
  - {id: stripe, provider: stripe, secrets: {signing_secret: {env: WHSEC}}}
  - {id: yookassa, provider: yookassa, secrets: {path: {env: PATH_SECRET}}}
  - {id: retail, provider: retailcrm, secrets: {path: {env: PATH_SECRET}}, timezone: Asia/Yekaterinburg,
     counts: {presentation: {stage: [offer]}, invoice: {stage: [prepayed]}, payment: {stage: [complete]}}}
"""


def fact(source: str, type_: str, amount: int = 149900) -> Fact:
    known: dict[str, Any] = {"identity": "17", "agent": "ann", "at": AT, "deal": f"{source}:5101"}
    paid = {"amount_minor": amount, "currency": "RUB"}
    data: Any
    if type_ == PRESENTATION:
        data = PresentationMade(**known)
    elif type_ == INVOICE:
        data = InvoiceIssued(invoice=f"{source}:5101:invoice", **known, **paid)
    else:
        data = Payment(payment=f"{source}:5101:payment", **known, **paid)
    return Fact(id=event_id(source, type_, "5101"), type=type_, source=source, time=AT, data=data)


def read_back(meant: Fact, floor: Floor) -> tuple[list[Fact], int]:
    """Facts that ingest makes of what the sender of *meant* sends, and how many requests that were."""
    source = floor.source_by_id[meant.source]
    account = accounts({source.id: source}, ENVIRONMENT, "http://127.0.0.1:8080")[source.id]
    known = configure(floor, environment=ENVIRONMENT)[source.id]
    assert known.provider is not None
    drafts: list[Draft] = []
    legs: dict[str, list[Leg]] = defaultdict(list)
    sent = SENDERS[source.provider](meant, account)
    for one in sent:
        rest = one.path.removeprefix(f"/hooks/{source.id}").strip("/")
        request = Request("POST", rest, "", one.headers, one.body, AT)
        known.provider.verify(request, known.source, known.secrets, (datetime.now(UTC),))
        parsed = read(known.provider, known.provider.redact(request), known.source)
        assert not parsed.rejected
        drafts += parsed.drafts
        for leg in parsed.legs:
            legs[leg.call].append(leg)
    for call, told in legs.items():
        joined = join(known.provider, known.source, call, told)
        assert joined.rejected is None
        drafts += [joined.draft] if joined.draft is not None else []
    return [stamp(draft, source.id, datetime(2030, 1, 1, tzinfo=UTC), floor).fact for draft in drafts], len(sent)


@pytest.mark.parametrize(
    ("source", "type_", "requests"),
    [
        ("stripe", INVOICE, 1),
        ("stripe", PAYMENT, 4),
        ("yookassa", PAYMENT, 2),
        ("yookassa", REFUND, 1),
        ("retail", PRESENTATION, 1),
        ("retail", INVOICE, 1),
        ("retail", PAYMENT, 1),
    ],
)
def test_a_fact_comes_back(source: str, type_: str, requests: int) -> None:
    """The same id, agent, time and money, once, however many requests tell of it."""
    meant = fact(source, type_)
    (found,), sent = read_back(meant, parse(FLOOR))
    assert sent == requests
    assert (found.id, found.type, found.time, found.agent, found.identity) == (meant.id, type_, AT, "ann", "17")
    assert getattr(found.data, "amount_minor", None) == getattr(meant.data, "amount_minor", None)
    assert getattr(found.data, "currency", None) == getattr(meant.data, "currency", None)


def test_a_refund_of_stripe() -> None:
    """One fact of the charge, with its sum."""
    (found,), _ = read_back(fact("stripe", REFUND, 5000), parse(FLOOR))
    assert (found.type, found.data.amount_minor) == (REFUND, 5000)  # type: ignore[union-attr]


def test_payments_that_are_marked_paid() -> None:
    """Where no status is a payment, RetailCRM marks the payment of the order."""
    floor = parse(FLOOR.replace(", payment: {stage: [complete]}", ""))
    (found,), _ = read_back(fact("retail", PAYMENT), floor)
    assert (found.type, found.time, found.agent, found.data.amount_minor) == (PAYMENT, AT, "ann", 149900)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("source", "type_"), [("stripe", PRESENTATION), ("yookassa", INVOICE), ("yookassa", PRESENTATION)]
)
def test_what_a_vendor_does_not_tell_is_not_sent(source: str, type_: str) -> None:
    """No request at all."""
    assert read_back(fact(source, type_), parse(FLOOR)) == ([], 0)


def test_stripe_signs_as_its_library_does() -> None:
    """The vector of the vendor's test suite; pretty-printed with two spaces."""
    body = b"""{
  "id": "evt_test_webhook",
  "object": "event",
  "data": { "object": { "id": "rdr_123", "object": "terminal.reader" } }
}"""
    expected = "t=12345,v1=07b1ede164afb7b5de91267ffa656f568c65d6e0783ce0ac55ee094643578eda,v0="
    assert signature("whsec_test_secret", 12345, body).startswith(expected)
    source = parse(FLOOR).source_by_id["stripe"]
    account = accounts({"stripe": source}, ENVIRONMENT, "")["stripe"]
    (sent,) = SENDERS["stripe"](fact("stripe", INVOICE), account)
    assert sent.body == json.dumps(json.loads(sent.body), indent=2).encode()


def test_a_fact_without_a_manager() -> None:
    """Nobody's payment stays nobody's."""
    meant = fact("yookassa", PAYMENT)
    meant = msgspec.structs.replace(meant, data=msgspec.structs.replace(meant.data, identity=None, agent=None))
    (found,), _ = read_back(meant, parse(FLOOR))
    assert (found.agent, found.identity) == (None, None)


def test_objects_of_stripe_share_no_id() -> None:
    """The invoice, the payment intent and the charge of one payment are three objects, which name each other."""
    floor = parse(FLOOR)
    account = accounts({"stripe": floor.source_by_id["stripe"]}, ENVIRONMENT, "")["stripe"]
    things = [json.loads(sent.body)["data"]["object"] for sent in SENDERS["stripe"](fact("stripe", PAYMENT), account)]
    assert {(thing["object"], thing["id"]) for thing in things} == {
        ("charge", "ch_5101"),
        ("invoice", "in_5101"),
        ("payment_intent", "5101"),
    }
    assert {thing.get("invoice", thing["id"]) for thing in things} == {"in_5101"}
