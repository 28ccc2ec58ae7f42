"""Plivo, RingCentral, Telnyx and Vonage: what their senders write, ingest reads as the calls that were meant."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.facts import CallEnded
from schemas.floor import Floor, parse
from services.ingest.providers.base import Leg, Request, Unauthorized
from services.ingest.reading import join, read
from services.ingest.source import configure
from services.ingest.stamp import stamp
from services.lab.feeder import Planned, plan
from services.lab.senders import plivo, telnyx, vonage
from services.lab.simulate import scenario_named, simulate

URL = "http://127.0.0.1:8080"
LATE = datetime(2030, 1, 1, tzinfo=UTC)
ENVIRONMENT = {
    "PLIVO_TOKEN": "plivo-token",
    "RC_TOKEN": "ringcentral-token",
    "TELNYX_KEY": telnyx.PUBLIC_KEY,
    "VONAGE_SECRET": "an-invented-signature-secret-of-forty-eight-bytes",
}
FLOOR = """
timezone: Europe/Moscow
currency: RUB
day: {breaks: ["13:00-14:00"]}
teams: [{id: one}]
agents:
  - {id: ann, team: one, identities: {plivo: ["ann"]}}
  - {id: bob, team: one, identities: {rc: ["700201"]}}
  - {id: cyd, team: one, identities: {telnyx: ["cyd"]}}
  - {id: dan, team: one, identities: {vonage: ["dan"]}}
norms: [{for: {floor: main}, per_day: {calls: 80, answered: 30, long_calls: 10, presentations: 6, invoices: 3, payments: 2}}]
sources:
  - {id: plivo, provider: plivo, secrets: {auth_token: {env: PLIVO_TOKEN}}, fields: {identity: Agent}, public_url: "https://srez.example/hooks/plivo"}
  - {id: rc, provider: ringcentral, secrets: {validation_token: {env: RC_TOKEN}}}
  - {id: telnyx, provider: telnyx, secrets: {public_key: {env: TELNYX_KEY}}, fields: {identity: client_state.agent}}
  - {id: vonage, provider: vonage, secrets: {signature_secret: {env: VONAGE_SECRET}}, fields: {identity: agent}}
"""


@pytest.fixture(scope="module")
def floor() -> Floor:
    return parse(FLOOR)


def received(one: Planned) -> Request:
    path, _, query = one.request.path.partition("?")
    rest = path.removeprefix(f"/hooks/{one.account.id}").strip("/")
    public = one.account.source.public_url or URL + one.request.path
    return Request("POST", rest, query, one.request.headers, one.request.body, one.at, public)


def test_ingest_reads_the_calls_that_were_meant(floor: Floor) -> None:
    """Each call once, with its agent, times, talk and disposition; Plivo has whole seconds."""
    day = simulate(floor, scenario_named("normal"), seed=6)
    configured = configure(floor, lambda number: number, ENVIRONMENT)
    legs: dict[tuple[str, str], list[Leg]] = defaultdict(list)
    planned, _ = plan(floor, day, ENVIRONMENT, URL)
    for one in planned:
        known, request = configured[one.account.id], received(one)
        assert known.provider is not None
        known.provider.verify(request, known.source, known.secrets, (datetime.now(UTC), one.at))
        parsed = read(known.provider, known.provider.redact(request), known.source)
        assert not parsed.rejected
        for leg in parsed.legs:
            legs[one.account.id, leg.call].append(leg)
    found: dict[str, Any] = {}
    for (source, call), known_legs in legs.items():
        provider = configured[source].provider
        assert provider is not None
        joined = join(provider, configured[source].source, call, known_legs)
        assert joined.draft is not None
        fact = stamp(joined.draft, source, LATE, floor).fact
        found[fact.id] = fact
    meant = {fact.id: fact for fact in day.deliveries if isinstance(fact.data, CallEnded)}
    assert found.keys() == meant.keys()
    assert {fact.source for fact in meant.values()} == {"plivo", "rc", "telnyx", "vonage"}
    for id_, fact in meant.items():
        given, got = fact.data, found[id_].data
        assert isinstance(given, CallEnded)
        assert (got.agent, got.identity, got.call_id) == (fact.agent, given.identity, given.call_id)
        assert (got.direction, got.disposition, got.line) == (given.direction, _told(given), given.line)
        assert abs(got.talk_s - given.talk_s) < 1.01
        assert abs((got.ended_at - given.ended_at).total_seconds()) < 1.01
        assert abs((got.started_at - given.started_at).total_seconds()) < 1.01
        assert (got.answered_at is None) == (given.answered_at is None)


def _told(call: CallEnded) -> str:
    """What the vendor's words can say of a call that failed."""
    source = call.call_id.partition(":")[0]
    if call.disposition not in ("failed", "congestion"):
        return call.disposition
    if source == "telnyx":
        return "congestion" if (call.sip_status or 503) in (500, 502, 503, 504) else "failed"
    return {"plivo": "congestion", "vonage": "failed"}.get(source, call.disposition)


@pytest.mark.parametrize("source", ["plivo", "rc", "telnyx", "vonage"])
def test_a_changed_secret_is_refused(floor: Floor, source: str) -> None:
    """What is signed with another secret, ingest refuses."""
    day = simulate(floor, scenario_named("normal"), seed=6)
    one = next(one for one in plan(floor, day, ENVIRONMENT, URL)[0] if one.account.id == source)
    known = configure(floor, lambda number: number, dict.fromkeys(ENVIRONMENT, "x" * 48))[source]
    assert known.provider is not None
    with pytest.raises(Unauthorized):
        known.provider.verify(received(one), known.source, known.secrets, (one.at,))


def test_plivo_signature_is_the_librarys() -> None:
    """As the vendor's functions make it of a post without a query."""
    parameters = {"CallUUID": "abc", "Duration": "66"}
    made = plivo.signature("my_auth_token", "https://example.com/plivo/hangup", parameters, "12345")
    assert made == "x6UzStjDeGCHZpoSeBkwJfDPjsuNYt3R/6XpJm8lprs="


def test_vonage_token_is_a_jwt() -> None:
    """Three parts, HS256, the hash of the body in it."""
    assert vonage.token("secret", b"{}", 1, "a").startswith("eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9.")
