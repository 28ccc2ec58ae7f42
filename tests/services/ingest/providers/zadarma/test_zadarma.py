"""Zadarma: a signature per event, the echo, a start without zone and no end."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.zadarma import PROVIDER, signature, statuses
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
VECTOR_SECRET = "test-secret-not-real-zadarma-secret"
VECTOR = b"9965550000019965550000092026-09-27 14:00:00"
HEX, RAW = "ODYxM2VkNWY5NWQzNWZkN2EwZjU1MmI4MmJlNWNlMmMyN2Y4MGQzNg==", "hhPtX5XTX9eg9VK4K+XOLCf4DTY="
CALL = "in_1a2b3c4d5e6f70819203a4b5c6d7e8f901234567"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def fields(name: str) -> dict[str, str]:
    return dict(parse_qsl(fixture(name).decode(), keep_blank_values=True))


def changed(name: str, **parts: str) -> bytes:
    return urlencode({**fields(name), **parts}).encode()


def verify(body: bytes, given: str, *secrets: str) -> None:
    PROVIDER.verify(
        request(body, signature=given), source(PROVIDER), {"api_secret": secrets or (VECTOR_SECRET,)}, (RECEIVED,)
    )


def test_the_published_vector() -> None:
    """base64 of the hex text, and of the raw digest."""
    assert (signature.sign(VECTOR_SECRET, VECTOR), signature.sign_raw(VECTOR_SECRET, VECTOR)) == (HEX, RAW)
    body = urlencode(
        {
            "event": "NOTIFY_END",
            "caller_id": "996555000001",
            "called_did": "996555000009",
            "call_start": "2026-09-27 14:00:00",
            "duration": "125",
        }
    ).encode()
    for given in (HEX, RAW, f" {HEX} "):
        verify(body, given)
    verify(body, HEX, "newer", VECTOR_SECRET)


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("start", ("caller_id", "called_did", "call_start")),
        ("internal", ("caller_id", "called_did", "call_start")),
        ("end-answered", ("caller_id", "called_did", "call_start")),
        ("answer", ("caller_id", "destination", "call_start")),
        ("out-start", ("internal", "destination", "call_start")),
        ("out-answered", ("internal", "destination", "call_start")),
        ("record", ("pbx_call_id", "call_id_with_rec")),
    ],
)
def test_each_event_signs_its_own_fields(name: str, signed: tuple[str, ...]) -> None:
    """Its own fields in order; another field, order, secret or event is refused."""
    told = fields(name)
    right = signature.sign("s", "".join(told[field] for field in signed).encode())
    verify(fixture(name), right, "s")
    turned = signature.sign("s", "".join(told[field] for field in reversed(signed)).encode())
    for body, given, secret in (
        (fixture(name), turned, "s"),
        (fixture(name), right, "other"),
        (fixture(name), right[:-2], "s"),
        (fixture(name), "", "s"),
        (changed(name, **{signed[1]: "1"}), right, "s"),
    ):
        with pytest.raises(Unauthorized):
            verify(body, given, secret)


def test_a_signature_of_an_incoming_call_does_not_open_an_outgoing_one() -> None:
    """The event chooses the fields."""
    right = signature.sign("s", b"79990001122749500011222026-11-23 09:00:00")
    verify(fixture("end-answered"), right, "s")
    with pytest.raises(Unauthorized):
        verify(changed("end-answered", event="NOTIFY_OUT_END", destination="7"), right, "s")


def test_a_bare_plus_in_a_number() -> None:
    """curl sends it unescaped: signed with the plus, or as the form is read."""
    for text in (b"+79990001122+749500011222026-11-23 09:00:00", b" 79990001122 749500011222026-11-23 09:00:00"):
        verify(fixture("end-cancel-raw-plus"), signature.sign("s", text), "s")


def test_an_event_nobody_knows_is_let_in_when_it_is_signed() -> None:
    """It is kept, and counts nothing."""
    body = changed("end-answered", event="NOTIFY_TOMORROW")
    verify(body, signature.sign("s", b"79990001122749500011222026-11-23 09:00:00"), "s")
    assert [part.reason for part in parse(PROVIDER, body).ignored] == ["unknown_event"]
    with pytest.raises(Unauthorized):
        verify(body, signature.sign("s", b""), "s")


def test_an_empty_secret_opens_nothing() -> None:
    """Neither does a form too large to be Zadarma's."""
    body = fixture("start")
    given = signature.sign("", b"79990001122749500011222026-11-23 09:00:00")
    with pytest.raises(Unauthorized):
        verify(body, given, "")
    with pytest.raises(Unauthorized):
        verify(b"a&" * 60_000, given)


def test_the_echo() -> None:
    """The text is the whole body, as it was sent, and never HTML; without the question there is no answer."""
    for query, text in (
        ("zd_echo=abc123", b"abc123"),
        ("a=1&zd_echo=%3Cb%3E+%26", b"<b> &"),
        ("zd_echo=%D1%8F", "я".encode()),
        ("zd_echo=", b""),
    ):
        reply = PROVIDER.challenge(request(method="GET", query=query), source(PROVIDER), {})
        assert reply is not None
        assert (reply.status, reply.body, reply.content_type) == (200, text, "text/plain; charset=utf-8")
        assert ("X-Content-Type-Options", "nosniff") in reply.headers
    assert PROVIDER.challenge(request(method="GET", query="x=1"), source(PROVIDER), {}) is None
    assert PROVIDER.challenge(request(fixture("start"), query="zd_echo=1"), source(PROVIDER), {}) is None


def test_the_signature_does_not_reach_the_journal() -> None:
    """It would fit the same call with another duration; what is left reads the same."""
    sent = request(fixture("end-answered"), signature=HEX, content_type="application/x-www-form-urlencoded")
    kept = PROVIDER.redact(sent)
    assert dict(kept.headers) == {"content-type": "application/x-www-form-urlencoded"}
    assert PROVIDER.parse(kept, source(PROVIDER)) == PROVIDER.parse(sent, source(PROVIDER))


def test_an_answered_incoming_call() -> None:
    """Moscow's nine o'clock; the duration is talk; the end is start + duration."""
    found = call(PROVIDER, fixture("end-answered"))
    assert (found.call_id, found.identity, found.direction) == (f"src:{CALL}", "101", "inbound")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:00Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:02:05Z"), 125, None)
    assert (found.disposition, found.q850) == ("answered", 16)
    assert (found.line, found.did, found.customer) == ("src/74950001122", "74950001122", "#79990001122")


def test_a_missed_incoming_call() -> None:
    """Nobody took it, and nobody is named."""
    found = call(PROVIDER, fixture("end-missed"))
    assert (found.disposition, found.talk_s, found.answered_at, found.identity) == ("no_answer", 0, None, None)
    assert found.ended_at == found.started_at


@pytest.mark.parametrize(
    ("name", "direction", "disposition", "talk_s", "line", "customer"),
    [
        ("out-answered", "outbound", "answered", 45, "src/74950001122", "#89990003344"),
        ("out-cancel", "outbound", "canceled", 0, "src", "#89990003344"),
        ("out-internal", "internal", "answered", 30, "src/74950001122", None),
        ("end-cancel-raw-plus", "inbound", "canceled", 0, "src/74950001122", "#79990001122"),
    ],
)
def test_other_calls(name: str, direction: str, disposition: str, talk_s: int, line: str, customer: str | None) -> None:
    """Outgoing: the agent is the extension, the line the number shown; "0" is no number; a short number is a colleague."""
    found = call(PROVIDER, fixture(name))
    assert (found.direction, found.disposition, found.talk_s) == (direction, disposition, talk_s)
    assert (found.line, (found.customer or "").replace(" ", "") or None) == (line, customer)
    assert found.identity == ("102" if name.startswith("out") else None)


def test_who_rang_and_who_answered() -> None:
    """Whatever comes first, it is one call; until its end is known it is none."""
    bodies = [fixture("internal"), fixture("answer"), changed("end-answered", internal="")]
    found = {drafts(PROVIDER, *order)[0] for order in permutations(bodies)}
    assert [(draft.data.identity, draft.provider_id) for draft in found] == [("101", CALL)]
    assert drafts(PROVIDER, *bodies[:2]) == []
    missed = [fixture("internal"), fixture("end-missed")]
    assert call(PROVIDER, *missed).identity == "101"
    assert call(PROVIDER, changed("internal", internal="105"), *missed).identity is None
    moved = changed("end-answered", last_internal="107")
    assert call(PROVIDER, fixture("internal"), moved).identity == "107"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("start", "ringing"),
        ("out-start", "ringing"),
        ("internal", "ringing"),
        ("answer", "ringing"),
        ("record", "recording"),
    ],
)
def test_events_that_count_nothing(name: str, reason: str) -> None:
    """Authentic, kept, nothing on its own; the recording's event changes no call."""
    assert [part.reason for part in parse(PROVIDER, fixture(name)).ignored] == [reason]
    assert drafts(PROVIDER, fixture(name)) == []
    assert call(PROVIDER, fixture(name), fixture("end-answered")) == call(PROVIDER, fixture("end-answered"))


@pytest.mark.parametrize(
    ("word", "code", "disposition", "q850"),
    [
        ("answered", "16", "answered", 16),
        ("busy", "17", "busy", 17),
        ("cancel", "16", "canceled", 16),
        ("no answer", "16", "no_answer", 16),
        ("No_Answer", "19", "no_answer", 19),
        ("failed", "16", "failed", None),
        ("failed", "38", "failed", 38),
        ("no money", "", "failed", None),
        ("unallocated number", "16", "failed", 1),
        ("no limit", "16", "failed", None),
        ("no day limit", "0", "failed", None),
        ("line limit", "16", "congestion", None),
        ("no money, no limit", "x", "failed", None),
        ("teleported", "999", "no_answer", None),
        ("", "16", "no_answer", 16),
    ],
)
def test_dispositions(word: str, code: str, disposition: str, q850: int | None) -> None:
    """Every word of the vendor's list; an unknown one is never an answered call, whatever its duration."""
    found = call(PROVIDER, changed("out-cancel", disposition=word, status_code=code, duration="7"))
    assert (found.disposition, found.q850) == (disposition, q850)
    assert (found.talk_s, found.answered_at is not None) == ((7, True) if disposition == "answered" else (0, False))
    assert statuses.disposition(None) == "no_answer"


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Moscow", "2026-07-01 12:00:00", "2026-07-01T09:00:00Z"),
        ("Asia/Bishkek", "2026-09-27 14:00:00", "2026-09-27T08:00:00Z"),
        ("Europe/Berlin", "2026-07-01 12:00:00", "2026-07-01T10:00:00Z"),
        ("Europe/Berlin", "2026-12-01 12:00:00", "2026-12-01T11:00:00Z"),
        ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
        ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
    ],
)
def test_the_start_is_the_accounts_local_time(zone: str, local: str, utc: str) -> None:
    """Also in the hour that comes twice (the first one) and in the hour that is skipped."""
    here = replace(source(PROVIDER), timezone=zone)
    (leg,) = PROVIDER.parse(request(changed("end-missed", call_start=local)), here).legs
    draft = PROVIDER.join(here, leg.call, [leg])
    assert draft is not None
    assert draft.time == at(utc)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pbx_call_id": ""}, "missing_field"),
        ({"call_start": ""}, "missing_field"),
        ({"call_start": "yesterday"}, "missing_field"),
        ({"duration": "long"}, "bad_value"),
        ({"duration": "99999999"}, "bad_value"),
    ],
)
def test_parts_that_are_missing(change: dict[str, str], reason: str) -> None:
    """Kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed("end-answered", **change)).rejected] == [reason]


def test_blank_and_odd_durations() -> None:
    """Blank and negative ones are none; a fraction is kept."""
    for given, talk_s in (("", 0), ("-5", 0), ("12.5", 12.5)):
        assert call(PROVIDER, changed("end-answered", duration=given)).talk_s == talk_s


@pytest.mark.parametrize("body", [b"", b"hello", b"{", b"event=", b'{"event":"NOTIFY_END"}', b"\xff=\xfe"])
def test_garbage(body: bytes) -> None:
    """What is no event is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


@pytest.mark.parametrize(
    ("name", "disposition", "talk_s", "identity", "line"),
    [
        ("zadarma-NOTIFY_END-answered-1.form", "answered", 125, "101", "src/996555000009"),
        ("zadarma-NOTIFY_END-noanswer-2.form", "no_answer", 0, None, "src/996555000009"),
        ("zadarma-NOTIFY_OUT_END-answered-1.form", "answered", 45, "102", "src/996555000009"),
    ],
)
def test_real_bodies(name: str, disposition: str, talk_s: int, identity: str | None, line: str) -> None:
    """Bodies of a public integration's tests."""
    found = call(PROVIDER, real(name))
    assert (found.disposition, found.talk_s, found.identity, found.line) == (disposition, talk_s, identity, line)
