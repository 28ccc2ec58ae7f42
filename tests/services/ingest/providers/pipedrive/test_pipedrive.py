"""Pipedrive: both versions of its webhooks; a stage or status counts only when the event brought it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.base import Unauthorized
from services.ingest.providers.pipedrive import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
COUNTS = {"presentation": {"status": [31]}, "invoice": {"stage": ["3:32"]}, "payment": {"won": True}}
KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
V1_AT, V2_AT = at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:00.089Z")


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, *path: str, value: Any) -> str:
    """A fixture with another value at one place; ... deletes it."""
    body = json.loads(fixture(name))
    node = body
    for step in path[:-1]:
        node = node[step]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return json.dumps(body)


@pytest.mark.parametrize(
    ("name", "kind", "deal", "when"),
    [
        ("v1-added", facts.PRESENTATION, "7001", V1_AT),
        ("v1-updated-stage", facts.INVOICE, "7001", V1_AT),
        ("v1-updated-won", facts.PAYMENT, "7001", V1_AT),
        ("v2-create", facts.INVOICE, "8002", V2_AT),
        ("v2-change-stage", facts.INVOICE, "8002", V2_AT),
        ("v2-change-won", facts.PAYMENT, "8002", V2_AT),
    ],
)
def test_what_an_event_brought(name: str, kind: str, deal: str, when: Any) -> None:
    """Created so, or other before: one fact of the deal, for its owner."""
    (found,) = drafts(PROVIDER, fixture(name), counts=COUNTS)
    assert (found.type, found.provider_id, found.time, found.data.identity) == (kind, deal, when, "880012")


@pytest.mark.parametrize("name", ["v1-updated-won", "v2-change-won"])
def test_an_old_won_deal_that_is_edited_today(name: str) -> None:
    """Its title was changed: v1 shows the same former status, v2 none; a deal imported as won was won when it says."""
    body = json.loads(fixture(name))
    current = body.get("current") or body["data"]
    for before in ({"title": "old"}, {**current, "title": "old"}):
        assert drafts(PROVIDER, json.dumps({**body, "previous": before}), counts={"payment": {"won": True}}) == []
    action = "added" if name.startswith("v1") else "create"
    body["meta"]["action"], body["previous"] = action, None
    current["won_time"] = "2026-10-23 15:00:00"
    (paid,) = drafts(PROVIDER, json.dumps(body), counts={"payment": {"won": True}})
    assert paid.time == at("2026-10-23T15:00:00Z")


def test_money() -> None:
    """Major units of the deal's own currency; one without decimals is not divided."""
    (issued,) = drafts(PROVIDER, fixture("v1-updated-stage"), counts=COUNTS)
    assert issued.data == InvoiceIssued(
        invoice="src:7001:invoice",
        deal="src:7001",
        identity="880012",
        at=V1_AT,
        amount_minor=15_000_050,
        currency="RUB",
    )
    (paid,) = drafts(PROVIDER, fixture("v1-updated-won"))
    assert isinstance(paid.data, Payment)
    assert (paid.data.amount_minor, paid.data.currency) == (4_000_000, "XAF")


@pytest.mark.parametrize(
    "name",
    [
        *("v1-updated-nothing", "v1-merged", "v1-deleted", "v1-person"),
        *("v2-change-value", "v2-delete-merged", "v2-change-merged"),
    ],
)
def test_what_counts_nothing(name: str) -> None:
    """Edits of deals won before, merges, deletions and other objects."""
    parsed = parse(PROVIDER, fixture(name), counts=COUNTS)
    assert ([part.reason for part in parsed.ignored], parsed.drafts, parsed.rejected) == (["not_counted"], (), ())


def test_a_stage_that_moves_within_a_won_deal_is_no_payment() -> None:
    """Each of stage and status counts by its own change."""
    body = json.loads(fixture("v2-change-stage"))
    body["data"]["status"] = "won"
    assert [draft.type for draft in drafts(PROVIDER, json.dumps(body), counts=COUNTS)] == [facts.INVOICE]


@pytest.mark.parametrize("before", [{}, {"status": "won"}])
def test_a_change_of_something_else_counts_nothing(before: Any) -> None:
    """Not among what changed, or the same value: this event did not bring it."""
    for name in ("v2-change-won", "v1-updated-won"):
        assert drafts(PROVIDER, changed(name, "previous", value=before), counts=COUNTS) == []


def test_a_change_that_tells_nothing_of_before_counts() -> None:
    """Nothing denies that it brought the deal where it stands; a deal counts once whatever is repeated."""
    for name in ("v2-change-won", "v1-updated-won"):
        (paid,) = drafts(PROVIDER, changed(name, "previous", value=None))
        assert paid.type == facts.PAYMENT


def test_custom_fields_of_v2_by_their_bare_keys() -> None:
    """As v1 names them: one floor file for both versions."""
    key = "ab" * 20
    body = json.loads(fixture("v2-change-won"))
    body["data"]["custom_fields"] = {key: {"type": "monetary", "value": 777.5, "currency": "EUR"}, "c" * 40: {"id": 25}}
    body["previous"]["custom_fields"] = {"c" * 40: {"id": 24}}
    counts = {"payment": {"won": True, "amount": key}, "presentation": {"field": {"c" * 40: ["25"], key: ["777.5"]}}}
    made, paid = drafts(PROVIDER, json.dumps(body), counts=counts)
    assert isinstance(paid.data, Payment)
    assert (made.type, paid.data.amount_minor) == (facts.PRESENTATION, 77750)
    body["previous"]["custom_fields"] = {}
    assert [draft.type for draft in drafts(PROVIDER, json.dumps(body), counts=counts)] == [facts.PAYMENT]


@pytest.mark.parametrize(
    ("data", "before", "counted"),
    [
        ({"merged_to_id": 5}, {}, 0),
        ({"merged_from_id": 5}, {"merged_from_id": None}, 0),
        ({"merged_from_id": 5}, {}, 1),
    ],
)
def test_merges_told_by_the_deal(data: Any, before: Any, counted: int) -> None:
    """The one merged away, and the very merge, count nothing; a deal others were once merged into is won as any other."""
    body = json.loads(fixture("v2-change-won"))
    body["data"] |= data
    body["previous"] |= before
    assert len(drafts(PROVIDER, json.dumps(body))) == counted


def test_retries_and_the_same_deal_again_are_the_same_fact() -> None:
    """Ids are made of the deal and the kind, whichever version told it."""
    again = [fixture("v1-updated-won"), changed("v1-updated-won", "retry", value=3)]
    again.append(changed("v2-change-won", "data", "id", value=7001))
    assert {(draft.type, draft.provider_id) for draft in drafts(PROVIDER, *again)} == {(facts.PAYMENT, "7001")}


def test_ids_of_the_deal_not_of_the_event() -> None:
    """v2's meta.id is the event; its entity_id, and v1's meta.id, are the deal, as text or number."""
    assert drafts(PROVIDER, changed("v2-change-won", "data", "id", value=...))[0].provider_id == "8002"
    assert drafts(PROVIDER, changed("v1-updated-won", "current", "id", value=...))[0].provider_id == "7001"
    assert drafts(PROVIDER, changed("v2-change-won", "data", "id", value="8002"))[0].provider_id == "8002"


def test_times() -> None:
    """The event's, in seconds or ISO; else the deal's own, which v1 writes in UTC without saying so."""
    assert drafts(PROVIDER, changed("v2-change-won", "meta", "timestamp", value=1795413600))[0].time == V1_AT
    body = json.loads(changed("v1-updated-won", "meta", "timestamp", value=...))
    assert drafts(PROVIDER, json.dumps(body))[0].time == V1_AT
    body["current"] |= dict.fromkeys(("update_time", "stage_change_time", "won_time", "add_time"))
    assert drafts(PROVIDER, json.dumps(body))[0].time == RECEIVED


def test_fields_and_labels() -> None:
    """A custom field counts when the event changed it; labels by their ids; an amount may be a custom field."""
    by_field = {"presentation": {"field": {f"custom_fields.{KEY}.id": ["12"]}}}
    (made,) = drafts(PROVIDER, fixture("v2-change-field"), counts=by_field)
    assert isinstance(made.data, PresentationMade)
    assert drafts(PROVIDER, fixture("v2-change-stage"), counts=by_field) == []
    assert len(drafts(PROVIDER, changed("v1-added", "current", KEY, value="12"), counts=V1_FIELD)) == 1
    assert drafts(PROVIDER, changed("v1-updated-stage", "current", KEY, value="7"), counts=V1_FIELD) == []
    by_label = {"presentation": {"tag": ["9"]}}
    assert drafts(PROVIDER, fixture("v1-updated-stage"), counts=by_label) == []
    assert len(drafts(PROVIDER, changed("v1-updated-stage", "previous", "label", value="4"), counts=by_label)) == 1
    own = {"payment": {"won": True, "amount": f"custom_fields.{'1' * 40}.value"}}
    paid = drafts(PROVIDER, fixture("v2-change-won"), counts=own)[0].data
    assert isinstance(paid, Payment)
    assert paid.amount_minor == 70_025


V1_FIELD = {"presentation": {"field": {KEY: ["12"]}}}


@pytest.mark.parametrize(("value", "reason"), [(None, "bad_value"), (-5, "bad_value"), ("дорого", "bad_value")])
def test_amounts_that_are_none(value: Any, reason: str) -> None:
    """A payment without an amount is shown, not guessed."""
    parsed = parse(PROVIDER, changed("v2-change-won", "data", "value", value=value))
    assert ([part.reason for part in parsed.rejected], parsed.drafts) == ([reason], ())


def test_owners() -> None:
    """An object of older installations gives its id; nobody is nobody."""
    whole = changed("v1-updated-won", "current", "user_id", value={"id": 880012, "name": "Н"})
    assert drafts(PROVIDER, whole)[0].data.identity == "880012"
    assert drafts(PROVIDER, changed("v2-change-won", "data", "owner_id", value=None))[0].data.identity is None


def test_the_meta_of_v1_may_be_missing() -> None:
    """The field event says the same."""
    (found,) = drafts(PROVIDER, changed("v1-updated-won", "meta", value=...))
    assert (found.type, found.provider_id) == (facts.PAYMENT, "7001")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"null", b'{"meta": []}', b'{"event": "."}', b"a=b"])
def test_garbage(body: bytes) -> None:
    """What names no action and no object is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_a_deal_that_is_missing_is_shown() -> None:
    """An event about a deal without it."""
    for value in (None, [], {}):
        parsed = parse(PROVIDER, changed("v2-change-won", "data", value=value))
        assert [part.reason for part in parsed.rejected] == ["missing_field"]


def basic(pair: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def test_credentials() -> None:
    """Basic, path, or both: all that is configured must hold, any of several values, and nothing opens nothing."""
    body, known = fixture("v2-create"), source(PROVIDER)
    PROVIDER.verify(request(body, **basic("srez:pw")), known, {"basic": ("srez:old", "srez:pw")}, (RECEIVED,))
    PROVIDER.verify(request(body, "s3cret"), known, {"path": ("s3cret",)}, (RECEIVED,))
    both = {"basic": ("srez:pw",), "path": ("s3cret",)}
    PROVIDER.verify(request(body, "s3cret", **basic("srez:pw")), known, both, (RECEIVED,))
    for one, secrets in (
        (request(body), {"basic": ("srez:pw",)}),
        (request(body, **basic("srez:no")), {"basic": ("srez:pw",)}),
        (request(body, "s3cret"), both),
        (request(body, **basic("srez:pw")), both),
        (request(body, **basic("srez:pw")), {}),
    ):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(one, known, secrets, (RECEIVED,))


def test_real_bodies() -> None:
    """Captured bodies of both versions."""
    added = drafts(PROVIDER, real("pipedrive-v1-added.deal-2.json"), counts={"invoice": {"status": [1]}})
    assert isinstance(added[0].data, InvoiceIssued)
    assert (added[0].data.amount_minor, added[0].data.currency, added[0].data.identity) == (
        2_000_000,
        "XAF",
        "14542087",
    )
    assert drafts(PROVIDER, real("pipedrive-v1-updated.deal-1.json"), counts={"invoice": {"status": [1]}}) == []
    (created,) = drafts(PROVIDER, real("pipedrive-v2-create.deal-1.json"), counts={"presentation": {"status": [2]}})
    assert (created.provider_id, created.time) == ("8", at("2022-11-24T13:18:56.089Z"))
