"""HubSpot: three signatures, arrays of changes, workflow bodies, and deals read back with their history."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.base import Ignored, ReadBack, Request, Unauthorized
from services.ingest.providers.hubspot import PROVIDER, signature
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, read_back, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
UUID_STAGE = "3f0d2c9a-55aa-4b1e-9d57-0c1a2b3c4d5e"
COUNTS = {"presentation": {"stage": [UUID_STAGE, "presented"]}, "payment": {"won": True}}
TOKENS = {"client_secret": {"env": "A"}, "access_token": {"env": "B"}}
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
V1 = "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"
V2 = "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"
V2_GET = "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
V3 = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
SIGNED_AT = "1693657560000"
NOW = at("2023-09-02T12:26:00Z")


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def signed(body: bytes = BODY, method: str = "POST", url: str = URL, **headers: str) -> Request:
    """Header names with ``_`` for ``-``, without ``x-hubspot-``."""
    named = {f"x_hubspot_{name}": value for name, value in headers.items()}
    return request(body, method=method, url=url, **named)


def passes(one: Request, *secrets: str, now: Any = NOW, **config: Any) -> bool:
    try:
        PROVIDER.verify(one, source(PROVIDER, **config), {"client_secret": secrets or (SECRET,)}, (now,))
    except Unauthorized:
        return False
    return True


def test_published_vectors() -> None:
    """Every vector of the vendor's own libraries."""
    assert passes(signed(signature=V1, signature_version="v1"))
    assert passes(signed(signature=V2, signature_version="v2"))
    assert passes(signed(b"", "GET", signature=V2_GET, signature_version="v2"))
    assert passes(signed(signature_v3=V3, request_timestamp=SIGNED_AT))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"signature": "", "signature_version": "v1"},
        {"signature": V1, "signature_version": "v2"},
        {"signature": V2, "signature_version": "v1"},
        {"signature": V1, "signature_version": "v3"},
        {"signature": V1[:-1] + "1", "signature_version": "v1"},
        {"signature_v3": V3},
        {"signature_v3": V3, "request_timestamp": "soon"},
        {"signature_v3": V3, "request_timestamp": "1693657560001"},
        {"signature_v3": "", "request_timestamp": SIGNED_AT, "signature": V1, "signature_version": "v1"},
        {"signature_v3": "no", "request_timestamp": SIGNED_AT, "signature": V1, "signature_version": "v1"},
        {"signature_v3": "no", "request_timestamp": SIGNED_AT, "signature": V2, "signature_version": "v2"},
    ],
)
def test_wrong_signatures(headers: dict[str, str]) -> None:
    """A wrong or missing one is refused; a right old one does not rescue a wrong v3."""
    assert not passes(signed(**headers))


def test_a_right_v3_needs_no_old_header() -> None:
    """v3 decides where it is sent, whatever stands beside it; the version may be left out of the old one."""
    assert passes(signed(signature_v3=V3, request_timestamp=SIGNED_AT, signature="old", signature_version="v1"))
    assert passes(signed(signature=V1.upper()))
    assert passes(signed(signature=V2))


def test_replays_are_refused() -> None:
    """300 s to either side of now; either of two clocks may be meant."""
    fresh = signed(signature_v3=V3, request_timestamp=SIGNED_AT)
    assert passes(fresh, now=NOW + timedelta(seconds=300))
    for seconds in (-301, 301, 86_400):
        assert not passes(fresh, now=NOW + timedelta(seconds=seconds))
    PROVIDER.verify(fresh, source(PROVIDER), {"client_secret": (SECRET,)}, (RECEIVED, NOW))


def test_several_secrets() -> None:
    """While one is rotated either is right; an empty one never is."""
    one = signed(signature_v3=V3, request_timestamp=SIGNED_AT)
    assert passes(one, "other", SECRET)
    assert not passes(one, "other")
    empty = signature.v3("", "POST", URL, BODY, SIGNED_AT)
    assert not passes(signed(signature_v3=empty, request_timestamp=SIGNED_AT), "")


@pytest.mark.parametrize(
    ("signed_url", "seen_url"),
    [
        ("https://x.example/hooks/src?a=1:2,3", "https://x.example/hooks/src?a=1%3A2%2C3"),
        ("https://x.example/hooks/src?a=1%3A2", "https://x.example/hooks/src?a=1%3A2"),
        ("https://x.example/hooks/src?a=кофе", "https://x.example/hooks/src?a=%D0%BA%D0%BE%D1%84%D0%B5"),
        ("https://x.example/hooks/src", "http://x.example/hooks/src"),
    ],
)
def test_the_address_as_signed(signed_url: str, seen_url: str) -> None:
    """Escapes may have been undone before signing, and a proxy in front speaks http to us."""
    given = signature.v3(SECRET, "POST", signed_url, BODY, SIGNED_AT)
    one = signed(url=seen_url, signature_v3=given, request_timestamp=SIGNED_AT)
    assert passes(replace(one, headers={**one.headers, "host": "x.example"}))


def test_a_configured_address_is_the_only_one() -> None:
    """With public_url what the request says of its host changes nothing."""
    given = signature.v3(SECRET, "POST", "https://evil.example/hooks/src", BODY, SIGNED_AT)
    one = signed(url="https://x.example/h", signature_v3=given, request_timestamp=SIGNED_AT)
    evil = replace(one, headers={**one.headers, "host": "evil.example"})
    assert not passes(evil, public_url="https://x.example/h")


def test_an_array_with_an_access_token_is_read_back() -> None:
    """Each deal once; what is no deal or tells nothing is not asked for."""
    parsed = parse(PROVIDER, fixture("stage-changes"), counts=COUNTS, secrets=TOKENS)
    assert [part.reason for part in parsed.ignored] == ["needs_readback"] * 2 + ["not_counted"] * 2
    assert parsed.readbacks == (ReadBack("deal", "9120000001"), ReadBack("deal", "9120000002"))
    assert (parsed.drafts, parsed.rejected) == ((), ())


def test_an_array_without_an_access_token() -> None:
    """A presentation counts, nobody's yet, at its own time; a payment needs its amount."""
    parsed = parse(PROVIDER, fixture("stage-changes"), counts=COUNTS)
    (made,) = parsed.drafts
    when = at("2026-11-23T06:00:00.250Z")
    assert made.data == PresentationMade(deal="src:9120000001", identity=None, at=when)
    assert (made.provider_id, made.time, made.once) == ("9120000001", when, True)
    assert parsed.readbacks == (ReadBack("deal", "9120000002"),)


def told(name: str, value: str, ms: int, deal: int = 7, kind: str = "deal") -> dict[str, Any]:
    """One element: a property of a deal came to its value *ms* milliseconds after 09:00."""
    at_ms = 1795413600000 + ms
    return {"subscriptionType": f"{kind}.propertyChange", "objectId": deal, "propertyName": name} | {
        "propertyValue": value,
        "occurredAt": at_ms,
    }


def test_what_one_array_tells_in_pieces_is_put_together() -> None:
    """Won, given an amount and an owner in one go: the newest of each, of this deal only; nothing needs to be asked."""
    elements = [
        told("amount", "2000", 9),
        told("dealstage", "closedwon", 5),
        told("amount", "1", 2),
        told("hubspot_owner_id", "600100", 4),
        told("hubspot_owner_id", "600200", 99, deal=8),
        told("hubspot_owner_id", "600300", 99, kind="contact"),
    ]
    for order in (elements, elements[::-1]):
        (paid,) = parse(PROVIDER, json.dumps(order)).drafts
        assert isinstance(paid.data, Payment)
        assert (paid.data.amount_minor, paid.data.identity, paid.time) == (
            200_000, "600100", at("2026-11-23T06:00:00.005Z"),
        )  # fmt: skip
    lacking = parse(PROVIDER, json.dumps([told("dealstage", "closedwon", 5), told("amount", "5", 5, deal=8)]))
    assert (lacking.drafts, lacking.readbacks) == ((), (ReadBack("deal", "7"), ReadBack("deal", "8")))


def test_where_only_stages_are_counted_nothing_is_asked_for() -> None:
    """Without a token, and without anything that needs one."""
    only = {"presentation": {"stage": ["presented"]}}
    for name in ("stage-changes", "amount-change"):
        parsed = parse(PROVIDER, fixture(name), counts=only)
        assert {part.reason for part in parsed.ignored} == {"not_counted"}
        assert parsed.readbacks == ()


def test_amounts_owners_and_creations_are_read_back() -> None:
    """They may correct or make a fact; the generic subscription names deals by their type."""
    assert parse(PROVIDER, fixture("amount-change")).readbacks == (ReadBack("deal", "9120000001"),)
    generic = parse(PROVIDER, fixture("generic-object"), secrets=TOKENS)
    assert [part.reason for part in generic.ignored] == ["needs_readback", "not_counted"]
    created = {"subscriptionType": "deal.creation", "objectId": 332507367156, "occurredAt": 1795413600000}
    assert parse(PROVIDER, json.dumps([created])).readbacks == (ReadBack("deal", "332507367156"),)
    gone = {**created, "subscriptionType": "deal.deletion"}
    assert parse(PROVIDER, json.dumps([gone])).ignored == (Ignored("not_counted", "deal.deletion"),)


def test_one_bad_element_does_not_fail_the_others() -> None:
    """HubSpot repeats whole arrays: each element stands for itself."""
    good = json.loads(fixture("stage-changes"))[0]
    odd = [7, None, {}, {**good, "objectId": None}, {**good, "objectId": "x/../y"}, {**good, "occurredAt": "never"}]
    parsed = parse(PROVIDER, json.dumps([*odd, good] * 15), counts=COUNTS)
    assert len(parsed.drafts) == 30
    assert {draft.time for draft in parsed.drafts} == {at("2026-11-23T06:00:00.250Z"), RECEIVED}
    assert {part.reason for part in parsed.rejected} == {"missing_field", "bad_value"}
    assert len(parsed.rejected) == 75


def test_an_empty_array_and_a_bare_event() -> None:
    """Nothing to count; one event without its array is read too."""
    assert parse(PROVIDER, b"[]").ignored == (Ignored("empty_batch"),)
    bare = json.dumps(json.loads(fixture("amount-change"))[0])
    assert parse(PROVIDER, bare) == parse(PROVIDER, fixture("amount-change"))


def test_a_workflow_tells_the_whole_deal() -> None:
    """Every stage it has been in counts at its own time, for its owner of that time; money in the deal's currency."""
    made, paid = drafts(PROVIDER, fixture("workflow-deal"), counts=COUNTS)
    assert made.data == PresentationMade(deal="src:9120000003", identity="600100", at=at("2026-11-23T06:00:00Z"))
    assert paid.data == Payment(
        payment="src:9120000003:payment",
        deal="src:9120000003",
        identity="600200",
        at=at("2026-11-23T06:05:00Z"),
        amount_minor=12_500_050,
        currency="EUR",
    )


def test_the_won_stage_is_believed_before_what_is_computed_of_it() -> None:
    """hs_is_closed_won is computed afterwards, and may still be false in the body that tells of the stage."""
    body = {"objectId": 7, "properties": {"dealstage": {"value": "closedwon"}, "amount": {"value": "5"}}}
    body["properties"] |= {"hs_is_closed_won": {"value": "false"}}  # type: ignore[operator]
    assert [draft.type for draft in parse(PROVIDER, json.dumps(body)).drafts] == [facts.PAYMENT]


def test_other_workflow_bodies() -> None:
    """Chosen properties only; a contact; a deleted deal."""
    (made,) = drafts(PROVIDER, fixture("workflow-chosen-properties"), counts=COUNTS)
    assert made.data == PresentationMade(deal="src:9120000004", identity="600100", at=at("2026-11-23T06:06:00Z"))
    contact = parse(PROVIDER, fixture("workflow-contact"), counts=COUNTS)
    assert [part.reason for part in contact.ignored] == ["not_counted"]
    deleted = fixture("workflow-deal").replace(b'"isDeleted": false', b'"isDeleted": true')
    assert [part.reason for part in parse(PROVIDER, deleted, counts=COUNTS).ignored] == ["not_counted"]


def test_a_deal_read_back() -> None:
    """A won stage of another pipeline by hs_is_closed_won; yen have no decimals; the history gives what was passed."""
    parsed = read_back(PROVIDER, "deal/9120000001", fixture("readback/deal"), counts=COUNTS)
    made, paid = (draft.data for draft in parsed.drafts)
    assert made == PresentationMade(deal="src:9120000001", identity="600100", at=at("2026-11-23T06:00:00.250Z"))
    assert isinstance(paid, Payment)
    assert (paid.identity, paid.at) == ("600200", at("2026-11-23T06:20:00.500Z"))
    assert (paid.amount_minor, paid.currency) == (48_000, "JPY")


def changed(**properties: Any) -> str:
    """The answer with other properties, without history."""
    answer = json.loads(fixture("readback/deal"))
    answer["propertiesWithHistory"] = {}
    answer["properties"] |= properties
    return json.dumps(answer)


def test_an_answer_without_history() -> None:
    """Where it stands now, since it entered there; else when it was last changed."""
    entered = changed(hs_v2_date_entered_77880011="2026-11-23T06:15:00Z")
    for body, when in ((entered, "2026-11-23T06:15:00Z"), (changed(), "2026-11-23T06:30:00Z")):
        (paid,) = read_back(PROVIDER, "deal/9120000001", body).drafts
        assert (paid.time, paid.data.identity) == (at(when), "600200")


def test_an_old_won_deal_that_is_edited_today() -> None:
    """A note or the amount is changed: the payment is of the day the deal was won, by its history or its close date."""
    old = {"closedate": "2026-10-23T15:00:00Z", "hs_lastmodifieddate": "2026-11-23T06:30:00Z"}
    (paid,) = read_back(PROVIDER, "deal/9120000001", changed(**old)).drafts
    assert paid.time == at("2026-10-23T15:00:00Z")
    answer = json.loads(changed(**old))
    answer["propertiesWithHistory"] = {"dealstage": [{"value": "77880011", "timestamp": "2026-10-23T15:00:07Z"}]}
    (paid,) = read_back(PROVIDER, "deal/9120000001", json.dumps(answer)).drafts
    assert paid.time == at("2026-10-23T15:00:07Z")
    plan = changed(**{**old, "closedate": "2026-12-31T15:00:00Z"})
    assert read_back(PROVIDER, "deal/9120000001", plan).drafts[0].time == at("2026-11-23T06:30:00Z")
    event = json.loads(fixture("amount-change"))[0]
    assert parse(PROVIDER, json.dumps([event]), counts=COUNTS).drafts == ()
    chosen = {"objectId": 7, "properties": {"dealstage": {"value": "closedwon"}, "amount": {"value": "5"}, **{
        name: {"value": value} for name, value in old.items()
    }}}  # fmt: skip
    (paid,) = drafts(PROVIDER, json.dumps(chosen))
    assert paid.time == at("2026-10-23T15:00:00Z")


@pytest.mark.parametrize(
    ("properties", "reasons"),
    [
        ({"amount": None}, ["bad_value"]),
        ({"amount": ""}, ["bad_value"]),
        ({"deal_currency_code": "rouble"}, ["bad_value"]),
        ({"hs_is_closed_won": "false"}, []),
        ({"hs_is_closed_won": None}, []),
    ],
)
def test_answers_that_make_no_payment(properties: dict[str, Any], reasons: list[str]) -> None:
    """No amount or no currency is shown; a deal that is not won counts nothing."""
    parsed = read_back(PROVIDER, "deal/9120000001", changed(**properties))
    assert ([part.reason for part in parsed.rejected], parsed.drafts) == (reasons, ())
    assert [part.reason for part in parsed.ignored] == ([] if reasons else ["not_counted"])


def test_a_merged_deal_goes_on_under_its_oldest_id() -> None:
    """A merge makes a new deal with both histories: nothing of it counts again."""
    (paid,) = read_back(PROVIDER, "deal/1", changed(hs_merged_object_ids="9110000007;9115000000")).drafts
    assert paid.provider_id == "9110000007"


def test_fields_and_amounts_of_the_floor_file() -> None:
    """A property counts since it came to its value; its amount may stand in another."""
    answer = json.loads(changed(demo_done="yes", first_bill="120.5", deal_currency_code="USD"))
    answer["propertiesWithHistory"] = {"demo_done": [{"value": "yes", "timestamp": "2026-11-23T06:11:00Z"}]}
    counts = {
        "presentation": {"field": {"demo_done": ["yes"]}},
        "invoice": {"stage": ["77880000:77880011"], "amount": "first_bill"},
    }
    made, issued = sorted(read_back(PROVIDER, "deal/1", json.dumps(answer), counts=counts).drafts, key=lambda d: d.time)
    assert (made.type, made.time) == (facts.PRESENTATION, at("2026-11-23T06:11:00Z"))
    assert isinstance(issued.data, InvoiceIssued)
    assert (issued.data.amount_minor, issued.data.currency) == (12_050, "USD")
    event = json.loads(fixture("amount-change"))[0] | {"propertyName": "demo_done", "propertyValue": "yes"}
    assert parse(PROVIDER, json.dumps([event]), counts=counts, secrets=TOKENS).readbacks


@pytest.mark.parametrize(
    ("body", "ignored", "rejected"),
    [
        ('{"status":"error","category":"OBJECT_NOT_FOUND","message":"resource not found"}', ["not_counted"], []),
        ('{"status":"error","category":"MISSING_SCOPES"}', [], ["bad_value"]),
        ("[]", [], ["bad_value"]),
        ('{"id":"1","archived":true,"properties":{"dealstage":"closedwon"}}', ["not_counted"], []),
        ('{"id":"1","properties":{}}', ["not_counted"], []),
    ],
)
def test_answers_that_are_no_deal(body: str, ignored: list[str], rejected: list[str]) -> None:
    """What is gone counts nothing; what cannot be understood is shown."""
    parsed = read_back(PROVIDER, "deal/1", body)
    assert [part.reason for part in parsed.ignored] == ignored
    assert [part.reason for part in parsed.rejected] == rejected


def test_how_a_deal_is_asked_for() -> None:
    """With the token, for the properties that matter and the history of stage and owner; never without."""
    wanted = ReadBack("deal", "9120000001")
    counts = {"presentation": {"field": {"demo_done": ["yes"]}}, "payment": {"won": True, "amount": "first_bill"}}
    fetch = PROVIDER.fetch(wanted, source(PROVIDER, counts=counts), {"access_token": ("new", "old")})
    assert fetch is not None
    parts = urlsplit(fetch.url)
    query = parse_qs(parts.query)
    assert (fetch.method, parts.scheme, parts.netloc) == ("GET", "https", "api.hubapi.com")
    assert parts.path == "/crm/v3/objects/deals/9120000001"
    assert {"dealstage", "amount", "hubspot_owner_id", "demo_done", "first_bill"} <= set(
        query["properties"][0].split(",")
    )
    assert query["propertiesWithHistory"] == ["dealstage,hubspot_owner_id,demo_done"]
    assert dict(fetch.headers)["authorization"] == "Bearer new"
    other = PROVIDER.fetch(wanted, source(PROVIDER, options={"api": "http://127.0.0.1:9/"}), {"access_token": ("t",)})
    assert other is not None
    assert other.url.startswith("http://127.0.0.1:9/crm/v3/objects/deals/9120000001?")
    assert PROVIDER.fetch(wanted, source(PROVIDER), {"client_secret": ("x",)}) is None


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"7", b'"x"', b"a=b", b"{}", b'{"a":1}', b"[" * 5_000])
def test_garbage(body: bytes) -> None:
    """What is neither an array nor a record is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_real_bodies() -> None:
    """A captured workflow body; single events of the documentation."""
    (made,) = drafts(
        PROVIDER, real("hubspot-workflow-deal-1.json"), counts={"presentation": {"stage": ["appointmentscheduled"]}}
    )
    assert (made.provider_id, made.time) == ("7036839888", at("2023-04-02T13:36:14.451Z"))
    for name in ("dealstage-1", "amount-2"):
        body = b"[" + real(f"hubspot-deal.propertyChange-{name}.json") + b"]"
        assert [part.reason for part in parse(PROVIDER, body).ignored] == ["needs_readback"]
