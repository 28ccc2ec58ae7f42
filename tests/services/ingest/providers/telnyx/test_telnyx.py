"""Telnyx: Ed25519 over timestamp and raw body; the events of a session, in any order, into one call."""

import base64
import json
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.telnyx import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
OTHER = base64.b64encode(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()).decode()
NOW = str(int(RECEIVED.timestamp()))
ANSWERED = ("initiated", "answered", "hangup")
INBOUND = (
    "inbound-initiated",
    "inbound-answered",
    "agent-initiated",
    "agent-answered",
    "agent-hangup",
    "inbound-hangup",
)


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def fixtures(*names: str) -> list[bytes]:
    return [fixture(name) for name in names]


def changed(name: str, **payload: Any) -> bytes:
    event = json.loads(fixture(name))
    (event.get("data") or event)["payload"] |= payload
    return json.dumps(event).encode()


def signed(body: bytes, timestamp: str = NOW) -> Request:
    signature = base64.b64encode(KEY.sign(f"{timestamp}|".encode() + body)).decode()
    return request(body, telnyx_signature_ed25519=signature, telnyx_timestamp=timestamp)


def verify(received: Request, *keys: str, late_s: float = 0) -> None:
    now = (RECEIVED - timedelta(days=30), RECEIVED + timedelta(seconds=late_s))
    PROVIDER.verify(received, source(PROVIDER), {"public_key": keys or (PUBLIC,)}, now)


def test_the_signature_covers_timestamp_and_raw_body() -> None:
    """Any of several keys; another key, another byte, another timestamp are refused."""
    body = fixture("hangup")
    verify(signed(body))
    verify(signed(body), OTHER, "no key at all", PUBLIC)
    for wrong in (
        request(body),
        request(body + b" ", **signed(body).headers),  # type: ignore[arg-type]
        request(body, telnyx_signature_ed25519="%%%", telnyx_timestamp=NOW),
        request(body, **{**signed(body).headers, "telnyx-timestamp": str(int(NOW) + 1)}),  # type: ignore[arg-type]
    ):
        with pytest.raises(Unauthorized):
            verify(wrong)
    for keys in ((OTHER,), ("",), ("not base64",), (PUBLIC[:20],)):
        with pytest.raises(Unauthorized):
            verify(signed(body), *keys)


@pytest.mark.parametrize(("late_s", "right"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_replays_are_refused_both_ways(late_s: int, right: bool) -> None:
    """Five minutes into the past and into the future, for any of the instants that may be now."""
    if right:
        verify(signed(b"{}"), late_s=late_s)
        return
    with pytest.raises(Unauthorized) as raised:
        verify(signed(b"{}"), late_s=late_s)
    assert raised.value.reason == "stale_signature"


def test_a_signed_timestamp_that_is_no_number() -> None:
    """Signed all the same: refused."""
    for timestamp in ("", "soon", "0", "-5"):
        with pytest.raises(Unauthorized):
            verify(signed(b"{}", timestamp))


def test_an_answered_call_in_any_order() -> None:
    """end − answered is the talk; end − start is not."""
    for order in permutations(ANSWERED):
        found = call(PROVIDER, *fixtures(*order))
        assert (found.call_id, found.direction, found.disposition) == (
            "src:5e550000-0000-11ef-8000-02420a0f0001", "outbound", "answered",
        )  # fmt: skip
        assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00.2Z"), at("2026-11-23T06:00:10Z"))
        assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:01:40.5Z"), 90.5, 9.8)
        assert (found.line, found.did) == ("src/1700000000000000001", "15550100099")
        assert (found.customer, found.hangup_by, found.sip_status) == ("#+15550100001", "customer", 200)


def test_an_agents_talk_is_its_own_leg() -> None:
    """The caller's leg also held the menu; the number shown to the agent is the customer's and stays hidden."""
    bodies = fixtures(*INBOUND)
    for order in (bodies, bodies[::-1]):
        found = call(PROVIDER, *order)
        assert (found.direction, found.identity, found.talk_s) == ("inbound", "maria", 60)
        assert (found.started_at, found.answered_at) == (at("2026-11-23T06:10:00Z"), at("2026-11-23T06:10:15Z"))
        assert (found.customer, found.did, found.hangup_by) == ("#+15550100007", "15550100099", "customer")
    for body in bodies:
        for leg in parse(PROVIDER, body).legs:
            assert "5550100007" not in json.dumps({**leg.data, "from_customer": None})


def test_a_call_that_goes_on_is_not_counted_yet() -> None:
    """Also when the agent's leg is over and the caller's is not."""
    assert drafts(PROVIDER, *fixtures("initiated", "answered")) == []
    assert drafts(PROVIDER, *fixtures(*INBOUND[:-1])) == []
    for name in ("initiated", "answered"):
        assert [part.reason for part in parse(PROVIDER, fixture(name)).ignored] == ["ringing"]


def test_a_hangup_alone() -> None:
    """Unanswered by its cause; a normal clearing counts as answered, with a talk that nobody knows yet."""
    found = call(PROVIDER, fixture("hangup-bare"))
    assert (found.disposition, found.talk_s, found.answered_at, found.ring_s) == ("no_answer", 0, None, 30)
    found = call(PROVIDER, fixture("hangup"))
    assert (found.disposition, found.talk_s, found.answered_at, found.ring_s) == ("answered", 0, None, None)


@pytest.mark.parametrize(
    ("cause", "sip", "expected", "q850"),
    [
        ("call_rejected", "603", "rejected", None),
        ("originator_cancel", "487", "canceled", None),
        ("timeout", "408", "no_answer", None),
        ("no_answer", "480", "no_answer", None),
        ("user_busy", "486", "busy", None),
        ("USER_BUSY", None, "busy", None),
        ("not_found", "404", "failed", 1),
        ("unspecified", "503", "congestion", None),
        ("unspecified", "unspecified", "failed", None),
        ("normal_clearing", "486", "busy", None),
        ("a new word", "603", "rejected", None),
        (None, None, "failed", None),
    ],
)
def test_causes(cause: str | None, sip: str | None, expected: str, q850: int | None) -> None:
    """Each cause of the vendor's types, and words nobody knows."""
    found = call(PROVIDER, changed("hangup-bare", hangup_cause=cause, sip_hangup_cause=sip))
    assert (found.disposition, found.q850) == (expected, q850)


def test_a_machine_and_a_recording_join() -> None:
    """Whenever they come; alone they count nothing."""
    found = call(PROVIDER, *fixtures("recording", "machine", *ANSWERED))
    assert (found.disposition, found.recording_url) == ("voicemail", "https://media.example/rec-1.mp3")
    assert drafts(PROVIDER, fixture("recording"), fixture("machine")) == []
    assert [part.reason for part in parse(PROVIDER, fixture("recording")).ignored] == ["recording"]


def test_the_agent_is_found_in_client_state() -> None:
    """JSON under base64, plain text under base64, or another field of the payload."""
    packed = base64.b64encode(b'{"agent": "ivan"}').decode()
    body = changed("hangup", client_state=packed)
    assert call(PROVIDER, body, fields={"identity": "client_state.agent"}).identity == "ivan"
    body = changed("hangup", client_state=base64.b64encode(b"ivan").decode())
    assert call(PROVIDER, body, fields={"identity": "client_state"}).identity == "ivan"
    assert call(PROVIDER, body, fields={"line": "to", "direction": "inbound"}).line == "src/+15550100001"


def test_what_is_no_call() -> None:
    """Other events are kept; what is no event is refused; an event without ids is shown as rejected."""
    assert [part.reason for part in parse(PROVIDER, fixture("playback")).ignored] == ["info_call"]
    assert [part.reason for part in parse(PROVIDER, b'{"data":{"event_type":"message.sent"}}').ignored] == [
        "unknown_event"
    ]
    assert [part.reason for part in parse(PROVIDER, b'{"event_type":"call.hangup"}').rejected] == ["missing_field"]
    for garbage in (b"", b"{}", b"[]", b"hello", b'{"data": []}', b'{"data": {"event_type": {}}}'):
        with pytest.raises(BadInput):
            parse(PROVIDER, garbage)


def test_a_real_body() -> None:
    """A captured hang-up, taken out of its envelope."""
    found = call(PROVIDER, real("telnyx-call.hangup-1.json"))
    assert (found.call_id, found.ended_at) == (
        "src:de971acc-5f8d-11eb-b56a-02420a0f7668",
        at("2021-01-26T04:20:59.889359Z"),
    )
    assert (found.line, found.talk_s, found.hangup_by) == ("src/1557657082730120568", 0, "customer")
