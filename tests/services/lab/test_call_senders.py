"""Senders of telephony that tells a call in several requests, or without a name: ingest reads each call once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from schemas.facts import CALL, CallEnded, Direction, Disposition, Fact, event_id
from schemas.floor import SourceConfig
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Draft, Leg, Request, Secrets, Source, Unauthorized
from services.lab.senders import SENDERS, Account, Outgoing

BASE = "http://127.0.0.1:8080"
SECRETS = {
    "beeline": {"path": "bee-path"},
    "aircall": {"token": "air-token"},
    "wazo": {"path": "wazo-path"},
    "3cx": {"path": "cx-path", "bearer": "cx-token"},
}
BEGAN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def made(number: int, direction: Direction, disposition: Disposition, ring_s: int, talk_s: int) -> Fact:
    started = BEGAN + timedelta(minutes=number)
    begun = started + timedelta(seconds=ring_s)
    call = CallEnded(
        call_id=f"pbx:call-{number}",
        identity=str(100 + number % 3),
        direction=direction,
        started_at=started,
        answered_at=begun if disposition == "answered" else None,
        ended_at=begun + timedelta(seconds=talk_s),
        talk_s=talk_s,
        ring_s=ring_s,
        disposition=disposition,
        hangup_by="customer",
        line="pbx/74950000099",
        customer=f"k1:{number:016x}",
    )
    return Fact(id=event_id("pbx", CALL, f"call-{number}"), type=CALL, source="pbx", time=call.ended_at, data=call)


FACTS = [
    made(1, "outbound", "answered", 12, 88),
    made(2, "outbound", "answered", 3, 3_700),
    made(3, "outbound", "no_answer", 30, 0),
    made(4, "inbound", "answered", 8, 61),
    made(5, "inbound", "no_answer", 17, 0),
]


def received(request: Outgoing) -> Request:
    path, _, query = request.path.partition("?")
    rest = path.removeprefix("/hooks/pbx").strip("/")
    return Request("POST", rest, query, request.headers, request.body, BEGAN + timedelta(hours=2), BASE + request.path)


def sent(provider: str) -> list[Request]:
    account = Account(SourceConfig(id="pbx", provider=provider), SECRETS[provider], BASE)
    return [received(request) for fact in FACTS for request in SENDERS[provider](fact, account)]


def read(provider: str, requests: Sequence[Request]) -> dict[str, CallEnded]:
    """Calls by event id, of all requests together."""
    known, source = PROVIDERS[provider], Source(SourceConfig(id="pbx", provider=provider), "Europe/Moscow")
    secrets: Secrets = {name: ("older", value) for name, value in SECRETS[provider].items()}
    drafts: list[Draft] = []
    legs: dict[str, list[Leg]] = defaultdict(list)
    for request in requests:
        known.verify(request, source, secrets, (request.received_at,))
        parsed = known.parse(known.redact(request), source)
        assert not parsed.rejected
        drafts += parsed.drafts
        for leg in parsed.legs:
            legs[leg.call].append(leg)
    drafts += [draft for call, parts in legs.items() if (draft := known.join(source, call, parts))]
    calls = {event_id("pbx", draft.type, draft.provider_id): draft.data for draft in drafts}
    return {name: call for name, call in calls.items() if isinstance(call, CallEnded)}


def essence(call: CallEnded) -> tuple[object, ...]:
    times = (call.started_at, call.answered_at, call.ended_at, call.talk_s, call.ring_s)
    return (call.identity, call.direction, call.disposition, *times)


@pytest.mark.parametrize("provider", SECRETS)
def test_ingest_reads_each_call_once(provider: str) -> None:
    """Who, which way, how it went and all times come back, in either order; the ids too where the provider has one."""
    requests = sent(provider)
    found = read(provider, requests)
    assert read(provider, requests[::-1]) == found
    meant = [fact.data for fact in FACTS if isinstance(fact.data, CallEnded)]
    assert sorted(map(essence, found.values()), key=repr) == sorted(map(essence, meant), key=repr)
    if provider != "3cx":
        assert found.keys() == {fact.id for fact in FACTS}


@pytest.mark.parametrize("provider", SECRETS)
def test_a_changed_secret_is_refused(provider: str) -> None:
    """Each of the secrets really is what is checked."""
    known, source = PROVIDERS[provider], Source(SourceConfig(id="pbx", provider=provider))
    request = sent(provider)[0]
    for wrong in SECRETS[provider]:
        secrets = {name: ("other" if name == wrong else value,) for name, value in SECRETS[provider].items()}
        with pytest.raises(Unauthorized):
            known.verify(request, source, secrets, (request.received_at,))
