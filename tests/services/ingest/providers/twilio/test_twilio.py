"""Twilio: the signature over the URL, legs of <Dial>, seconds and minutes."""

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.twilio import PROVIDER, signature
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIVE = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
BODY_URL = URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def changed(name: str, **parameters: str) -> str:
    return urlencode({**dict(parse_qsl(fixture(name).decode(), keep_blank_values=True)), **parameters})


def verify(signed: Request, *tokens: str, **config: str) -> None:
    PROVIDER.verify(signed, source(PROVIDER, **config), {"auth_token": tokens or (TOKEN,)}, (RECEIVED,))


@pytest.mark.parametrize(
    ("url", "parameters", "expected"),
    [
        (URL, list(FIVE.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            URL,
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (URL.replace(".com", ".com:443"), list(FIVE.items()), "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (
            URL.replace("https", "http").replace(".com", ".com:1234"),
            list(FIVE.items()),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (URL.replace("https", "http").replace(".com", ".com:80"), list(FIVE.items()), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (BODY_URL, [], "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)
def test_signature_vectors(url: str, parameters: list[tuple[str, str]], expected: str) -> None:
    """The six vectors of the vendor's library."""
    assert signature.sign(TOKEN, url, parameters) == expected


@pytest.mark.parametrize(
    ("url", "given"),
    [
        (URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL.replace(".com", ".com:443"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL.replace(".com", ".com:1234"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (URL.replace("https", "http").replace(".com", ".com:1234"), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (URL.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_the_port_may_be_named_or_not(url: str, given: str) -> None:
    """Whichever of the two forms Twilio signed, the other one in our URL does no harm."""
    signed = request(urlencode(FIVE), url=url, query="foo=1&bar=2", x_twilio_signature=given)
    verify(signed)
    verify(signed, "other", TOKEN)
    with pytest.raises(Unauthorized):
        verify(signed, "other")
    with pytest.raises(Unauthorized):
        verify(replace(signed, body=urlencode({**FIVE, "Digits": "9"}).encode()))


def test_a_signed_json_body() -> None:
    """The URL carries the hash of the body; another body is refused."""
    body = b'{"property": "value", "boolean": true}'
    signed = request(
        body, url=BODY_URL, query=BODY_URL.partition("?")[2], x_twilio_signature="a9nBmqA0ju/hNViExpshrM61xv4="
    )
    verify(signed)
    with pytest.raises(Unauthorized):
        verify(replace(signed, body=body + b" "))


def test_a_get_is_signed_by_its_url_alone() -> None:
    """The query is part of the URL."""
    query = fixture("busy").decode()
    url = f"https://hooks.example/hooks/src?{query}"
    signed = request(b"", query=query, method="GET", url=url, x_twilio_signature=signature.sign(TOKEN, url))
    verify(signed)
    with pytest.raises(Unauthorized):
        verify(replace(signed, query=query + "&x=1", url=url + "&x=1"))


def test_behind_a_proxy_the_public_url_counts() -> None:
    """`public_url` of the floor file, or what the proxy forwarded."""
    body = fixture("busy")
    public = "https://pbx.example/hooks/src"
    given = signature.sign(TOKEN, public, parse_qsl(body.decode(), keep_blank_values=True))
    inside = request(body, url="http://10.0.0.5:8001/hooks/src", x_twilio_signature=given)
    verify(inside, public_url=public)
    verify(replace(inside, headers={**inside.headers, "x-forwarded-host": "pbx.example", "x-forwarded-proto": "https"}))
    with pytest.raises(Unauthorized):
        verify(inside)


def test_no_signature() -> None:
    """Missing and empty signatures, and a form too large to be Twilio's."""
    for headers in ({}, {"x_twilio_signature": ""}, {"x_twilio_signature": "\u0424"}):
        with pytest.raises(Unauthorized):
            verify(request(b"a=1", url=URL, **headers))
    with pytest.raises(Unauthorized):
        verify(request(b"a&" * 60_000, url=URL, x_twilio_signature="x"))


def test_the_legs_of_dial_are_one_call() -> None:
    """The agent's talk is the child's; the parent also held IVR and queue."""
    bodies = [fixture("inbound-parent"), fixture("inbound-child")]
    one, other = (call(PROVIDER, *order) for order in permutations(bodies))
    assert one == other
    assert (one.call_id, one.identity, one.direction) == ("src:CA0000000000000000000000000000aaaa", "maria", "inbound")
    assert (one.talk_s, one.answered_at, one.ended_at) == (60, at("2026-11-23T06:00:59Z"), at("2026-11-23T06:01:59Z"))
    assert (one.started_at, one.line, one.did) == (at("2026-11-23T06:00:25Z"), "src/+15550100099", "15550100099")
    assert one.customer == "#+15550100001"


def test_a_queue_that_no_agent_left() -> None:
    """The parent is "completed", but its child was not answered: neither was the call."""
    found = call(PROVIDER, fixture("inbound-parent"), fixture("inbound-child-unanswered"))
    assert (found.disposition, found.talk_s, found.answered_at, found.identity) == ("no_answer", 0, None, "maria")


def test_a_softphone_calls_out() -> None:
    """The agent is the parent's caller; the trunk failed on the child; the number dialled stays hidden."""
    bodies = [fixture("softphone-parent"), fixture("softphone-child")]
    found = call(PROVIDER, *bodies)
    assert (found.direction, found.identity, found.disposition, found.sip_status) == (
        "outbound",
        "ivan",
        "congestion",
        503,
    )
    assert (found.line, found.did, found.customer) == ("src", None, "#+15550100002")
    for body in bodies:
        for leg in parse(PROVIDER, body).legs:
            assert "5550100002" not in json.dumps({**leg.data, "to_customer": None})


@pytest.mark.parametrize(
    ("name", "disposition", "sip", "talk_s"),
    [("busy", "busy", 486, 0), ("machine", "voicemail", None, 20)],
)
def test_dispositions(name: str, disposition: str, sip: int | None, talk_s: int) -> None:
    """Busy by its status; a machine that answered is no person."""
    found = call(PROVIDER, fixture(name))
    assert (found.disposition, found.sip_status, found.talk_s) == (disposition, sip, talk_s)
    assert (found.direction, found.line, found.customer) == ("outbound", "src/+15550100099", "#+15550100002")


@pytest.mark.parametrize(
    ("status", "sip", "expected"),
    [
        ("no-answer", "", "no_answer"),
        ("canceled", "487", "canceled"),
        ("failed", "", "failed"),
        ("failed", "404", "failed"),
        ("failed", "503", "congestion"),
        ("FAILED", "603", "rejected"),
    ],
)
def test_statuses(status: str, sip: str, expected: str) -> None:
    """Each terminal status; "failed" is refined by its SIP code."""
    assert call(PROVIDER, changed("busy", CallStatus=status, SipResponseCode=sip)).disposition == expected


def test_calls_that_go_on_count_nothing() -> None:
    """Ringing, in progress, a recording: authentic, and nothing to count."""
    for body in (fixture("ringing"), changed("ringing", CallStatus="in-progress")):
        assert [part.reason for part in parse(PROVIDER, body).ignored] == ["ringing"]
    assert [part.reason for part in parse(PROVIDER, b"RecordingSid=RE1&CallSid=CA1").ignored] == ["recording"]


def test_fields_of_the_floor_file() -> None:
    """Who the agent is can be named by a parameter of our own."""
    found = call(PROVIDER, changed("busy", Agent="ivan"), fields={"identity": "Agent", "direction": "inbound"})
    assert (found.identity, found.direction) == ("ivan", "inbound")


def test_minutes_are_not_seconds_and_a_broken_stamp_is_the_receipt() -> None:
    """`Duration` is minutes and is never read; without a readable Timestamp the call ended when we heard of it."""
    found = call(PROVIDER, changed("inbound-parent", Timestamp="soon", CallDuration="49", Duration="1"))
    assert (found.talk_s, found.ended_at) == (49, RECEIVED)


def test_parts_that_are_missing() -> None:
    """A status nobody knows is kept and shown; what is no callback is refused."""
    assert [part.reason for part in parse(PROVIDER, changed("busy", CallStatus="lost")).rejected] == ["bad_value"]
    assert [part.reason for part in parse(PROVIDER, b"CallStatus=busy").rejected] == ["missing_field"]
    for garbage in (b"", b"hello", b"{", b"a=b"):
        with pytest.raises(BadInput):
            parse(PROVIDER, garbage)


def test_the_answer_is_empty_twiml() -> None:
    """An answer that a TwiML URL can bear as well."""
    assert (PROVIDER.reply.status, PROVIDER.reply.body, PROVIDER.reply.content_type) == (
        200,
        b"<Response/>",
        "text/xml",
    )


@pytest.mark.parametrize(
    ("name", "sid", "talk_s", "ended", "line"),
    [
        (
            "twilio-status-completed-1.form",
            "CAbe982f58915a2def4cf7aaa1f1766236",
            49,
            "2018-03-25T09:53:19Z",
            "+16466060000",
        ),
        (
            "twilio-status-completed-2.form",
            "CAf19604a3eec3e63d157870c5f7f3b3a0",
            42,
            "1989-07-20T18:30:43Z",
            "+15107570000",
        ),
    ],
)
def test_real_bodies(name: str, sid: str, talk_s: int, ended: str, line: str) -> None:
    """A captured POST, and a captured GET with a malformed date: the same as a body or as a query."""
    found = call(PROVIDER, real(name))
    assert (found.call_id, found.talk_s, found.ended_at, found.line) == (f"src:{sid}", talk_s, at(ended), f"src/{line}")
    assert (found.direction, found.disposition) == ("outbound", "answered")
    assert parse(PROVIDER, b"", query=real(name).decode()) == parse(PROVIDER, real(name))
