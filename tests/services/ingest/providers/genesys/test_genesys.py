"""Genesys Cloud: the end of a customer's call, from EventBridge or a trigger."""

import json
from pathlib import Path

import pytest

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.genesys import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, parse, request, source

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> str:
    return (FIXTURES / f"{name}.json").read_text("utf-8")


def changed(name: str, **fields: object) -> str:
    return json.dumps({**json.loads(fixture(name)), **fields})


def test_the_secrets() -> None:
    """The path or a bearer token, any of several values; nothing opens without one."""
    PROVIDER.verify(request("{}", "old"), source(PROVIDER), {"path": ("new", "old")}, (RECEIVED,))
    PROVIDER.verify(request("{}", authorization="Bearer t"), source(PROVIDER), {"bearer": ("t",)}, (RECEIVED,))
    for secrets in ({}, {"path": ("new",)}, {"path": ("",)}):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request("{}", "old"), source(PROVIDER), secrets, (RECEIVED,))


def test_an_incoming_call() -> None:
    """From EventBridge, with the agent that the rule added."""
    found = call(PROVIDER, fixture("inbound"), fields={"identity": "agent"})
    assert (found.call_id, found.direction, found.identity, found.disposition) == (
        "src:c-1",
        "inbound",
        "u-17",
        "answered",
    )
    assert (found.talk_s, found.ended_at) == (95.5, at("2026-11-23T06:00:00+00:00"))
    assert (found.line, found.did, found.customer) == ("src/+74950000002", "74950000002", "#+79160000001")


def test_an_outgoing_call_that_nobody_answered() -> None:
    """A bare event of a trigger; an unknown type is no answer."""
    found = call(PROVIDER, fixture("outbound-unanswered"))
    assert (found.disposition, found.talk_s, found.answered_at, found.identity) == ("failed", 0, None, None)
    assert call(PROVIDER, changed("outbound-unanswered", disconnectType="NEW")).disposition == "no_answer"


def test_a_long_talk() -> None:
    """Milliseconds, not seconds."""
    assert call(PROVIDER, changed("outbound-unanswered", interactingDurationMs=1_800_000)).talk_s == 1800


@pytest.mark.parametrize(
    "body", [fixture("chat"), '{"detail": {"topicName": "v2.detail.x.agent.end", "eventBody": {}}}']
)
def test_what_is_no_call(body: str) -> None:
    """Chats and other topics."""
    parsed = parse(PROVIDER, body)
    assert parsed.ignored
    assert not parsed.drafts


@pytest.mark.parametrize("field", ["conversationId", "eventTime", "direction"])
def test_what_cannot_be_missing(field: str) -> None:
    """It is named."""
    with pytest.raises(BadInput, match=field):
        parse(PROVIDER, changed("outbound-unanswered", **{field: None}))
