"""Aircall: the token in the body, hungup and ended as one call, talk without the ring."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.ingest.providers.aircall import PROVIDER
from services.ingest.providers.base import Unauthorized
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, event: str | None = None, **data: object) -> str:
    message = json.loads(fixture(name))
    message["event"] = event or message["event"]
    message["data"] |= data
    return json.dumps(message)


def verify(body: bytes | str, *tokens: str) -> None:
    PROVIDER.verify(request(body), source(PROVIDER), {"token": tokens}, (RECEIVED,))


def test_the_token_of_the_body() -> None:
    """Any value of the secret opens; another token, none, or an empty one does not."""
    verify(fixture("ended-answered"), "fixture-token")
    verify(fixture("ended-answered"), "newer", "fixture-token")
    for body, tokens in (
        (fixture("ended-answered"), ("other",)),
        (fixture("ended-answered"), ()),
        (b'{"event":"call.ended","token":""}', ("",)),
        (b'{"event":"call.ended","token":null}', ("None",)),
        (b'{"event":"call.ended","token":["fixture-token"]}', ("fixture-token",)),
        (b'{"event":"call.ended"}', ("fixture-token",)),
        (b"token=fixture-token", ("fixture-token",)),
        (b"", ("fixture-token",)),
    ):
        with pytest.raises(Unauthorized):
            verify(body, *tokens)


def test_the_token_does_not_reach_the_journal() -> None:
    """It goes, and what is left still parses; a body that cannot be taken apart is not kept."""
    kept = PROVIDER.redact(request(fixture("ended-answered")))
    assert b"fixture-token" not in kept.body
    assert PROVIDER.parse(kept, source(PROVIDER)) == parse(PROVIDER, fixture("ended-answered"))
    assert PROVIDER.redact(request(b'{"token":"fixture-token"')).body == b""


def test_hungup_and_ended_are_one_call() -> None:
    """The first counts at once, the second corrects it; in either order; duration holds the ring and is not read."""
    bodies = [fixture("hungup-answered"), fixture("ended-answered")]
    at_once = call(PROVIDER, bodies[0])
    one, other = (call(PROVIDER, *order) for order in permutations(bodies))
    assert one == other
    assert at_once.call_id == one.call_id == "src:900001"
    assert (at_once.recording_url, one.recording_url) == (None, "https://assets.aircall.io/calls/900001/recording/info")
    assert (one.identity, one.direction, one.disposition) == ("71", "outbound", "answered")
    assert (one.started_at, one.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:05Z"))
    assert (one.ended_at, one.talk_s, one.ring_s) == (at("2026-11-23T06:01:05Z"), 60, 5)
    assert (one.line, one.did, one.customer) == ("src/+74950000099", "74950000099", "#79990001122")


def test_a_voicemail_corrects_a_missed_call() -> None:
    """The final event knows of it, also when it comes first."""
    bodies = [fixture("hungup-missed"), fixture("ended-voicemail")]
    missed = call(PROVIDER, bodies[0])
    assert (missed.disposition, missed.talk_s, missed.answered_at, missed.identity) == ("no_answer", 0, None, None)
    one, other = (call(PROVIDER, *order) for order in permutations(bodies))
    assert one == other
    assert (one.disposition, one.talk_s, one.answered_at, one.call_id) == ("voicemail", 0, None, missed.call_id)


def test_the_provisional_event_names_what_the_final_one_lacks() -> None:
    """Parties only: whether it was answered is the final event's word."""
    final = changed("ended-answered", user=None, answered_at=None)
    found = call(PROVIDER, fixture("hungup-answered"), final)
    assert (found.identity, found.disposition, found.talk_s) == ("71", "no_answer", 0)


def test_a_transferred_call_is_the_user_s_whom_aircall_names() -> None:
    """transferred_to may never have answered."""
    assert call(PROVIDER, fixture("ended-transferred")).identity == "71"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("agents_did_not_answer", "no_answer"),
        ("no_available_agent", "no_answer"),
        ("out_of_opening_hours", "no_answer"),
        ("short_abandoned", "canceled"),
        ("abandoned_in_ivr", "canceled"),
        ("abandoned_in_classic", "canceled"),
        ("martian", "no_answer"),
        (None, "no_answer"),
        (5, "no_answer"),
    ],
)
def test_reasons_of_missed_calls(reason: object, expected: str) -> None:
    """By the table; an unknown reason is no answer."""
    assert call(PROVIDER, changed("hungup-missed", missed_call_reason=reason)).disposition == expected


def test_a_withheld_number() -> None:
    """It is a word, and nobody's number."""
    assert call(PROVIDER, fixture("ended-anonymous")).customer is None


def test_fields_of_the_floor_file() -> None:
    """The roster may list e-mails, the line may be the number's name."""
    found = call(PROVIDER, fixture("ended-answered"), fields={"identity": "user.email", "line": "number.name"})
    assert (found.identity, found.line) == ("agent71@example.ru", "src/Sales")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (fixture("answered"), "ringing"),
        (changed("answered", "call.created"), "ringing"),
        (changed("answered", "call.unsuccessful_transfer"), "ringing"),
        (fixture("tagged"), "not_counted"),
        (fixture("commented"), "not_counted"),
        (changed("tagged", "call.archived"), "not_counted"),
        (changed("tagged", "call.voicemail_left"), "recording"),
        (fixture("user-closed"), "not_counted"),
        (changed("tagged", "call.teleported"), "unknown_event"),
    ],
)
def test_events_that_count_nothing(body: bytes | str, reason: str) -> None:
    """A call in progress, and a whole call repeated because somebody tagged it."""
    parsed = parse(PROVIDER, body)
    assert ([part.reason for part in parsed.ignored], parsed.legs, parsed.drafts) == ([reason], (), ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"id": None}, "missing_field"), ({"id": True}, "missing_field"), ({"direction": "sideways"}, "bad_value")],
)
def test_parts_that_are_missing(change: dict[str, Any], reason: str) -> None:
    """Kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed("ended-answered", **change)).rejected] == [reason]


def test_odd_instants() -> None:
    """Texts for numbers; an answer after the end; no end but start and length, or the event's own time."""
    found = call(PROVIDER, changed("ended-answered", started_at="1795413600", answered_at="1795413605"))
    assert found.talk_s == 60
    assert call(PROVIDER, changed("ended-answered", answered_at=1795413700)).talk_s == 0
    endless = call(PROVIDER, changed("ended-answered", ended_at=None))
    assert (endless.ended_at, endless.talk_s) == (at("2026-11-23T06:01:05Z"), 60)
    bare = changed("ended-answered", ended_at=None, duration=None)
    assert call(PROVIDER, bare).ended_at == at("2026-11-23T06:01:36Z")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"a=1", b'{"data":{}}', b'{"event":5.5e400}', b"[" * 99_999])
def test_garbage(body: bytes) -> None:
    """What is no event at all is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_real_bodies() -> None:
    """Captured: 20 s of duration of which 15 s are talk, and a missed call."""
    bodies = [real(f"aircall-call.{name}-answered-1.json") for name in ("hungup", "ended")]
    found = call(PROVIDER, *bodies)
    assert (found.call_id, found.talk_s, found.identity) == ("src:780836699", 15, "736640")
    assert call(PROVIDER, real("aircall-call.hungup-missed-2.json")).disposition == "no_answer"
    for name in ("commented-1", "tagged-transferred-1", "unsuccessful_transfer-1"):
        assert parse(PROVIDER, real(f"aircall-call.{name}.json")).legs == ()
