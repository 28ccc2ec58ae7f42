"""Vonage: a JWT that hashes what was sent; the legs of a conversation, in any order, into one call."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.vonage import PROVIDER, signature
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = "an-invented-signature-secret-of-forty-eight-bytes"
VECTOR_SECRET = "qwertyuiopasdfghjklzxcvbnm123456"
VECTOR = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9."
    "88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM"
)
LEG = ("started", "ringing", "answered", "completed")
CONVERSATION = "src:CON-11111111-2222-4333-8444-aaaaaaaaaaaa"


def fixture(name: str) -> bytes:
    return next(FIXTURES.glob(f"{name}.*")).read_bytes()


def changed(name: str, **values: Any) -> bytes:
    return json.dumps({**json.loads(fixture(name)), **values}).encode()


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(claims: Any, secret: str = SECRET, alg: str = "HS256") -> str:
    text = ".".join(packed(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": alg}, claims))
    hashed = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}.get(alg)
    return f"{text}.{packed(hmac.digest(secret.encode(), text.encode(), hashed)) if hashed else ''}"


def claims(body: bytes, **more: Any) -> dict[str, Any]:
    told = {"iat": int(RECEIVED.timestamp()), "jti": "j1", "iss": "Vonage", "api_key": "k", "application_id": "a"}
    return {**told, "payload_hash": hashlib.sha256(body).hexdigest(), **more}


def posted(body: bytes, bearer: str) -> Request:
    return request(body, authorization=f"Bearer {bearer}")


def verify(received: Request, *secrets: str, now: datetime = RECEIVED, **config: Any) -> None:
    known = {"signature_secret": secrets or (SECRET,)}
    PROVIDER.verify(received, source(PROVIDER, **config), known, (now - timedelta(days=9), now))


def refused(received: Request, *secrets: str, now: datetime = RECEIVED, **config: Any) -> str:
    with pytest.raises(Unauthorized) as raised:
        verify(received, *secrets, now=now, **config)
    return raised.value.reason


def test_the_token_of_the_vendors_sdk() -> None:
    """It is signed rightly and carries no payload_hash: nothing may be sent with it, unless the floor file allows."""
    then = datetime.fromtimestamp(1697634680, UTC)
    verify(posted(b"", VECTOR), VECTOR_SECRET, now=then)
    verify(posted(b"{}", VECTOR), VECTOR_SECRET, now=then, options={"allow_unhashed": True})
    assert refused(posted(b"{}", VECTOR), VECTOR_SECRET, now=then) == "bad_signature"
    assert refused(posted(b"", VECTOR), "asdf", now=then) == "bad_signature"
    assert refused(posted(b"", VECTOR), VECTOR_SECRET, now=then + timedelta(days=1)) == "stale_signature"


def test_the_hash_of_a_query_is_over_its_compact_json() -> None:
    """In the order of the URL, values decoded."""
    query = fixture("answer").decode()
    sent = request(b"", query=query, method="GET")
    text = (
        '{"to":"15550100099","endpoint_type":"phone","from":"15550100001",'
        '"conversation_uuid":"CON-11111111-2222-4333-8444-dddddddddddd","uuid":"d1000000000000000000000000000001",'
        '"region_url":"https://api.example"}'
    )
    assert signature.payload(sent) == text.encode()
    bearer = {"authorization": f"Bearer {token(claims(text.encode()))}"}
    verify(replace(sent, headers=bearer))
    assert refused(replace(sent, headers=bearer, query=query + "&x=1")) == "bad_signature"
    no_hash = {"authorization": f"Bearer {token(claims(b'', payload_hash=None))}"}
    assert refused(replace(sent, headers=no_hash)) == "bad_signature"


def test_the_published_construction_of_a_query() -> None:
    """The vector that was computed from a public verifier's construction."""
    sent = request(b"", query=real("vonage-answer-GET-query-5.form").decode().strip(), method="GET")
    expected = "03b3717712bb2418467fcb8a4eaa60bb97ebed18386a61b126b8b53eb55dd131"
    assert hashlib.sha256(signature.payload(sent)).hexdigest() == expected


def test_the_token_signs_the_raw_body() -> None:
    """Any of several secrets; another secret, another byte, another algorithm, none at all are refused."""
    body = fixture("completed")
    verify(posted(body, token(claims(body))))
    verify(posted(body, token(claims(body))), "the-other-secret-while-it-is-being-rotated-000000", SECRET)
    verify(replace(posted(body, ""), headers={"authorization": f"bearer   {token(claims(body))} "}))
    wrong = [
        request(body),
        request(body, authorization=token(claims(body))),
        request(body, authorization=f"Basic {token(claims(body))}"),
        posted(body, ""),
        posted(body, "a.b.c"),
        posted(body, "ю.я"),
        posted(body + b" ", token(claims(body))),
        posted(body, token(claims(body), "another-secret-another-secret-another-secret")),
        posted(body, token(claims(body), alg="none")),
        posted(body, token(claims(body), alg="HS384")),
        posted(body, token(claims(body), alg="HS512")),
        posted(body, token(claims(body, payload_hash=None))),
        posted(body, token(claims(body, payload_hash=5))),
        posted(body, token(claims(body, payload_hash=""))),
        posted(body, token([1])),
        posted(body, packed(b"[" * 3_000) + ".e30.x"),
    ]
    for one in wrong:
        assert refused(one) == "bad_signature"
    for secrets in (("",), ("another-secret-another-secret-another-secret",)):
        assert refused(posted(body, token(claims(body))), *secrets) == "bad_signature"


@pytest.mark.parametrize("iat", [-301, 301, None, "soon", 1e99])
def test_old_and_future_tokens_are_refused(iat: float | str | None) -> None:
    """By iat, five minutes both ways; a token without one is never fresh."""
    value = int(RECEIVED.timestamp()) + iat if isinstance(iat, int) else iat
    assert refused(posted(b"{}", token(claims(b"{}", iat=value)))) == "stale_signature"


def test_fresh_and_expired() -> None:
    """300 s are fresh; an expiry is kept to."""
    now = int(RECEIVED.timestamp())
    verify(posted(b"{}", token(claims(b"{}", iat=now - 300, exp=now + 10))))
    assert refused(posted(b"{}", token(claims(b"{}", exp=now - 1)))) == "stale_signature"


def test_an_answered_call_in_any_order() -> None:
    """Started, ringing, answered (empty start_time), completed: one call."""
    for order in permutations(LEG):
        found = call(PROVIDER, *map(fixture, order))
        assert (found.call_id, found.direction, found.disposition) == (CONVERSATION, "outbound", "answered")
        assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00.1Z"), at("2026-11-23T06:00:09Z"))
        assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:02:05Z"), 116, 8.9)
        assert (found.line, found.did, found.customer) == ("src/15550100099", "15550100099", "#15550100001")


@pytest.mark.parametrize("missing", ["start_time", "end_time", "duration"])
def test_any_one_of_three_may_be_empty(missing: str) -> None:
    """Answer, end and seconds tell each other."""
    found = call(PROVIDER, changed("completed", **{missing: ""}))
    assert (found.answered_at, found.talk_s) == (at("2026-11-23T06:00:09Z"), 116)
    assert abs((found.ended_at - at("2026-11-23T06:02:05Z")).total_seconds()) < 0.4


def test_an_agents_leg_is_the_talk() -> None:
    """The caller's leg also held the queue."""
    bodies = [fixture("completed-inbound-old"), fixture("agent-leg-completed")]
    for order in permutations(bodies):
        found = call(PROVIDER, *order)
        assert (found.direction, found.identity, found.talk_s) == ("inbound", "maria", 30)
        assert (found.started_at, found.customer) == (at("2026-11-23T06:10:00Z"), "#15550100007")
        assert found.line == "src/15550100099"


def test_a_call_that_goes_on_is_not_counted_yet() -> None:
    """An answered leg holds the call back, also when another one is over, and also when its answer has no time."""
    assert drafts(PROVIDER, *map(fixture, LEG[:3])) == []
    other = changed("answered", uuid="another", timestamp=None)
    assert drafts(PROVIDER, *map(fixture, LEG), other) == []
    for name in LEG[:3]:
        assert [part.reason for part in parse(PROVIDER, fixture(name)).ignored] == ["ringing"]


@pytest.mark.parametrize(
    ("status", "detail", "expected", "q850"),
    [
        ("unanswered", None, "no_answer", None),
        ("timeout", None, "no_answer", None),
        ("busy", None, "busy", None),
        ("cancelled", "timeout", "canceled", None),
        ("rejected", None, "rejected", None),
        ("rejected", "restricted", "failed", 52),
        ("failed", None, "failed", None),
        ("failed", "number_out_of_service", "failed", 1),
        ("failed", "cannot_route", "failed", None),
        ("failed", "internal_error", "congestion", None),
        ("failed", "a new word", "failed", None),
        ("Unanswered", "unavailable", "no_answer", None),
        ("disconnected", None, "failed", None),
        ("completed", None, "no_answer", None),
    ],
)
def test_statuses(status: str, detail: str | None, expected: str, q850: int | None) -> None:
    """Each status of a leg that is over and was never answered, refined by its detail."""
    found = call(PROVIDER, changed("unanswered", status=status, detail=detail))
    assert (found.disposition, found.q850, found.talk_s, found.answered_at) == (expected, q850, 0, None)
    assert (found.ended_at, found.customer) == (at("2026-11-23T06:20:30Z"), "#15550100001")


def test_a_status_without_any_time_ended_when_we_heard_of_it() -> None:
    """Old captures have no timestamp."""
    assert call(PROVIDER, changed("busy", timestamp=None)).ended_at == RECEIVED


def test_recording_and_machine_join() -> None:
    """By the conversation, and by call_uuid."""
    found = call(PROVIDER, fixture("recording"), fixture("machine"), *map(fixture, LEG))
    assert (found.disposition, found.talk_s) == ("voicemail", 116)
    assert found.recording_url == "https://api.nexmo.com/v1/files/0f0f0f0f-0000-4000-8000-000000000001"
    assert drafts(PROVIDER, fixture("recording")) == []


def test_a_get_says_the_same() -> None:
    """A query and a form are read as the JSON is."""
    plain = {name: value for name, value in json.loads(fixture("completed")).items() if value is not None}
    query = "&".join(f"{name}={value}" for name, value in plain.items())
    assert parse(PROVIDER, b"", query=query) == parse(PROVIDER, fixture("completed")) == parse(PROVIDER, query)


def test_fields_of_the_floor_file() -> None:
    """In the event, or in the query of the event URL."""
    fields = {"identity": "agent", "line": "network", "direction": "inbound"}
    legs = parse(PROVIDER, fixture("completed"), query="agent=ivan", fields=fields).legs
    draft = PROVIDER.join(source(PROVIDER), legs[0].call, legs)
    assert draft is not None
    assert (draft.data.identity, draft.data.line, draft.data.direction) == ("ivan", "src/310004", "inbound")  # type: ignore[union-attr]


def test_what_is_no_call() -> None:
    """Answer webhook, transfer, errors: kept; what is no event is refused."""
    assert [part.reason for part in parse(PROVIDER, b"", query=fixture("answer").decode()).ignored] == ["info_call"]
    assert [part.reason for part in parse(PROVIDER, fixture("transfer")).ignored] == ["info_call"]
    assert [part.reason for part in parse(PROVIDER, changed("busy", status="lost")).ignored] == ["unknown_event"]
    assert [part.reason for part in parse(PROVIDER, b'{"status": "busy"}').rejected] == ["missing_field"]
    assert call(PROVIDER, changed("unanswered", uuid=None)).call_id == CONVERSATION
    for garbage in (b"", b"{}", b"[]", b"hello", b"{", b'{"a": 1}'):
        with pytest.raises(BadInput):
            parse(PROVIDER, garbage)


@pytest.mark.parametrize(
    ("name", "whole", "direction", "talk_s", "ended", "line"),
    [
        ("vonage-completed-inbound-2.json", "convers_uuid", "inbound", 116, "2017-11-29T17:11:20Z", "17865900000"),
        (
            "vonage-completed-outbound-3.json",
            "CON-4c299ae0-afc9-46d2-ad35-74ea258f73d2",
            "outbound",
            1,
            "2017-11-29T21:23:34Z",
            "17865900000",
        ),
    ],
)
def test_real_bodies(name: str, whole: str, direction: str, talk_s: int, ended: str, line: str) -> None:
    """Captures of 2017, without a timestamp."""
    found = call(PROVIDER, real(name))
    assert (found.call_id, found.direction, found.talk_s) == (f"src:{whole}", direction, talk_s)
    assert (found.ended_at, found.line) == (at(ended), f"src/{line}")
