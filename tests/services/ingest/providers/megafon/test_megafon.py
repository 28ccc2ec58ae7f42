"""MegaFon: the token in the body, the final history, transfers under a second id, the question who calls."""

import json
from itertools import permutations
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.megafon import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
SECRETS = {"crm_token": ("old-token", "invented-token")}


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def fields(name: str) -> dict[str, str]:
    return dict(parse_qsl(fixture(name).decode(), keep_blank_values=True))


def changed(name: str, **parts: str) -> bytes:
    return urlencode({**fields(name), **parts}).encode()


def verify(sent: Request, secrets: dict[str, tuple[str, ...]] = SECRETS) -> None:
    PROVIDER.verify(sent, source(PROVIDER), secrets, (RECEIVED,))


def test_the_token_lets_in() -> None:
    """In the body, whatever the order of the fields; the old one while it is rotated; as Kcell's header; in JSON."""
    verify(request(fixture("history-in")))
    verify(request("&".join(reversed(fixture("history-in").decode().split("&")))))
    verify(request(changed("history-in", crm_token="old-token")))
    verify(request(changed("history-in", crm_token=""), x_api_key="invented-token"))
    verify(request(json.dumps(fields("history-in"))))


@pytest.mark.parametrize(
    "sent",
    [
        request(changed("history-in", crm_token="")),
        request(changed("history-in", crm_token="other")),
        request(changed("history-in", crm_token="INVENTED-TOKEN")),
        request(changed("history-in", crm_token="invented-token-and-more")),
        request(changed("history-in", crm_token="\x00")),
        request(b"cmd=history"),
        request(fixture("history-in").replace(b"crm_token", b"token")),
        request(b"", x_api_key="other"),
        request(b"["),
        request(b"&a" * 60_000),
    ],
)
def test_other_tokens_do_not(sent: Request) -> None:
    """Missing, wrong, in another case, longer; a body that is no form."""
    with pytest.raises(Unauthorized):
        verify(sent)
    with pytest.raises(Unauthorized):
        verify(sent, {"crm_token": ("",)})


def test_the_token_does_not_reach_the_journal() -> None:
    """Out of form, JSON and header; the rest stays and reads the same."""
    for body in (fixture("history-in"), json.dumps(fields("history-in")).encode()):
        sent = request(body, x_api_key="invented-token")
        kept = PROVIDER.redact(sent)
        assert b"invented-token" not in kept.body
        assert not kept.headers
        assert PROVIDER.parse(kept, source(PROVIDER)) == PROVIDER.parse(sent, source(PROVIDER))
    assert PROVIDER.redact(request(b'{"crm_token":"invented-token"')).body == b""


def test_the_question_who_calls() -> None:
    """Answered in JSON, but only to whom knows the token, and the path's secret where there is one."""

    def asked(sent: Request, secrets: dict[str, tuple[str, ...]] = SECRETS) -> object:
        reply = PROVIDER.challenge(sent, source(PROVIDER), secrets)
        return reply and (reply.status, json.loads(reply.body), reply.content_type)

    assert asked(request(fixture("contact"))) == (200, {}, "application/json")
    assert asked(request(changed("contact", cmd="Contact"))) == (200, {}, "application/json")
    assert asked(request(fixture("contact"), "s3cret"), {**SECRETS, "path": ("s3cret",)}) is not None
    for other in (fixture("history-in"), changed("history-in", user="contact"), b"{", b"contact"):
        assert asked(request(other)) is None
    assert asked(request(fixture("contact"), method="GET")) is None
    with pytest.raises(Unauthorized):
        asked(request(changed("contact", crm_token="other")))
    with pytest.raises(Unauthorized):
        asked(request(fixture("contact")), {**SECRETS, "path": ("s3cret",)})


def test_an_answered_call() -> None:
    """UTC; the duration is the whole call, and what was waited is not talk."""
    found = call(PROVIDER, fixture("history-in"))
    assert (found.call_id, found.identity, found.direction) == ("src:inv-0001", "maria", "inbound")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:15Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:02:00Z"), 105, 15)
    assert (found.disposition, found.recording_url) == ("answered", "https://records.example/inv-0001.mp3")
    assert (found.line, found.did, found.customer) == ("src/74950001122", "74950001122", "#+79990001122")


def test_the_other_reading_of_the_duration() -> None:
    """By the floor file: talk alone; a word nobody knows is told."""
    found = call(PROVIDER, fixture("history-in"), options={"duration": "talk"})
    assert (found.talk_s, found.answered_at) == (120, at("2026-11-23T06:00:15Z"))
    assert found.ended_at == at("2026-11-23T06:02:15Z")
    wrong = parse(PROVIDER, fixture("history-in"), options={"duration": ["talk"]})
    assert [part.reason for part in wrong.rejected] == ["bad_value"]


@pytest.mark.parametrize(
    ("name", "direction", "disposition", "talk_s", "identity", "line", "customer"),
    [
        ("history-missed", "inbound", "no_answer", 0, "maria", "src/74950001122", "#79990003344"),
        ("history-out-busy", "outbound", "busy", 0, "ivan", "src/74950001122", "#79990005566"),
        ("history-internal", "internal", "answered", 35, "ivan", "src", None),
    ],
)
def test_other_calls(
    name: str, direction: str, disposition: str, talk_s: int, identity: str, line: str, customer: str | None
) -> None:
    """Missed, busy, and a colleague called."""
    found = call(PROVIDER, fixture(name))
    assert (found.direction, found.disposition, found.talk_s) == (direction, disposition, talk_s)
    assert (found.identity, found.line, found.customer) == (identity, line, customer)
    assert (found.answered_at is None) == (disposition != "answered")


@pytest.mark.parametrize(
    ("status", "disposition", "q850"),
    [
        ("Success", "answered", None),
        ("SUCCESS", "answered", None),
        ("Missed", "no_answer", None),
        ("missed", "no_answer", None),
        ("busy", "busy", None),
        ("Cancel", "canceled", None),
        ("cancelled", "canceled", None),
        ("NotAvailable", "no_answer", None),
        ("notAllowed", "failed", 52),
        ("NotFound", "failed", 1),
        ("Teleported", "no_answer", None),
        ("", "no_answer", None),
    ],
)
def test_statuses(status: str, disposition: str, q850: int | None) -> None:
    """In any case; an unknown one is never an answered call, whatever its duration."""
    found = call(PROVIDER, changed("history-in", status=status))
    assert (found.disposition, found.q850) == (disposition, q850)
    assert (found.talk_s > 0) == (disposition == "answered")


def test_a_transfer_is_one_call() -> None:
    """Whichever history comes first: one call of the first id, of who talked last, with the talk of both."""
    link, first, second = fixture("transferred"), fixture("history-in"), fixture("history-transferred")
    found = {drafts(PROVIDER, *order)[0] for order in permutations([link, first, second])}
    (draft,) = found
    assert draft.provider_id == "inv-0001"
    one = call(PROVIDER, link, first, second)
    assert (one.call_id, one.identity, one.direction) == ("src:inv-0001", "oleg", "inbound")
    assert (one.started_at, one.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:15Z"))
    assert (one.ended_at, one.talk_s) == (at("2026-11-23T06:02:50Z"), 155)
    assert one.recording_url == "https://records.example/inv-0005.mp3"
    apart = changed("history-transferred", start="20261123T060300Z")
    assert call(PROVIDER, link, first, apart).talk_s == 105 + 56
    missed = changed("history-transferred", status="missed")
    assert (call(PROVIDER, link, first, missed).identity, call(PROVIDER, link, first, missed).talk_s) == ("maria", 105)


def test_a_transfer_whose_first_history_never_comes() -> None:
    """It is still the first call; the link alone is nothing to count."""
    assert call(PROVIDER, fixture("transferred"), fixture("history-transferred")).call_id == "src:inv-0001"
    assert drafts(PROVIDER, fixture("transferred")) == []
    assert parse(PROVIDER, changed("transferred", second_callid="")).legs == ()
    assert parse(PROVIDER, changed("transferred", second_callid="inv-0001")).legs == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("incoming", "ringing"),
        ("accepted", "ringing"),
        ("incoming-internal", "ringing"),
        ("transferred", "ringing"),
        ("completed", "not_counted"),
        ("contact", "not_counted"),
        ("rating", "not_counted"),
    ],
)
def test_events_that_count_nothing(name: str, reason: str) -> None:
    """An event has no time, and the history follows."""
    parsed = parse(PROVIDER, fixture(name))
    assert ([part.reason for part in parsed.ignored], parsed.drafts, parsed.rejected) == ([reason], (), ())


def test_commands_nobody_knows() -> None:
    """Kept, nothing counted."""
    assert [part.reason for part in parse(PROVIDER, b"cmd=dance").ignored] == ["unknown_event"]
    assert [part.reason for part in parse(PROVIDER, b"cmd=event").ignored] == ["not_counted"]


@pytest.mark.parametrize(
    ("start", "utc"),
    [
        ("20261123T060000Z", "2026-11-23T06:00:00Z"),
        ("20261123T060000", "2026-11-23T06:00:00Z"),
        ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z"),
        ("2026-11-23 09:00:00", "2026-11-23T06:00:00Z"),
    ],
)
def test_the_start(start: str, utc: str) -> None:
    """Compact it is UTC, also where it lacks its Z; with dashes and no offset it is the source's time."""
    assert call(PROVIDER, changed("history-in", start=start)).started_at == at(utc)


def test_odd_lengths() -> None:
    """Blank ones are none; waiting longer than the whole call is no talk."""
    for duration, wait, talk_s in (("", "", 0), ("60", "", 60), ("10", "15", 0), ("-3", "0", 0), ("60.5", "0.5", 60)):
        assert call(PROVIDER, changed("history-in", duration=duration, wait=wait)).talk_s == talk_s


def test_who_the_agent_is() -> None:
    """The login, else the extension, else the direct number; or what the floor file says."""
    assert call(PROVIDER, changed("history-in", user="")).identity == "201"
    assert call(PROVIDER, changed("history-in", user="", ext="", telnum="74950009988")).identity == "74950009988"
    assert call(PROVIDER, fixture("history-in"), fields={"identity": "ext"}).identity == "201"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"callid": ""}, "missing_field"),
        ({"start": ""}, "missing_field"),
        ({"start": "yesterday"}, "bad_value"),
        ({"type": ""}, "missing_field"),
        ({"type": "sideways"}, "bad_value"),
        ({"duration": "long"}, "bad_value"),
        ({"wait": "99999999"}, "bad_value"),
    ],
)
def test_parts_that_are_missing(change: dict[str, str], reason: str) -> None:
    """Kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed("history-in", **change)).rejected] == [reason]


@pytest.mark.parametrize("body", [b"", b"hello", b"{", b"[]", b"cmd=", b"callid=1", b"\xff"])
def test_garbage(body: bytes) -> None:
    """What is no command is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_real_bodies() -> None:
    """Bodies of a public integration's tests."""
    found = call(PROVIDER, real("megafon-history-in-Success-4.form"))
    assert (found.call_id, found.identity, found.talk_s) == ("src:call-003", "admin", 105)
    assert found.started_at == at("2026-04-05T12:00:00Z")
    for name in ("ACCEPTED-2", "INCOMING-1", "INCOMING-internal-6"):
        assert [part.reason for part in parse(PROVIDER, real(f"megafon-event-{name}.form")).ignored] == ["ringing"]
