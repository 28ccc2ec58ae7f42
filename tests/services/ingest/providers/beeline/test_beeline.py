"""Beeline: XSI events in XML or its image, halves of a call joined, answers that only another event tells."""

import json
from itertools import permutations
from pathlib import Path

import pytest

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.beeline import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
ISO = "2026-11-23T09:00:00+03:00"


def fixture(name: str) -> str:
    return next(FIXTURES.glob(f"{name}.*")).read_text("utf-8")


def simple(kind: str, *inner: str) -> str:
    """An event of the simplified senders: no prefix but one, no level xsi:call."""
    return f'<xsi:Event xmlns:xsi="x"><xsi:eventData xsi:type="xsi:{kind}">{"".join(inner)}</xsi:eventData></xsi:Event>'


HALF = f"<xsi:callId>c1</xsi:callId><xsi:personality>Originator</xsi:personality><xsi:startTime>{ISO}</xsi:startTime>"


def test_the_path_secret() -> None:
    """The secret is in the subscription's URL; any value of it opens, nothing else does."""
    secrets = {"path": ("new", "old")}
    for path in ("new", "old", "/old/"):
        PROVIDER.verify(request(fixture("in-missed"), path), source(PROVIDER), secrets, (RECEIVED,))
    for path in ("", "older", "old/events"):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(fixture("in-missed"), path), source(PROVIDER), secrets, (RECEIVED,))
    with pytest.raises(Unauthorized):
        PROVIDER.verify(request(fixture("in-missed"), "new"), source(PROVIDER), {}, (RECEIVED,))


def test_an_answer_told_by_another_event() -> None:
    """The end alone is an unanswered attempt; with the answer's event, in any order, talk is from one to the other."""
    bodies = [fixture("out-originated"), fixture("out-answered"), fixture("out-released")]
    alone = call(PROVIDER, bodies[2])
    assert (alone.disposition, alone.talk_s, alone.answered_at) == ("no_answer", 0, None)
    found = [call(PROVIDER, *order) for order in permutations(bodies)]
    one = found[0]
    assert all(other == one for other in found)
    assert (one.call_id, one.identity) == ("src:BW090000000231126-111@192.0.2.7", "9031110022@mpbx.example")
    assert (one.direction, one.disposition, one.hangup_by) == ("outbound", "answered", "customer")
    assert (one.started_at, one.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:12.250Z"))
    assert (one.ended_at, one.talk_s, one.ring_s) == (at("2026-11-23T06:01:40.250Z"), 88, 12.25)
    assert (one.line, one.customer) == ("src", "#79990001122")
    assert one.call_id == alone.call_id


def test_a_call_that_goes_on_is_no_fact() -> None:
    """Originated, received, answered: kept as legs, shown as ringing, counted at the end of a half."""
    for names in (["out-originated"], ["out-originated", "out-answered"], ["in-received"], ["busy-releasing"]):
        bodies = [fixture(name) for name in names]
        assert drafts(PROVIDER, *bodies) == []
        assert {part.reason for body in bodies for part in parse(PROVIDER, body).ignored} == {"ringing"}


def test_the_cause_of_the_releasing_event() -> None:
    """The end does not repeat it."""
    found = call(PROVIDER, fixture("busy-released"), fixture("busy-releasing"))
    assert (found.disposition, found.q850, found.talk_s) == ("busy", None, 0)


@pytest.mark.parametrize(
    ("cause", "party", "expected", "q850"),
    [
        ("Server Failure", "remoteRelease", "congestion", None),
        ("User Not Found", "remoteRelease", "failed", 1),
        ("Translation Failure", "localRelease", "failed", 28),
        ("Temporarily Unavailable", "remoteRelease", "no_answer", None),
        ("Martian", "remoteRelease", "no_answer", None),
        ("", "localRelease", "canceled", None),
        ("", "callForward", "no_answer", None),
    ],
)
def test_causes(cause: str, party: str, expected: str, q850: int | None) -> None:
    """By the table; without a known cause by who released, cautiously."""
    body = fixture("busy-releasing").replace("CallReleasingEvent", "CallReleasedEvent").replace(">Busy<", f">{cause}<")
    found = call(PROVIDER, body.replace("remoteRelease", party))
    assert (found.disposition, found.q850) == (expected, q850)


def test_a_group_that_rings_two_agents_is_one_call() -> None:
    """The half that nobody took makes it missed; the half that talked corrects it."""
    missed = call(PROVIDER, fixture("in-received"), fixture("in-missed"))
    assert (missed.direction, missed.disposition, missed.identity) == (
        "inbound",
        "no_answer",
        "9031110022@mpbx.example",
    )
    bodies = [fixture("in-received"), fixture("in-missed"), fixture("in-second-agent")]
    one, *others = (call(PROVIDER, *order) for order in permutations(bodies))
    assert all(other == one for other in others)
    assert one.call_id == missed.call_id
    assert (one.identity, one.talk_s, one.hangup_by) == ("9031110033@mpbx.example", 60, "agent")
    assert (one.started_at, one.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:25Z"))


def test_both_halves_of_an_internal_call() -> None:
    """One call of the caller, whichever half ended first; the other party is no customer."""
    bodies = [fixture("internal-caller"), fixture("internal-called")]
    one, other = (call(PROVIDER, *order) for order in permutations(bodies))
    assert one == other
    assert (one.direction, one.identity, one.talk_s, one.customer) == ("internal", "9031110022@mpbx.example", 30, None)


def test_users_who_call_each_other_by_outside_numbers() -> None:
    """Two of our users are no customers of each other; a user who forwards an incoming call made no call of their own."""
    bodies = [fixture(name).replace(">Group<", ">Network<") for name in ("internal-caller", "internal-called")]
    found = call(PROVIDER, *bodies)
    assert (found.direction, found.identity, found.customer) == ("internal", "9031110022@mpbx.example", None)
    forwarded = fixture("in-missed").replace("callhalf-7003:0", "callhalf-7003:9").replace("Terminator", "Originator")
    assert call(PROVIDER, fixture("in-missed"), forwarded).direction == "inbound"


def test_halves_that_share_only_the_tracking_id() -> None:
    """Without a networkCallId the extTrackingId names the call; without both, the half does."""
    bare = [
        body.replace("<xsi:networkCallId>BW090000000231126-444@192.0.2.7</xsi:networkCallId>", "")
        for body in (fixture("internal-caller"), fixture("internal-called"))
    ]
    assert call(PROVIDER, *bare).call_id == "src:61004:1"
    assert call(PROVIDER, simple("CallReleasedEvent", HALF)).call_id == "src:c1"


def test_simplified_senders() -> None:
    """No level xsi:call, ISO times, a default namespace, the type in any namespace; the extension is told at the start."""
    found = call(PROVIDER, fixture("simplified-received"), fixture("simplified-released"))
    assert (found.call_id, found.identity, found.direction) == ("src:simple-1", "204", "inbound")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:08Z"))
    assert (found.talk_s, found.disposition, found.customer) == (52, "answered", "#79990001125")


def test_events_without_their_instant() -> None:
    """An end is dated by its receipt while that is plausible; so is an answer; an undeclared prefix does no harm."""
    ended = call(PROVIDER, simple("CallReleasedEvent", HALF))
    assert (ended.started_at, ended.ended_at, ended.disposition) == (at("2026-11-23T06:00:00Z"), RECEIVED, "no_answer")
    answered = call(PROVIDER, simple("CallAnsweredEvent", HALF), simple("CallReleasedEvent", HALF))
    assert (answered.disposition, answered.answered_at, answered.talk_s) == ("answered", RECEIVED, 0)
    old = HALF.replace("2026-11-23", "2025-01-09")
    late = call(PROVIDER, simple("CallReleasedEvent", old))
    assert late.ended_at == late.started_at == at("2025-01-09T06:00:00Z")


def test_the_image_of_xml2js() -> None:
    """The same event as JSON, every element in a list; click-to-dial is the agent's call."""
    found = call(PROVIDER, fixture("image-of-xml2js"))
    assert (found.call_id, found.direction) == ("src:BW090000000231126-555@192.0.2.7", "outbound")
    assert (found.disposition, found.customer, found.ring_s) == ("canceled", "#79990001126", 27)


def test_identity_of_the_floor_file() -> None:
    """The domain cut off, or another field."""
    assert call(PROVIDER, fixture("out-released"), options={"strip_domain": True}).identity == "9031110022"
    assert call(PROVIDER, fixture("out-released"), fields={"identity": "sequenceNumber"}).identity == "3"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("subscription-terminated", "subscription_ended"),
        ("agent-state", "not_counted"),
        ("recording", "recording"),
    ],
)
def test_events_that_count_nothing(name: str, reason: str) -> None:
    """Authentic, and nothing to count."""
    parsed = parse(PROVIDER, fixture(name))
    assert ([part.reason for part in parsed.ignored], parsed.legs, parsed.rejected) == ([reason], (), ())
    unknown = parse(PROVIDER, simple("MoonEvent", HALF))
    assert [part.reason for part in unknown.ignored] == ["unknown_event"]


def test_other_encodings() -> None:
    """The encoding that the document declares; a byte order mark and blanks before it."""
    text = fixture("out-released")
    cyrillic = text.replace("UTF-8", "windows-1251").encode("cp1251")
    for body in (cyrillic, "\ufeff".encode() + text.encode(), b"\n  " + text.encode(), text.encode("utf-16")):
        if body.startswith(b"\xff\xfe"):
            body = text.replace("UTF-8", "UTF-16").encode("utf-16")
        assert call(PROVIDER, body) == call(PROVIDER, text)


def test_entities_are_refused() -> None:
    """Neither a bomb nor a file of ours."""
    bomb = '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;&b;">]>'
    file = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    for declared in (bomb, file):
        body = declared + simple("CallReleasedEvent", HALF.replace("c1", "&b;"))
        with pytest.raises(BadInput):
            parse(PROVIDER, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<a/>",
        b"<Event/>",
        b"<Event><eventData/></Event>",
        b"<Event><eventData><call><callId>1</callId></call></eventData></Event>",
        b"<xsi:Event>",
        b"{}",
        b"[]",
        b'{"xsi:Event":5}',
        b'<?xml version="1.0" encoding="martian"?><a/>',
        b'<?xml version="1.0" encoding="idna"?><a/>',
        b"\xff\xfe\x00",
        b"<a>" * 50_000,
        b"<a>" * 5_000 + b"</a>" * 5_000,
        json.dumps({"a": 1}).encode(),
    ],
)
def test_garbage(body: bytes) -> None:
    """What is no event is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_a_call_without_its_id() -> None:
    """Kept and shown with the reason."""
    parsed = parse(PROVIDER, simple("CallReleasedEvent", "<xsi:personality>Originator</xsi:personality>"))
    assert [part.reason for part in parsed.rejected] == ["missing_field"]


def test_real_bodies() -> None:
    """The captured BroadWorks event, and the simplified fixtures of an integration."""
    found = call(PROVIDER, real("broadsoft-xsi-CallReleasedEvent-xml2js-3.json"))
    assert (found.identity, found.direction) == ("4437250000@voip.evolveip.net", "outbound")
    assert (found.started_at, found.ring_s) == (at("2015-11-24T20:44:44.828Z"), 27.212)
    assert call(PROVIDER, real("beeline-xsi-CallReleasedEvent-1.xml")).direction == "inbound"
    assert drafts(PROVIDER, real("beeline-xsi-CallReceivedEvent-2.xml")) == []
