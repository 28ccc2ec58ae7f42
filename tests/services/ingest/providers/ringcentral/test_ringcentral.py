"""RingCentral: the handshake and the token; notifications of a session, in any order, into one call."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.ringcentral import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN = {"validation_token": ("old-token", "our-token")}


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def session(name: str) -> list[bytes]:
    """All notifications of a session, by sequence."""
    return [file.read_bytes() for file in sorted(FIXTURES.glob(f"{name}-[0-9]*.json"))]


def party_of(body: bytes, **changes: Any) -> bytes:
    """The notification with its only party changed."""
    event = json.loads(body)
    event["body"]["parties"][0] |= changes
    return json.dumps(event).encode()


def missed(reason: str | None, code: str = "Disconnected") -> bytes:
    event = json.loads(fixture("missed"))
    event["body"]["parties"][1]["status"] = {"code": code, **({"reason": reason} if reason else {})}
    return json.dumps(event).encode()


def test_the_handshake_gives_the_header_back() -> None:
    """An empty body; the token is RingCentral's own. The response stays small."""
    for body in (b"", b"\r\n"):
        reply = PROVIDER.challenge(request(body, validation_token="rc-made-this-up"), source(PROVIDER), TOKEN)
        assert reply is not None
        assert (reply.status, reply.content_type) == (200, "application/json")
        assert reply.headers == (("Validation-Token", "rc-made-this-up"),)
    reply = PROVIDER.challenge(request(b"", validation_token="x" * 512), source(PROVIDER), TOKEN)
    assert reply is not None
    assert len(reply.body) + sum(len(name) + len(value) for name, value in reply.headers) < 600


def test_what_is_no_handshake() -> None:
    """A body, another method, no header, a header nobody would make: nothing is given back, and verify refuses."""
    for one in (
        request(b"{}", validation_token="x"),
        request(b"", validation_token="x", method="GET"),
        request(b""),
        request(b"", validation_token=""),
        request(b"", validation_token="x" * 513),
        request(b"", validation_token="a b"),
        request(b"", validation_token="a\r\nSet-Cookie: b"),
        request(b"", validation_token="я"),
        request(b"", verification_token="x"),
    ):
        assert PROVIDER.challenge(one, source(PROVIDER), TOKEN) is None
        with pytest.raises(Unauthorized):
            PROVIDER.verify(one, source(PROVIDER), TOKEN, (RECEIVED,))


def test_deliveries_carry_our_token_in_either_header() -> None:
    """Any of several values; it is gone before the journal."""
    for headers in (
        {"validation_token": "our-token"},
        {"verification_token": "old-token"},
        {"validation_token": "something", "verification_token": "our-token"},
    ):
        received = request(fixture("missed"), x_other="1", **headers)
        PROVIDER.verify(received, source(PROVIDER), TOKEN, (RECEIVED,))
        assert PROVIDER.challenge(received, source(PROVIDER), TOKEN) is None
        assert PROVIDER.redact(received).headers == {"x-other": "1"}
    for secrets in ({}, {"validation_token": ("",)}):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(b"{}", validation_token=""), source(PROVIDER), secrets, (RECEIVED,))


def test_an_outbound_call_in_any_order() -> None:
    """Answered by the customer's party; holding is talk; a repeated notification changes nothing."""
    bodies = session("outbound")
    chance = random.Random(7)
    for _ in range(12):
        chance.shuffle(bodies)
        found = call(PROVIDER, *bodies, bodies[0])
        assert (found.call_id, found.direction, found.identity) == (
            "src:s-00000000000000000000000000000001", "outbound", "700201",
        )  # fmt: skip
        assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:10Z"))
        assert (found.ended_at, found.talk_s) == (at("2026-11-23T06:01:10.09Z"), 60.09)
        assert (found.disposition, found.line, found.did) == ("answered", "src/+15550100099", "15550100099")
        assert found.customer == "#+15550100001"


def test_an_inbound_call_through_a_menu() -> None:
    """The caller's own "Answered" is the menu's; the agent's answer counts, and so does the agent's extension."""
    found = call(PROVIDER, *session("inbound"))
    assert (found.direction, found.identity, found.talk_s) == ("inbound", "700202", 30)
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:10:00Z"), at("2026-11-23T06:10:16Z"))
    assert (found.ring_s, found.line, found.customer) == (7.39, "src/+15550100098", "#+15550100007")


def test_a_session_is_over_when_every_party_is() -> None:
    """One party's end may be a transfer: nothing is counted before the last one, and a later party opens it again."""
    for name in ("outbound", "inbound"):
        bodies = session(name)
        for known in range(1, len(bodies)):
            assert drafts(PROVIDER, *bodies[:known]) == []
    gone = party_of(session("outbound")[-1], status={"code": "Gone"})
    assert call(PROVIDER, *session("outbound")[:-1], gone).talk_s == 60.09
    ended = parse(PROVIDER, session("outbound")[-1])
    assert (len(ended.legs), ended.ignored) == (1, ())
    assert [part.reason for part in parse(PROVIDER, session("outbound")[0]).ignored] == ["ringing"]


def test_an_answer_that_comes_last_revises_the_call() -> None:
    """The same id; first nobody was heard to answer."""
    answers = [body for body in session("outbound") if b'"Answered"' in body or b'"Hold"' in body]
    others = [body for body in session("outbound") if body not in answers]
    first = drafts(PROVIDER, *others)
    assert [draft.data.disposition for draft in first] == ["no_answer"]  # type: ignore[union-attr]
    then = drafts(PROVIDER, *others, *answers)
    assert [draft.provider_id for draft in then] == [draft.provider_id for draft in first]
    assert then[0].data.talk_s == 60.09  # type: ignore[union-attr]


def test_a_transfer_is_one_call() -> None:
    """Whom the customer talked with longest is the agent of the call."""
    bodies = session("inbound")
    other = [
        party_of(
            bodies[index], id="p-2-4", extensionId="700203", to={"phoneNumber": "+15550100098", "extensionId": "700203"}
        )
        for index in (4, 6, 7)
    ]
    later = []
    for sequence, (second, body) in enumerate(zip((40, 45, 59), other, strict=True), 20):
        event = json.loads(body)
        event["body"]["sequence"] = sequence
        event["timestamp"] = f"2026-11-23T06:12:{second}.000Z"
        later.append(json.dumps(event).encode())
    found = call(PROVIDER, *bodies, *later)
    assert (found.identity, found.talk_s, found.ended_at) == ("700202", 30, at("2026-11-23T06:12:59Z"))


def test_an_extensions_own_subscription_shows_one_party() -> None:
    """Then its own answer counts."""
    own = [
        body for body in session("outbound") if b'"extensionId": "700201",\n        "id"' in body or b"p-1-1" in body
    ]
    found = call(PROVIDER, *own)
    assert (found.disposition, found.answered_at, found.talk_s) == ("answered", at("2026-11-23T06:00:10.03Z"), 60.05)


@pytest.mark.parametrize(
    ("reason", "expected", "q850"),
    [
        ("NoAnswer", "no_answer", None),
        ("TargetBusy", "busy", None),
        ("Rejected", "rejected", None),
        ("Cancelled", "canceled", None),
        ("Voicemail", "voicemail", None),
        ("InternalError", "congestion", None),
        ("InvalidNumber", "failed", 28),
        ("NotEnoughFunds", "failed", 52),
        ("CallFinished", "no_answer", None),
        ("A new word", "no_answer", None),
        (None, "no_answer", None),
    ],
)
def test_reasons_of_a_missed_call(reason: str | None, expected: str, q850: int | None) -> None:
    """Several parties in one notification; never any talk."""
    found = call(PROVIDER, missed(reason))
    assert (found.disposition, found.q850, found.talk_s, found.answered_at) == (expected, q850, 0, None)
    assert (found.direction, found.identity, found.ended_at) == ("inbound", "700202", at("2026-11-23T06:20:25Z"))
    assert (found.started_at, found.line, found.customer) == (
        at("2026-11-23T06:20:00Z"), "src/+15550100098", "#+15550100007",
    )  # fmt: skip


def test_voicemail() -> None:
    """A machine of ours took the call: no talk of an agent."""
    earlier = json.loads(missed(None, "VoiceMail"))
    earlier["body"]["sequence"] = 5
    found = call(PROVIDER, json.dumps(earlier), missed(None))
    assert (found.disposition, found.talk_s, found.answered_at) == ("voicemail", 0, None)


def test_internal_calls_and_the_push_wrapper() -> None:
    """The event stands under pn_apns; both ends are extensions; nobody is a customer."""
    body = fixture("pushed-internal")
    assert [part.reason for part in parse(PROVIDER, body).ignored] == ["ringing"]
    over = json.loads(body)
    over["pn_apns"]["body"]["parties"][0]["status"] = {"code": "Disconnected", "reason": "TargetBusy"}
    found = call(PROVIDER, json.dumps(over))
    assert (found.call_id, found.direction) == ("src:bm90LWEtcmVhbC1zZXNzaW9uLWlk", "internal")
    assert (found.identity, found.customer, found.line) == ("700203", None, "src")
    assert (found.ended_at, found.disposition) == (at("2026-11-23T06:30:00.181Z"), "busy")
    assert call(PROVIDER, json.dumps(over), options={"identity": "extension_number"}).identity == "103"


def test_the_calls_end_is_the_envelopes_time_or_the_receipt() -> None:
    """eventTime is documented as the start of the call."""
    event = json.loads(fixture("missed"))
    del event["timestamp"]
    event["body"]["eventTime"] = "2026-11-23T06:00:00.000Z"
    found = call(PROVIDER, json.dumps(event))
    assert (found.started_at, found.ended_at) == (at("2026-11-23T06:00:00Z"), RECEIVED)


def test_a_call_log_record() -> None:
    """It makes a call by itself."""
    found = call(PROVIDER, fixture("call-log-record"))
    assert (found.call_id, found.identity, found.direction) == ("src:700200400", "700202", "inbound")
    assert (found.talk_s, found.ended_at, found.disposition) == (55, at("2026-11-23T06:40:55Z"), "answered")
    assert (found.line, found.customer) == ("src/+15550100098", "#+15550100007")
    assert found.recording_url == "https://media.example/recording/1/content"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("Call connected", "answered"),
        ("Missed", "no_answer"),
        ("No Answer", "no_answer"),
        ("Voicemail", "voicemail"),
        ("Busy", "busy"),
        ("Hang Up", "canceled"),
        ("Rejected", "rejected"),
        ("Wrong Number", "failed"),
        ("A new word", "no_answer"),
        (None, "no_answer"),
    ],
)
def test_results_of_the_call_log(result: str | None, expected: str) -> None:
    """Only an accepted call has talk."""
    record = json.loads(fixture("call-log-record")) | {"result": result}
    found = call(PROVIDER, json.dumps({"records": [record]}))
    assert (found.disposition, found.talk_s) == (expected, 55 if expected == "answered" else 0)


def test_a_record_joins_its_session() -> None:
    """It adds the recording, and makes the call when the session's end was never told."""
    record = json.loads(fixture("call-log-record")) | {"telephonySessionId": "s-00000000000000000000000000000002"}
    whole = call(PROVIDER, *session("inbound"), json.dumps(record))
    assert (whole.talk_s, whole.recording_url) == (30, "https://media.example/recording/1/content")
    assert call(PROVIDER, *session("inbound")[:-1], json.dumps(record)).talk_s == 55


def test_customers_numbers_are_hidden_in_legs() -> None:
    """Also in the parties of those who are nobody's extension."""
    for body in [*session("outbound"), *session("inbound"), fixture("missed"), fixture("call-log-record")]:
        for leg in parse(PROVIDER, body).legs:
            plain = json.dumps({**leg.data, "from_customer": None, "to_customer": None})
            assert "5550100001" not in plain
            assert "5550100007" not in plain


def test_what_is_no_call() -> None:
    """Other events and faxes are kept; a notification without parties is rejected; what is no event is refused."""
    presence = b'{"event":"/restapi/v1.0/account/1/presence","body":{"extensionId":"1","telephonyStatus":"Ringing"}}'
    assert [part.reason for part in parse(PROVIDER, presence).ignored] == ["unknown_event"]
    fax = json.dumps(json.loads(fixture("call-log-record")) | {"type": "Fax"})
    assert [part.reason for part in parse(PROVIDER, fax).ignored] == ["info_call"]
    empty = b'{"body":{"telephonySessionId":"s-1","parties":[]}}'
    assert [part.reason for part in parse(PROVIDER, empty).rejected] == ["missing_field"]
    for garbage in (b"", b"{}", b"[]", b"hello", b"{", b'{"body": []}', b'{"body": "x"}'):
        with pytest.raises(BadInput):
            parse(PROVIDER, garbage)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ringcentral-telephony-session-setup-1.json", "ringing"),
        ("ringcentral-account-telephony-sessions-2.json", "ringing"),
        ("ringcentral-extension-telephony-sessions-3.json", "ringing"),
    ],
)
def test_real_bodies(name: str, reason: str) -> None:
    """The vendor's samples: set up and proceeding."""
    assert [part.reason for part in parse(PROVIDER, real(name)).ignored] == [reason]
