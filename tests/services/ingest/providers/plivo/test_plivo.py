"""Plivo: V3 and V2 signatures, local times without a zone beside UTC without a zone, legs and recording."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.plivo import PROVIDER, signature
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN, NONCE = "my_auth_token", "12345"
URL = "https://example.com/plivo/hangup"
FIELDS = "CallUUID=abc&Duration=66"
OF_POST = "x6UzStjDeGCHZpoSeBkwJfDPjsuNYt3R/6XpJm8lprs="
OF_POST_WITH_QUERY = "AOfE0MP2356UAmpHSu5ewtd9F77UYXnTlvNintXhQXc="
OF_GET = "LdbGoRjKIf++XcCR4cAFETAZc6A11MeNuDxf4tRRxYs="
V2 = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def changed(name: str, **parameters: str) -> str:
    return urlencode({**dict(parse_qsl(fixture(name).decode(), keep_blank_values=True)), **parameters})


def signed(given: str, body: str = FIELDS, query: str = "", method: str = "POST", url: str = URL) -> Request:
    full = f"{url}?{query}" if query else url
    headers = {"x_plivo_signature_v3": given, "x_plivo_signature_v3_nonce": NONCE}
    return request(body, query=query, method=method, url=full, **headers)


def verify(received: Request, *tokens: str, **config: object) -> None:
    PROVIDER.verify(received, source(PROVIDER, **config), {"auth_token": tokens or (TOKEN,)}, (RECEIVED,))


def refused(received: Request, *tokens: str, **config: object) -> None:
    with pytest.raises(Unauthorized):
        verify(received, *tokens, **config)


@pytest.mark.parametrize(
    "received",
    [
        signed(OF_POST),
        signed(OF_POST_WITH_QUERY, query="b=2&a=1"),
        signed(OF_GET, "", "Duration=66&CallUUID=abc", "GET"),
    ],
    ids=["post", "post with query", "get"],
)
def test_v3_vectors(received: Request) -> None:
    """As the vendor's library makes them; with several tokens; changed in any part they are refused."""
    verify(received)
    verify(received, "another", TOKEN)
    refused(received, "another")
    refused(received, "")
    refused(
        replace(received, query=received.query + "&c=3", url=received.url + ("&" if received.query else "?") + "c=3")
    )
    refused(replace(received, body=b"CallUUID=abc&Duration=67"))
    refused(replace(received, headers={**received.headers, "x-plivo-signature-v3-nonce": "12346"}))
    refused(replace(received, headers={**received.headers, "x-plivo-signature-v3-nonce": ""}))


@pytest.mark.parametrize(
    ("method", "url", "parameters", "expected"),
    [
        ("POST", URL, [("CallUUID", "abc"), ("Duration", "66")], f"{URL}?CallUUIDabcDuration66."),
        ("POST", f"{URL}?b=2&a=1", [("CallUUID", "abc")], f"{URL}?a=1&b=2.CallUUIDabc."),
        ("POST", f"{URL}?b=%D0%98+x&a=", [], f"{URL}?a=&b=И x."),
        ("POST", URL, [], f"{URL}."),
        ("GET", f"{URL}?b=2&a=1", [], f"{URL}?a=1&b=2."),
        ("GET", URL, [], f"{URL}."),
        ("POST", URL, [("a", "2"), ("a", "1"), ("B", "")], f"{URL}?Ba1a2."),
    ],
)
def test_the_text_that_v3_signs(method: str, url: str, parameters: list[tuple[str, str]], expected: str) -> None:
    """The mark of the query is there without a query too; the dot only with one; values sorted and decoded."""
    assert signature.text_v3(method, url, parameters) == expected


def test_several_signatures_in_one_header() -> None:
    """Any match passes; the main account's header likewise."""
    verify(signed(f"{OF_GET}, {OF_POST}"))
    verify(signed(f"x,{OF_POST}"))
    refused(signed(f"x,{OF_GET}"))
    headers = {"x_plivo_signature_ma_v3": OF_POST, "x_plivo_signature_v3_nonce": NONCE}
    verify(request(FIELDS, url=URL, **headers))


def test_v2_vector() -> None:
    """It covers the URL only: looked at where no V3 is sent, and refused where the floor file says so."""
    headers = {"x_plivo_signature_v2": V2, "x_plivo_signature_v2_nonce": NONCE}
    received = request(FIELDS, url="https://answer.url?a=1", query="a=1", **headers)
    verify(received)
    refused(received, options={"require_v3": True})
    refused(replace(received, url="https://other.url"))
    refused(replace(received, headers={**received.headers, "x-plivo-signature-v3": "wrong"}))
    refused(replace(received, headers={**received.headers, "x-plivo-signature-v2-nonce": "1"}))


def test_behind_a_proxy_the_public_url_counts() -> None:
    """`public_url`, what the proxy forwarded, and the standard port named or not."""
    inside = signed(OF_POST, url="http://10.0.0.5:8001/hooks/src")
    verify(inside, public_url=URL)
    verify(inside, public_url="https://example.com:443/plivo/hangup")
    refused(inside)
    text = signature.text_v3("POST", "https://pbx.example/hooks/src", parse_qsl(FIELDS))
    forwarded = signed(signature.sign(TOKEN, text, NONCE), url="http://10.0.0.5:8001/hooks/src")
    proxied = {"x-forwarded-host": "pbx.example", "x-forwarded-proto": "https"}
    verify(replace(forwarded, headers={**forwarded.headers, **proxied}))


def test_no_signature() -> None:
    """Missing and empty ones, and a form too large to be Plivo's."""
    refused(request(FIELDS, url=URL))
    refused(signed(""))
    refused(signed("я"))
    refused(signed("x", "a&" * 60_000))


def test_an_answered_call() -> None:
    """The account's zone comes of the two writings of the start; Duration is the talk, BillDuration never."""
    found = call(PROVIDER, fixture("completed"))
    assert (found.call_id, found.direction, found.disposition) == (
        "src:7a7a7a7a-0000-4000-8000-000000000001", "outbound", "answered",
    )  # fmt: skip
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:02Z"), at("2026-11-23T06:00:12Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:01:17Z"), 66, 10)
    assert (found.line, found.did, found.customer) == ("src/15550100099", "15550100099", "#15550100001")
    assert found.hangup_by == "customer"


@pytest.mark.parametrize(
    ("session", "start", "zone", "expected"),
    [
        ("2026-11-23 06:00:04.9", "2026-11-23 11:45:02", "Europe/Moscow", "2026-11-23T06:00:02Z"),
        ("2026-11-23 06:00:00.1", "2026-11-22 20:00:00", "Europe/Moscow", "2026-11-23T06:00:00Z"),
        ("2026-11-23 06:00:00.1", "2026-11-23 06:00:00", "Europe/Moscow", "2026-11-23T06:00:00Z"),
        ("", "2026-11-23 09:00:00", "Europe/Moscow", "2026-11-23T06:00:00Z"),
        ("", "2026-11-23 01:00:00", "America/New_York", "2026-11-23T06:00:00Z"),
        ("2026-11-23 06:07:30", "2026-11-23 09:00:00", "Europe/Moscow", "2026-11-23T06:00:00Z"),
        ("2026-11-23 06:00:00", "2026-11-23T06:00:00+00:00", "Europe/Moscow", "2026-11-23T06:00:00Z"),
        ("2026-11-23 06:00:00", "", "Europe/Moscow", "2026-11-23T06:00:00Z"),
    ],
)
def test_zones(session: str, start: str, zone: str, expected: str) -> None:
    """Nepal, Hawaii, UTC by the difference; the source's zone where the two are not the same instant."""
    ended = start or "2026-11-23 09:00:00"
    body = changed("no-answer", SessionStart=session, StartTime=start, EndTime=ended)
    legs = PROVIDER.parse(request(body), replace(source(PROVIDER), timezone=zone)).legs
    assert at(legs[0].data["started"]) == at(expected)


@pytest.mark.parametrize(
    ("session", "start", "answer", "end", "answered_at", "ended_at"),
    [  # New York: 2026-11-01 02:00 → 01:00, 2026-03-08 02:00 → 03:00
        ("2026-11-01 05:59:30", "2026-11-01 01:59:30", "2026-11-01 01:59:50", "2026-11-01 01:00:50", "05:59:50", "06:00:50"),
        ("2026-11-01 05:59:30", "2026-11-01 01:59:30", "2026-11-01 01:00:10", "2026-11-01 01:01:10", "06:00:10", "06:01:10"),
        ("2026-03-08 06:59:30", "2026-03-08 01:59:30", "2026-03-08 01:59:50", "2026-03-08 03:00:50", "06:59:50", "07:00:50"),
        ("2026-03-08 06:59:30", "2026-03-08 01:59:30", "2026-03-08 03:00:10", "2026-03-08 03:01:10", "07:00:10", "07:01:10"),
    ],
)  # fmt: skip
def test_a_clock_changed_during_the_call(
    session: str, start: str, answer: str, end: str, answered_at: str, ended_at: str
) -> None:
    """Back or forward, before the answer or after it: sixty seconds stay sixty."""
    body = changed("completed", SessionStart=session, StartTime=start, AnswerTime=answer, EndTime=end, Duration="60")
    found = call(PROVIDER, body)
    day = session.split()[0]
    assert (found.answered_at, found.ended_at) == (at(f"{day}T{answered_at}Z"), at(f"{day}T{ended_at}Z"))
    assert found.talk_s == 60


@pytest.mark.parametrize(
    ("status", "code", "cause", "expected", "q850"),
    [
        ("no-answer", "6010", "NO_ANSWER", "no_answer", None),
        ("busy", "3010", "USER_BUSY", "busy", None),
        ("timeout", "", "", "no_answer", None),
        ("cancel", "", "ORIGINATOR_CANCEL", "canceled", None),
        ("rejected", "", "", "rejected", None),
        ("failed", "2000", "", "failed", 28),
        ("failed", "", "NORMAL_CIRCUIT_CONGESTION", "congestion", 34),
        ("failed", "", "", "failed", None),
        ("completed", "6010", "", "no_answer", None),
        ("completed", "9000", "LOSE_RACE", "canceled", None),
        ("completed", "", "CALL_REJECTED", "rejected", None),
        ("a new word", "7777", "NEW", "no_answer", None),
    ],
)
def test_unanswered(status: str, code: str, cause: str, expected: str, q850: int | None) -> None:
    """By the status where it says something, else by code and cause; never any talk."""
    found = call(PROVIDER, changed("no-answer", CallStatus=status, HangupCauseCode=code, HangupCause=cause))
    assert (found.disposition, found.q850, found.talk_s, found.answered_at) == (expected, q850, 0, None)
    assert (found.ring_s, found.ended_at) == (30, at("2026-11-23T06:00:32Z"))


def test_an_agents_leg_is_the_talk() -> None:
    """A leg with its own CallUUID; the number shown to the agent is the customer's and stays hidden."""
    bodies = [fixture("inbound"), fixture("agent-leg")]
    for order in permutations(bodies):
        found = call(PROVIDER, *order)
        assert (found.call_id, found.direction, found.identity) == (
            "src:7a7a7a7a-0000-4000-8000-000000000003", "inbound", "maria",
        )  # fmt: skip
        assert (found.talk_s, found.line, found.customer) == (40, "src/15550100099", "#15550100007")
        assert found.hangup_by == "customer"
    for body in bodies:
        for leg in parse(PROVIDER, body).legs:
            assert "5550100007" not in json.dumps({**leg.data, "from_customer": None})


def test_a_recording_joins() -> None:
    """Its own callback, before or after the hang-up."""
    for order in permutations([fixture("completed"), fixture("recording")]):
        assert call(PROVIDER, *order).recording_url == "https://media.example/rec-1.mp3"
    assert drafts(PROVIDER, fixture("recording")) == []


def test_an_answer_without_its_time() -> None:
    """The end less the seconds."""
    found = call(PROVIDER, changed("completed", AnswerTime=""))
    assert (found.disposition, found.answered_at, found.talk_s) == ("answered", at("2026-11-23T06:00:11Z"), 66)


def test_an_end_without_its_time() -> None:
    """The answer and the seconds of talk, else the receipt; nothing else of the call is lost."""
    assert call(PROVIDER, changed("no-answer", EndTime="soon")).ended_at == RECEIVED
    whole, endless = call(PROVIDER, fixture("completed")), call(PROVIDER, changed("completed", EndTime=""))
    assert (endless.answered_at, endless.talk_s) == (whole.answered_at, 66)
    assert endless.answered_at is not None
    assert endless.ended_at == endless.answered_at + timedelta(seconds=66)


def test_a_get_says_the_same_and_fields_may_stand_in_the_url() -> None:
    """A query, or a form beside a parameter of our own."""
    body = fixture("completed")
    assert parse(PROVIDER, b"", query=body.decode()) == parse(PROVIDER, body)
    legs = parse(PROVIDER, body, query="agent=ivan", fields={"identity": "agent"}).legs
    assert legs[0].data["identity"] == "ivan"


def test_what_is_no_end_of_a_call() -> None:
    """Ringing and <Dial> callbacks: kept; what is no callback is refused."""
    assert [part.reason for part in parse(PROVIDER, fixture("ringing")).ignored] == ["ringing"]
    assert [part.reason for part in parse(PROVIDER, fixture("dial")).ignored] == ["info_call"]
    assert [part.reason for part in parse(PROVIDER, b"CallUUID=1&Event=Redirect").ignored] == ["unknown_event"]
    assert [part.reason for part in parse(PROVIDER, b"CallStatus=busy").rejected] == ["missing_field"]
    for garbage in (b"", b"hello", b"{", b"a=b"):
        with pytest.raises(BadInput):
            parse(PROVIDER, garbage)


def test_a_real_body() -> None:
    """A captured hang-up of an account in India."""
    found = call(PROVIDER, real("plivo-hangup-completed-1.form"))
    assert (found.started_at, found.answered_at) == (at("2024-09-26T08:35:08Z"), at("2024-09-26T08:35:18Z"))
    assert (found.ended_at, found.talk_s) == (at("2024-09-26T08:36:23Z"), 66)
