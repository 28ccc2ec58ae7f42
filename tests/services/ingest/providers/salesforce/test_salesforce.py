"""Salesforce: SOAP by namespaces, the organization, the session that must not be kept, and what an opportunity gives."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.salesforce import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
COUNTS = {"presentation": {"stage": ["Презентация"]}, "invoice": {"stage": ["Счёт"]}, "payment": {"won": True}}
ORG = "00D5g000009InvtEAC"
SECRETS = {"path": ("old", "s3cret"), "organization_id": (ORG,)}
SESSION = b"00D5g000009Invt!AQ4AQInventedSession.Value_x"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.xml").read_bytes()


def passes(one: Request, secrets: dict[str, tuple[str, ...]] = SECRETS) -> bool:
    try:
        PROVIDER.verify(one, source(PROVIDER), secrets, (RECEIVED,))
    except Unauthorized:
        return False
    return True


def test_both_proofs_are_needed() -> None:
    """The secret in the path and the organization; Basic may stand for the path."""
    body = fixture("opportunity")
    assert passes(request(body, "s3cret"))
    assert not passes(request(body, "wrong"))
    assert not passes(request(body))
    assert not passes(request(body, "s3cret"), {"path": ("s3cret",)})
    assert not passes(request(body, "s3cret"), {"organization_id": (ORG,)})
    assert not passes(request(body, "s3cret"), {**SECRETS, "organization_id": ("00D5g000009OtherEAC",)})


@pytest.mark.parametrize("known", [ORG, ORG[:15]])
@pytest.mark.parametrize("sent", [ORG, ORG[:15]])
def test_the_organization_in_its_short_and_long_form(known: str, sent: str) -> None:
    """The first 15 characters are the id; they differ by case."""
    body = fixture("opportunity").replace(ORG.encode(), sent.encode())
    assert passes(request(body, "s3cret"), {**SECRETS, "organization_id": ("00D000000000000", known)})
    assert not passes(request(body.swapcase(), "s3cret"))
    swapped = fixture("opportunity").replace(ORG.encode(), sent.swapcase().encode())
    assert not passes(request(swapped, "s3cret"), {**SECRETS, "organization_id": (known,)})


@pytest.mark.parametrize("sent", ["", "00D5g", "00D5g000009Invt" + "x" * 9, "00D5g000009Invt EAC"])
def test_what_is_no_organization(sent: str) -> None:
    """Cut, long or empty ids are nobody's, whatever is configured."""
    body = fixture("opportunity").replace(ORG.encode(), sent.encode())
    for known in (ORG, sent, ""):
        assert not passes(request(body, "s3cret"), {**SECRETS, "organization_id": (known,)})


def test_every_organization_of_the_body_must_be_right() -> None:
    """A second message or a second id cannot be smuggled in beside a right one."""
    body = fixture("opportunity").decode()
    message = body[body.index("<notifications") : body.index("</notifications>") + len("</notifications>")]
    other = message.replace(ORG, "00D5g000009OtheEAC")
    nobody = message.replace(f"<OrganizationId>{ORG}</OrganizationId>", "")
    assert passes(request(body.replace(message, message * 2), "s3cret"))
    for second in (other, nobody):
        assert not passes(request(body.replace(message, message + second), "s3cret"))
    twice = body.replace("</OrganizationId>", "</OrganizationId><OrganizationId>00D5g000009OtheEAC</OrganizationId>")
    assert not passes(request(twice, "s3cret"))
    foreign = body.replace("<OrganizationId>", '<OrganizationId xmlns="urn:other">')
    assert not passes(request(foreign, "s3cret"))


ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("declaration", [ENTITY, b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'])
def test_entities_are_refused(declaration: bytes) -> None:
    """Neither expanded nor fetched."""
    head, _, rest = fixture("opportunity").partition(b"?>")
    bomb = head + b"?>" + declaration + rest.replace(b"125000.5", b"&a;")
    assert not passes(request(bomb, "s3cret"))
    with pytest.raises(BadInput):
        parse(PROVIDER, bomb)


def test_an_opportunity() -> None:
    """The fields that were ticked, in its own currency."""
    counts = {"presentation": {"stage": ["Презентация"]}, "invoice": {"stage": ["Презентация"], "amount": "Amount"}}
    made, issued = drafts(PROVIDER, fixture("opportunity"), counts=counts)
    when = at("2026-11-23T06:00:00Z")
    deal, owner = "src:0065g00000InvntAAB", "0055g00000OwnerAAD"
    assert made.data == PresentationMade(deal=deal, identity=owner, at=when)
    assert issued.data == InvoiceIssued(
        invoice=f"{deal}:invoice", deal=deal, identity=owner, at=when, amount_minor=12_500_050, currency="EUR"
    )
    assert {(draft.provider_id, draft.time) for draft in (made, issued)} == {("0065g00000InvntAAB", when)}


def test_a_batch() -> None:
    """Each notification stands for itself: one without an id, without its stage or amount, or of another object."""
    parsed = parse(PROVIDER, fixture("batch"), counts=COUNTS)
    assert [(draft.type, draft.provider_id) for draft in parsed.drafts] == [
        (facts.PRESENTATION, "0065g00000InvntAAB"),
        (facts.PAYMENT, "0065g00000InvntAAD"),
    ]
    paid = parsed.drafts[1].data
    assert isinstance(paid, Payment)
    assert (paid.amount_minor, paid.currency, paid.identity) == (1_250_000_000, "RUB", None)
    assert [part.reason for part in parsed.rejected] == ["bad_value", "missing_field", "missing_field"]
    assert [part.reason for part in parsed.ignored] == ["not_counted"]


def test_prefixes_namespaces_and_soap_versions_are_free() -> None:
    """The partner's form says its type in an element; the short organization id is enough."""
    body = fixture("partner-form")
    assert passes(request(body, "s3cret"))
    (made,) = drafts(PROVIDER, body, counts=COUNTS)
    assert (made.provider_id, made.data.identity) == ("0065g00000InvntAAF", "0055g00000OwnerAAD")


def test_without_times_the_receipt_counts() -> None:
    """CloseDate is a plan. The stage of the standard picklist is won while IsWon is not ticked."""
    (paid,) = drafts(PROVIDER, fixture("untimed/opportunity"))
    assert (paid.type, paid.time) == (facts.PAYMENT, RECEIVED)
    lost = fixture("untimed/opportunity").replace(b"<sf:StageName>", b"<sf:IsWon>false</sf:IsWon><sf:StageName>")
    assert drafts(PROVIDER, lost) == []
    moved = b"<sf:LastStageChangeDate>2026-11-23T05:00:00.000+0000</sf:LastStageChangeDate><sf:StageName>"
    (early,) = drafts(PROVIDER, fixture("untimed/opportunity").replace(b"<sf:StageName>", moved))
    assert early.time == at("2026-11-23T05:00:00Z")


def test_an_old_won_opportunity_that_is_edited_today() -> None:
    """Its description was changed: the payment is of the day it came to its stage, or was created in it."""
    edited = b"<sf:LastModifiedDate>2026-11-23T06:00:00.000Z</sf:LastModifiedDate>"
    moved = b"<sf:LastStageChangeDate>2026-10-23T15:00:00.000Z</sf:LastStageChangeDate>"
    never = b'<sf:CreatedDate>2026-09-01T10:00:00.000Z</sf:CreatedDate><sf:LastStageChangeDate xsi:nil="true"/>'
    for known, when in (
        (moved, "2026-10-23T15:00:00Z"),
        (never, "2026-09-01T10:00:00Z"),
        (b"", "2026-11-23T06:00:00Z"),
    ):
        body = fixture("untimed/opportunity").replace(b"<sf:StageName>", edited + known + b"<sf:StageName>")
        (paid,) = drafts(PROVIDER, body)
        assert (paid.time, paid.once) == (at(when), True)


def test_the_same_notification_twice_is_the_same_fact() -> None:
    """Sent again within a day, possibly out of order and beside others."""
    twice = [fixture("opportunity"), fixture("batch"), fixture("opportunity")]
    found = drafts(PROVIDER, *twice, counts={"presentation": {"stage": ["Презентация"]}})
    assert {(draft.type, draft.provider_id) for draft in found} == {(facts.PRESENTATION, "0065g00000InvntAAB")}


def test_the_session_is_not_kept() -> None:
    """Whatever its prefix and whether in CDATA; every other byte stays, and the body reads the same."""
    body = fixture("opportunity")
    kept = PROVIDER.redact(request(body)).body
    assert kept == body.replace(SESSION, b"")
    assert parse(PROVIDER, kept, counts=COUNTS) == parse(PROVIDER, body, counts=COUNTS)
    partner = PROVIDER.redact(request(fixture("partner-form"))).body
    assert b"<o:SessionId></o:SessionId>" in partner
    for odd in (b"<x>live</x>", b"<!-- live -->", b"<?live?>", b"a&amp;live"):
        assert b"live" not in PROVIDER.redact(request(body.replace(SESSION, odd))).body


def test_the_session_is_not_kept_in_another_encoding() -> None:
    """UTF-16 with its mark."""
    body = fixture("opportunity").decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    kept = PROVIDER.redact(request(body)).body
    assert SESSION.decode() not in kept.decode("utf-16")
    assert passes(request(kept, "s3cret"))
    assert parse(PROVIDER, kept, counts=COUNTS) == parse(PROVIDER, fixture("opportunity"), counts=COUNTS)


def test_nothing_to_cut_changes_nothing() -> None:
    """An empty session, or what is no XML."""
    for body in (fixture("batch"), b"SessionId", b"<SessionId>", b"<a><SessionId/></a>"):
        assert PROVIDER.redact(request(body)).body == body


def test_the_answer_is_an_ack() -> None:
    """A bare 200 would be sent again for a day."""
    assert (PROVIDER.reply.status, PROVIDER.reply.content_type) == (200, "text/xml")
    root = ElementTree.fromstring(PROVIDER.reply.body)
    assert root.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    ack = root.find(".//{http://soap.sforce.com/2005/09/outbound}notificationsResponse/*")
    assert ack is not None
    assert (ack.tag, ack.text) == ("{http://soap.sforce.com/2005/09/outbound}Ack", "true")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"<a>", b"<a/>", b"<a>" * 5_000, b"\x00", b"a=b", b'<?xml version="1.0" encoding="no-such"?><a/>'],
)
def test_garbage(body: bytes) -> None:
    """What is no outbound message is nobody's, and bad input to the parser."""
    assert not passes(request(body, "s3cret"))
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_a_message_without_notifications() -> None:
    """An authentic body with nothing in it."""
    body = fixture("opportunity").decode()
    start, end = body.index("<Notification>"), body.index("</Notification>") + len("</Notification>")
    with pytest.raises(BadInput):
        parse(PROVIDER, body[:start] + body[end:])
    empty = parse(PROVIDER, body[:start] + "<Notification>x</Notification>" + body[end:])
    assert [part.reason for part in empty.rejected] == ["bad_value"]


def test_real_bodies() -> None:
    """The published message, which ticked neither owner nor time nor currency."""
    made, issued = drafts(
        PROVIDER,
        real("salesforce-outbound-opportunity-1.xml"),
        counts={"presentation": {"stage": ["Perception Analysis"]}, "invoice": {"stage": ["Perception Analysis"]}},
    )
    assert isinstance(issued.data, InvoiceIssued)
    assert (issued.data.amount_minor, issued.data.currency) == (12_000_000, "RUB")
    assert (made.provider_id, made.time) == ("0067F000003pmdWQAQ", RECEIVED)
