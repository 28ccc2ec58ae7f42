"""Mango: the signature over the raw text, the event in the path, talk_time as a moment."""

import hashlib
import json
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from services.ingest.providers import mango
from services.ingest.providers.base import Unauthorized
from services.ingest.providers.mango import PROVIDER, statuses
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
SECRETS = {"api_key": ("key",), "salt": ("salt",)}


def fixture(name: str) -> str:
    return (FIXTURES / f"{name}.json").read_text("utf-8")


def posted(text: str, key: str = "key", salt: str = "salt", sign: str | None = None) -> bytes:
    sign = hashlib.sha256(f"{key}{text}{salt}".encode()).hexdigest() if sign is None else sign
    return urlencode({"vpbx_api_key": key, "sign": sign, "json": text}).encode()


def verify(body: bytes, secrets: dict[str, tuple[str, ...]] = SECRETS) -> None:
    PROVIDER.verify(request(body, "events/summary"), source(PROVIDER), secrets, (RECEIVED,))


def test_the_signature_vector() -> None:
    """The vector computed from the vendor's definition."""
    expected = "9512443fef79913aa5f4a719cf3d65b302f416d4b074c233f8fdf89d73a7664b"
    assert mango.sign("key", b'{"entry_id":"e1"}', "salt") == expected


def test_signed_bodies_are_let_in() -> None:
    """The text is signed byte for byte: spaces, line ends and Cyrillic included; the old pair still opens."""
    verify(posted('{"entry_id": "e1",\r\n "имя":"Ян"}'))
    verify(posted(fixture("summary-outgoing")))
    verify(posted("{}", "old", "older"), {"api_key": ("key", "old"), "salt": ("salt", "older")})


@pytest.mark.parametrize(
    "body",
    [
        posted("{}", sign="0" * 64),
        posted("{}", sign=""),
        posted("{}", salt="other"),
        posted("{}", key="other"),
        posted('{"a":1}').replace(quote('{"a":1}').encode(), quote('{"a":2}').encode()),
        b"json=%7B%7D",
        b'{"entry_id":"e1"}',
        b"",
        b"&" * 60_000,
    ],
)
def test_wrong_signatures_are_refused(body: bytes) -> None:
    """A wrong, missing or stolen signature, and a body that is no form."""
    with pytest.raises(Unauthorized):
        verify(body)


def test_key_and_signature_do_not_reach_the_journal() -> None:
    """Both fields go, the rest stays byte for byte, and what is left still parses."""
    signed = request(posted(fixture("summary-outgoing")), "events/summary")
    kept = PROVIDER.redact(signed)
    assert b"sign=" not in kept.body
    assert b"vpbx_api_key" not in kept.body
    assert kept.body in signed.body
    assert PROVIDER.parse(kept, source(PROVIDER)) == PROVIDER.parse(signed, source(PROVIDER))


def test_an_outgoing_call() -> None:
    """talk_time is the moment talk began; the caller is the agent."""
    found = call(PROVIDER, posted(fixture("summary-outgoing")), path="events/summary")
    assert (found.call_id, found.identity, found.direction) == ("src:SU5WRU5URUQ9", "222", "outbound")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:12Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:01:40Z"), 88, 12)
    assert (found.disposition, found.hangup_by) == ("answered", "agent")
    assert (found.line, found.did, found.customer) == ("src/74950001122", "74950001122", "#79990001122")


def test_a_missed_call_to_a_group() -> None:
    """A hidden caller, a group without a number: no answer, whoever hung up."""
    found = call(PROVIDER, fixture("summary-missed-group"), path="events/summary")
    assert (found.disposition, found.talk_s, found.answered_at) == ("no_answer", 0, None)
    assert (found.direction, found.identity, found.customer) == ("inbound", "700", None)
    assert (found.line, found.did) == ("src/sip:front@vpbx000.mangosip.ru", None)


def test_an_internal_call_with_numbers_as_texts() -> None:
    """No line, no customer."""
    found = call(PROVIDER, fixture("summary-internal"))
    assert (found.direction, found.talk_s, found.line, found.customer) == ("internal", 37, "src", None)


@pytest.mark.parametrize(
    ("path", "name", "reason"),
    [
        ("events/call", "call-appeared", "ringing"),
        ("mango/events/call/", "call-appeared", "ringing"),
        ("events/recording", "recording", "recording"),
        ("", "recording", "recording"),
        ("", "call-appeared", "ringing"),
        ("events/ping", "call-appeared", "ping"),
        ("ping", "call-appeared", "ping"),
        ("events/dtmf", "call-appeared", "unknown_event"),
    ],
)
def test_events_that_count_nothing(path: str, name: str, reason: str) -> None:
    """The path names the event; without one its keys do."""
    parsed = parse(PROVIDER, fixture(name), path)
    assert ([part.reason for part in parsed.ignored], parsed.drafts, parsed.rejected) == ([reason], (), ())


@pytest.mark.parametrize(
    ("direction", "reason", "expected"),
    [
        (2, 1111, "no_answer"),
        (2, 1110, "canceled"),
        (2, 1121, "busy"),
        (2, 1122, "rejected"),
        (2, 1133, "failed"),
        (2, 2130, "failed"),
        (2, 5001, "congestion"),
        (1, 5001, "congestion"),
        (1, 1122, "no_answer"),
        (2, 1999, "no_answer"),
        (2, "", "no_answer"),
    ],
)
def test_reasons_of_unanswered_calls(direction: int, reason: object, expected: str) -> None:
    """By the table, but a missed incoming call is no answer unless the platform itself failed."""
    event = {**json.loads(fixture("summary-outgoing")), "call_direction": direction, "disconnect_reason": reason}
    event |= {"entry_result": 0, "talk_time": 0}
    found = call(PROVIDER, json.dumps(event))
    assert (found.disposition, found.talk_s) == (expected, 0)


def test_a_number_that_does_not_exist_is_no_fault_of_the_line() -> None:
    """Its row carries a cause, for "failed" alone would."""
    assert all(code in statuses.Q850 for code, word in statuses.STATUSES.items() if word == "failed")


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"entry_id": ""}, "missing_field"), ({"end_time": 0}, "missing_field"), ({"call_direction": 7}, "bad_value")],
)
def test_parts_that_are_missing(change: dict[str, object], reason: str) -> None:
    """A summary without its id, its end or a known direction is kept and shown with the reason."""
    body = json.dumps({**json.loads(fixture("summary-outgoing")), **change})
    assert [part.reason for part in parse(PROVIDER, body, "events/summary").rejected] == [reason]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"json=", b"json=5", b"sign=1", b"json=%5B1%5D", b'{"a":1}'])
def test_garbage(body: bytes) -> None:
    """What is no event at all is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_real_bodies() -> None:
    """The vendor's own answered summary, and its ringing and recording beside it."""
    found = call(PROVIDER, real("mango-events-summary-answered-1.json"), path="events/summary")
    assert (found.call_id, found.identity, found.direction) == ("src:MTYxNzM5NjY0OTE=", "222", "inbound")
    assert (found.ended_at, found.talk_s, found.disposition) == (at("2022-12-03T09:44:21Z"), 119, "answered")
    assert (found.hangup_by, found.line) == ("customer", "src/sip:roistat-0758@vpbx400076322.mangosip.ru")
    for name, reason in (("call-connected", "ringing"), ("recording-completed", "recording")):
        parsed = parse(PROVIDER, real(f"mango-events-{name}-1.json"))
        assert [part.reason for part in parsed.ignored] == [reason]
