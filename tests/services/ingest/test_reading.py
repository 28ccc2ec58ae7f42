"""What one body tells several times, whatever its provider: once, at its first time."""

import json
from typing import Any

import pytest

from schemas import facts
from schemas.facts import Payment
from schemas.floor import SourceConfig
from services.ingest.normalize import normalize
from services.ingest.providers import hubspot, retailcrm, salesforce
from services.ingest.providers.base import Provider, Request, Source
from services.ingest.reading import read
from tests.services.ingest.providers.reading import RECEIVED, at, request, source

STAGE = {"presentation": {"stage": ["presented"]}}
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">{}</notifications></e:Body></e:Envelope>'
)
NOTIFICATION = (
    '<Notification><Id>{0}</Id><sObject xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>0060x0000000001AAA</sf:Id>'
    "<sf:StageName>Closed Won</sf:StageName><sf:OwnerId>{1}</sf:OwnerId><sf:Amount>{2}</sf:Amount>"
    "<sf:LastModifiedDate>{3}</sf:LastModifiedDate></sObject></Notification>"
)


def change(minute: int) -> dict[str, Any]:
    """A deal came to its stage at 09:<minute>."""
    return {
        "subscriptionType": "deal.propertyChange",
        "objectId": 7,
        "propertyName": "dealstage",
        "propertyValue": "presented",
        "occurredAt": int(at(f"2026-11-23T06:{minute:02}:00Z").timestamp() * 1000),
    }


@pytest.mark.parametrize("minutes", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_a_batch_in_any_order_counts_at_its_first_time(minutes: tuple[int, ...]) -> None:
    """HubSpot promises no order, and stores nothing of what a body tells twice."""
    body = json.dumps([change(minute) for minute in minutes])
    (made,) = read(hubspot.PROVIDER, request(body), source(hubspot.PROVIDER, counts=STAGE)).drafts
    assert (made.time, made.data.at) == (at("2026-11-23T06:01:00Z"),) * 2  # type: ignore[union-attr]


@pytest.mark.parametrize("turned", [False, True])
def test_the_first_owner_and_the_last_amount(turned: bool) -> None:
    """Who won it then, and what is paid as it was told last."""
    told = [
        NOTIFICATION.format("04l1", "005A", "100", "2026-11-23T06:01:00Z"),
        NOTIFICATION.format("04l2", "005B", "120", "2026-11-23T06:09:00Z"),
    ]
    body = ENVELOPE.format("".join(reversed(told) if turned else told))
    (paid,) = read(salesforce.PROVIDER, request(body), source(salesforce.PROVIDER)).drafts
    assert isinstance(paid.data, Payment)
    assert (paid.type, paid.data.identity, paid.data.amount_minor) == (facts.PAYMENT, "005A", 12000)
    assert paid.time == at("2026-11-23T06:01:00Z")


def normalized(provider: Provider, body: str) -> tuple[int, list[str], int]:
    """(facts, reasons of what counts nothing, rejections)."""
    known = Source(SourceConfig(id="src", provider=provider.name, currency="RUB"), currency="RUB")
    out = normalize(Request("POST", "", "", {"content-type": "x"}, body.encode(), RECEIVED), known, None)
    return len(out.facts), [part.reason for part in out.ignored], len(out.rejected)


def test_normalize_says_why_it_prints_nothing() -> None:
    """Legs that make no fact yet are no silence."""
    entry = {"id": 1, "createdAt": "2026-11-23 10:00:00", "field": "payments.status", "newValue": {"code": "not-paid"}}
    entry |= {"order": {"id": 5}, "payment": {"id": 6}}
    assert normalized(retailcrm.PROVIDER, json.dumps({"history": [entry]})) == (0, ["not_counted"], 0)
    paid = entry | {"id": 2, "newValue": {"code": "paid"}}
    assert normalized(retailcrm.PROVIDER, json.dumps({"history": [entry, paid, paid]}))[0] == 1
