"""Zadarma, UIS and MegaFon: what the lab writes from their notes, ingest verifies and reads as the calls that were meant."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from schemas import facts
from schemas.facts import CallEnded, Fact
from schemas.floor import SourceConfig
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Request, Source, Unauthorized
from services.ingest.storage.legs import Known, whole
from services.lab.senders import SENDERS, Account
from services.lab.senders.zadarma import signature

AT: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SECRETS: Final[dict[str, dict[str, str]]] = {
    "zadarma": {"api_secret": "secret", "path": "hidden"},
    "uis": {"path": "hidden", "token": "t0ken"},
    "megafon": {"crm_token": "t0ken"},
}
IDENTITY: Final = {"zadarma": "101", "uis": "5001", "megafon": "maria"}
RINGS: Final = {"uis", "megafon"}
"""They tell how long a call rang."""
MEANT: Final = [
    ("outbound", "answered", 95, 12),
    ("outbound", "no_answer", 0, 30),
    ("outbound", "busy", 0, 3),
    ("outbound", "canceled", 0, 9),
    ("inbound", "answered", 40, 5),
    ("inbound", "no_answer", 0, 25),
]

each = pytest.mark.parametrize("provider", sorted(SECRETS))


def source(provider: str) -> SourceConfig:
    return SourceConfig(id="pbx", provider=provider, timezone="Asia/Yekaterinburg")


def account(provider: str) -> Account:
    return Account(source(provider), SECRETS[provider], "http://127.0.0.1:8080")


def fact(provider: str, direction: Any, disposition: Any, talk_s: int, ring_s: int) -> Fact:
    answered = AT + timedelta(seconds=ring_s) if talk_s else None
    data = CallEnded(
        call_id="pbx:700100200",
        identity=IDENTITY[provider],
        direction=direction,
        started_at=AT,
        answered_at=answered,
        ended_at=AT + timedelta(seconds=ring_s + talk_s),
        talk_s=talk_s,
        ring_s=ring_s,
        disposition=disposition,
        line="pbx/74950001122",
        customer="k1:0123456789abcdef",
    )
    id_ = facts.event_id("pbx", facts.CALL, "700100200")
    return Fact(id=id_, type=facts.CALL, source="pbx", time=data.ended_at, data=data)


def read(provider: str, sent: Fact, secrets: dict[str, str] | None = None) -> CallEnded:
    """The one call that ingest makes of what is sent."""
    known = PROVIDERS[provider]
    here = Source(source(provider), "Asia/Yekaterinburg", None, lambda number: f"#{number}")
    legs = []
    for outgoing in SENDERS[provider](sent, account(provider)):
        rest = outgoing.path.removeprefix("/hooks/pbx").strip("/")
        request = Request("POST", rest, "", outgoing.headers, outgoing.body, AT)
        known.verify(request, here, {k: (v,) for k, v in (secrets or SECRETS[provider]).items()}, (AT,))
        parsed = known.parse(known.redact(request), here)
        assert not parsed.rejected
        legs += parsed.legs
    all_ = whole({("pbx", leg.call): Known(legs, AT, ("pbx", leg.call)) for leg in legs}, [("pbx", legs[0].call)])
    ((_, call), told) = next(iter(all_.items()))
    draft = known.join(here, call, told.legs)
    assert draft is not None
    assert facts.event_id("pbx", draft.type, draft.provider_id) == sent.id
    assert isinstance(draft.data, CallEnded)
    return draft.data


@each
@pytest.mark.parametrize("meant", MEANT)
def test_ingest_reads_what_was_meant(provider: str, meant: tuple[str, str, int, int]) -> None:
    """The same id, agent, direction, talk and line; times where the vendor tells them; UIS has no dispositions."""
    sent = fact(provider, *meant)
    given, got = sent.data, read(provider, sent)
    assert isinstance(given, CallEnded)
    assert (got.call_id, got.identity, got.direction) == (given.call_id, given.identity, given.direction)
    assert (got.talk_s, got.line, got.started_at) == (given.talk_s, given.line, given.started_at)
    if provider in RINGS:
        assert (got.ended_at, got.answered_at, got.ring_s) == (given.ended_at, given.answered_at, given.ring_s)
    told = given.disposition if provider != "uis" or given.answered_at else "no_answer"
    assert got.disposition == told
    assert (got.customer or "").startswith("#")


@each
def test_a_changed_secret_is_refused(provider: str) -> None:
    """Each of them really is checked."""
    for name in SECRETS[provider]:
        if (provider, name) != ("zadarma", "path"):  # on top of its own check, by the core
            with pytest.raises(Unauthorized):
                read(provider, fact(provider, *MEANT[0]), {**SECRETS[provider], name: "other"})


def test_zadarmas_signature_is_the_vector_of_its_definition() -> None:
    """The vector computed from the vendor's definition."""
    text = "996555000001" + "996555000009" + "2026-09-27 14:00:00"
    expected = "ODYxM2VkNWY5NWQzNWZkN2EwZjU1MmI4MmJlNWNlMmMyN2Y4MGQzNg=="
    assert signature("test-secret-not-real-zadarma-secret", text) == expected


@each
def test_other_facts_are_not_theirs(provider: str) -> None:
    """A PBX sends no deals."""
    state = facts.AgentState(agent="ann", state="paused", at=AT)
    other = msgspec.structs.replace(fact(provider, *MEANT[0]), type=facts.STATE, data=state)
    assert SENDERS[provider](other, account(provider)) == ()
