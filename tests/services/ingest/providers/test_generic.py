"""``generic``: the three CloudEvents modes, mixed batches, its ways to prove who sends."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.facts import CallEnded
from schemas.floor import SourceConfig
from services.ingest.providers.base import Request, Source, Unauthorized
from services.ingest.providers.generic import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.events import body, call

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOURCE = Source(SourceConfig(id="own", provider="generic"), customer=lambda number: f"k1:hash-of-{number}")


def request(raw: bytes, kind: str = "application/cloudevents+json", **more: Any) -> Request:
    headers = {"content-type": kind, **more.pop("headers", {})}
    return Request(more.pop("method", "POST"), "", more.pop("query", ""), headers, raw, NOW)


def test_structured() -> None:
    """The id of the event is the provider's id; the call is the data."""
    (draft,) = PROVIDER.parse(request(body(call("a"))), SOURCE).drafts
    assert (draft.type, draft.provider_id, draft.data.identity) == ("srez.call.ended.v1", "a", "222")


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", "2026-01-01"])
def test_binary(kind: str) -> None:
    """Attributes in headers, percent-decoded once; the content type may be odd."""
    event = call("x/é")
    headers = {f"ce-{name}": event[name] for name in ("specversion", "type", "source", "time")}
    headers["ce-id"] = '"x/%C3%A9"'
    raw = json.dumps(event["data"]).encode()
    (draft,) = PROVIDER.parse(request(raw, kind, headers=headers), SOURCE).drafts
    assert (draft.provider_id, draft.time.isoformat()) == ("x/é", event["time"])


def test_data_base64_and_no_time() -> None:
    """Data may come in base64; without time the call's end is the time."""
    event = call("a")
    encoded = base64.b64encode(json.dumps(event.pop("data")).encode()).decode()
    del event["time"]
    (draft,) = PROVIDER.parse(request(json.dumps({**event, "data_base64": encoded}).encode()), SOURCE).drafts
    assert isinstance(draft.data, CallEnded)
    assert draft.time == draft.data.ended_at


def test_a_mixed_batch_gives_facts_and_rejections() -> None:
    """One bad event does not take the others with it, and is told with its number."""
    events: list[Any] = [
        call("a"),
        call("b", talk_s=-1),
        7,
        {**call("c"), "type": "x"},
        {**call("d"), "id": ""},
        call("e"),
    ]
    parsed = PROVIDER.parse(request(json.dumps(events).encode(), "application/cloudevents-batch+json"), SOURCE)
    assert [draft.provider_id for draft in parsed.drafts] == ["a", "e"]
    assert [(r.reason, r.detail.split(":")[0]) for r in parsed.rejected] == [
        ("bad_value", "event 1"),
        ("unparseable", "event 2"),
        ("unknown_event", "event 3"),
        ("missing_field", "event 4"),
    ]


def test_an_empty_batch_is_nothing_to_count() -> None:
    """Not a fault of anybody."""
    parsed = PROVIDER.parse(request(b"[]", "application/cloudevents-batch+json"), SOURCE)
    assert [ignored.reason for ignored in parsed.ignored] == ["empty_batch"]


@pytest.mark.parametrize(
    ("raw", "kind", "reason"),
    [
        (b"hello", "text/plain", "unknown_event"),
        (b"[", "application/cloudevents-batch+json", "unparseable"),
        (b"[" * 100_000, "application/cloudevents-batch+json", "too_deep"),
    ],
)
def test_a_body_that_is_no_cloudevent(raw: bytes, kind: str, reason: str) -> None:
    """The whole body is refused with a word."""
    with pytest.raises(BadInput) as refused:
        PROVIDER.parse(request(raw, kind), SOURCE)
    assert refused.value.reason == reason


def test_an_agent_may_be_given_outright() -> None:
    """Whoever posts our own facts may name the agent."""
    (draft,) = PROVIDER.parse(request(body(call("a", identity=None, agent="ivan"))), SOURCE).drafts
    assert (draft.data.agent, draft.data.identity) == ("ivan", None)


def test_a_plain_customer_number_becomes_a_hash() -> None:
    """And a hash stays one."""
    events = (call("a", customer="+7 495 111"), call("b", customer="k1:9b2f"))
    drafts = PROVIDER.parse(request(body(*events)), SOURCE).drafts
    assert [draft.data.customer for draft in drafts] == ["k1:hash-of-+7 495 111", "k1:9b2f"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("money", "reason"),
    [
        ({"currency": "rub"}, None),
        ({"currency": "RUBL"}, "bad_value"),
        ({"currency": ""}, "bad_value"),
        ({"amount_minor": -1}, "bad_value"),
        ({"amount_minor": "100"}, "bad_value"),
    ],
)
def test_money_is_looked_at(money: dict[str, Any], reason: str | None) -> None:
    """One spelling of a currency, else two would be shown apart; nothing less than 0, nothing that is no number."""
    data = {"payment": "p", "at": "2026-11-23T09:00:00Z", "amount_minor": 100, "currency": "RUB", **money}
    event = {"specversion": "1.0", "id": "p", "source": "/shop", "type": "srez.payment.received.v1", "data": data}
    parsed = PROVIDER.parse(request(json.dumps(event).encode()), SOURCE)
    assert [refused.reason for refused in parsed.rejected] == ([reason] if reason else [])
    assert [draft.data.currency for draft in parsed.drafts] == ([] if reason else ["RUB"])  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["application/cloudevents+json", "application/cloudevents-batch+json"])
def test_a_byte_order_mark_is_passed_over(kind: str) -> None:
    """As with every other provider's JSON."""
    raw = body(call("a")) if "batch" not in kind else json.dumps([call("a")]).encode()
    assert len(PROVIDER.parse(request(b"\xef\xbb\xbf" + raw, kind), SOURCE).drafts) == 1


def test_bearer_tokens() -> None:
    """In the header or the query; the query's token is removed before anything is kept."""
    secrets = {"bearer": ("old", "t0ken")}
    PROVIDER.verify(request(b"", headers={"authorization": "Bearer t0ken"}), SOURCE, secrets, (NOW,))
    PROVIDER.verify(request(b"", query="a=1&access_token=old"), SOURCE, secrets, (NOW,))
    for wrong in (request(b""), request(b"", query="access_token=t0ke"), request(b"", query="access_token=")):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(wrong, SOURCE, secrets, (NOW,))
    assert PROVIDER.redact(request(b"", query="a=1&access_token=old&b=")).query == "a=1&b="


def test_nothing_configured_lets_nobody_in() -> None:
    """No secret, no entrance."""
    with pytest.raises(Unauthorized):
        PROVIDER.verify(request(body(call("a"))), SOURCE, {}, (NOW,))


def test_the_handshake() -> None:
    """OPTIONS with an origin is answered with that origin and a rate a minute."""
    reply = PROVIDER.challenge(
        request(b"", method="OPTIONS", headers={"webhook-request-origin": "eu.example"}), SOURCE, {}
    )
    assert reply is not None
    assert dict(reply.headers)["WebHook-Allowed-Origin"] == "eu.example"
    assert dict(reply.headers)["WebHook-Allowed-Rate"] == "12000"
    assert PROVIDER.challenge(request(b"", method="OPTIONS"), SOURCE, {}) is None
