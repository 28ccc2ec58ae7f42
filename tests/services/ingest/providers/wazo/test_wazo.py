"""Wazo: one call by id whichever event told it, bodies of templates, voicemail and blocked callers."""

import base64
import json
from pathlib import Path

import pytest

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.wazo import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, request, source

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> str:
    return next(FIXTURES.glob(f"{name}.*")).read_text("utf-8")


def changed(fixture_: str, **fields: object) -> str:
    return json.dumps({**json.loads(fixture(fixture_)), **fields})


def test_the_secrets() -> None:
    """The path, Basic credentials or a bearer token; all that are configured must hold; without any nothing opens."""
    basic = "Basic " + base64.b64encode(b"wazo:pass").decode()
    path = request(fixture("outbound"), "old")
    bearer = request(fixture("outbound"), authorization="Bearer t2")
    both = request(fixture("outbound"), "old", authorization="bearer t2")
    for good, secrets in (
        (path, {"path": ("new", "old")}),
        (bearer, {"bearer": ("t1", "t2")}),
        (request(fixture("outbound"), x_api_key="t2"), {"bearer": ("t1", "t2")}),
        (both, {"path": ("old",), "bearer": ("t2",)}),
        (request(fixture("outbound"), authorization=basic), {"basic": ("wazo:pass",)}),
    ):
        PROVIDER.verify(good, source(PROVIDER), secrets, (RECEIVED,))
    for wrong, secrets in (
        (path, {"path": ("new",)}),
        (path, {"path": ("old",), "bearer": ("t2",)}),
        (bearer, {"path": ("old",), "bearer": ("t2",)}),
        (bearer, {"bearer": ("t1",)}),
        (bearer, {"bearer": ("",)}),
        (bearer, {}),
    ):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(wrong, source(PROVIDER), secrets, (RECEIVED,))


def test_both_events_are_one_call() -> None:
    """The user's event lacks the tags and nothing else: the same id, the same content."""
    found = drafts(PROVIDER, fixture("outbound"), fixture("outbound-user"))
    assert len(found) == 2
    assert found[0] == found[1]
    assert found[0].provider_id == "4101"


def test_an_outgoing_call() -> None:
    """Talk is from answer to end; the agent is the source."""
    found = call(PROVIDER, fixture("outbound"))
    assert (found.call_id, found.identity, found.direction) == ("src:4101", "1201", "outbound")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00.5Z"), at("2026-11-23T06:00:12.25Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:01:40.75Z"), 88.5, 11.75)
    assert (found.disposition, found.line, found.customer) == ("answered", "src", "#79990001122")


@pytest.mark.parametrize(
    ("name", "disposition", "talk_s"),
    [
        ("inbound", "answered", 88.5),
        ("inbound-missed", "no_answer", 0),
        ("inbound-voicemail", "voicemail", 0),
        ("inbound-blocked", "rejected", 0),
    ],
)
def test_incoming_calls(name: str, disposition: str, talk_s: float) -> None:
    """The agent is the destination, the line what the caller dialled; the PBX's voicemail is no agent's talk."""
    found = call(PROVIDER, fixture(name))
    assert (found.direction, found.identity, found.line, found.did) == (
        "inbound",
        "1202",
        "src/74950000099",
        "74950000099",
    )
    assert (found.disposition, found.talk_s, found.customer) == (disposition, talk_s, "#79990001123")
    assert (found.answered_at is None) == (talk_s == 0)


def test_an_internal_call() -> None:
    """The caller's; neither line nor customer."""
    found = call(PROVIDER, fixture("internal"))
    assert (found.direction, found.identity, found.line, found.customer) == ("internal", "1201", "src", None)


def test_identity_of_the_floor_file() -> None:
    """The roster may list users instead of extensions, or a field of a template."""
    options = {"identity": "user_uuid"}
    assert call(PROVIDER, fixture("outbound"), options=options).identity == "aaaaaaaa-0000-4000-8000-000000000201"
    assert call(PROVIDER, fixture("inbound"), options=options).identity == "aaaaaaaa-0000-4000-8000-000000000202"
    assert call(PROVIDER, fixture("outbound"), fields={"identity": "source_name"}).identity == "Ivan"


def test_an_envelope_and_a_template() -> None:
    """The bus's envelope is opened; what a template prints for nothing is nothing; local times are the source's."""
    assert call(PROVIDER, fixture("envelope")).call_id == "src:4107"
    found = call(PROVIDER, fixture("template"))
    assert (found.call_id, found.disposition, found.identity) == ("src:4108", "no_answer", "1201")
    assert (found.started_at, found.ended_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:30Z"))
    assert parse(PROVIDER, changed("outbound", tags=[], name="own name")).drafts


def test_an_answer_that_is_told_otherwise() -> None:
    """The duration gives it; a bare "answered" is an answer without talk; "not answered" wins."""
    assert call(PROVIDER, changed("outbound", answer=None)).talk_s == 88
    bare = call(PROVIDER, changed("outbound", answer=None, duration=None))
    assert (bare.disposition, bare.talk_s) == ("answered", 0)
    assert call(PROVIDER, changed("outbound", answered=False)).disposition == "no_answer"
    assert call(PROVIDER, changed("outbound", call_status="martian")).disposition == "answered"


def test_no_id_but_the_conversation_s() -> None:
    """Then it names the call."""
    assert call(PROVIDER, changed("outbound", id=None)).call_id == "src:1795413600.41"


def test_events_that_count_nothing() -> None:
    """Calls in progress, by name or by shape; other events of the bus."""
    for body, reason in (
        (fixture("call-updated"), "ringing"),
        ('{"call_id":"1.2","is_caller":true,"status":"Up"}', "ringing"),
        ('{"name":"chat_message_sent","data":{"id":5}}', "unknown_event"),
    ):
        assert [part.reason for part in parse(PROVIDER, body).ignored] == [reason]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None, "conversation_id": None}, "missing_field"),
        ({"end": None}, "missing_field"),
        ({"end": "soon"}, "missing_field"),
        ({"call_direction": "sideways"}, "bad_value"),
    ],
)
def test_parts_that_are_missing(change: dict[str, object], reason: str) -> None:
    """Kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed("outbound", **change)).rejected] == [reason]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"hello", b'{"a":1}', b'{"data":{}}', b"[" * 99_999])
def test_garbage(body: bytes) -> None:
    """What is no call log at all is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)
