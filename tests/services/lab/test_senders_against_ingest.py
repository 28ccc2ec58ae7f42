"""What the lab's senders write from the providers' documentation, ingest's parsers read as the facts that were meant."""

import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from schemas.facts import CALL, CallEnded, Fact, InvoiceIssued, Payment
from schemas.floor import Floor
from services.ingest.providers.base import Draft, Leg, Request, Unauthorized
from services.ingest.reading import join, read
from services.ingest.source import configure
from services.ingest.stamp import stamp
from services.lab.feeder import Planned, plan
from services.lab.senders import SENDERS
from services.lab.simulate import FloorDay, scenario_named, simulate
from tests.services.lab.floors import CRMS, ENVIRONMENT, example, other_providers, with_crm
from tests.support.every_provider import environment, everybody, floor_of

URL = "http://127.0.0.1:8080"


def _request(one: Planned) -> Request:
    path, _, query = one.request.path.partition("?")
    rest = path.removeprefix(f"/hooks/{one.account.id}").strip("/")
    public = one.account.source.public_url or URL + one.request.path
    return Request("POST", rest, query, one.request.headers, one.request.body, one.at, public)


def _read_back(floor: Floor, day: FloorDay) -> tuple[dict[str, Fact], int]:
    """Facts by id as ingest makes them of the day's requests, and how many requests were rejected."""
    configured = configure(floor, lambda number: number, ENVIRONMENT)
    drafts: list[tuple[str, Draft]] = []
    legs: Mapping[tuple[str, str], list[Leg]] = defaultdict(list)
    rejected = 0
    for one in plan(floor, day, ENVIRONMENT, URL)[0]:
        known, request = configured[one.account.id], _request(one)
        assert known.provider is not None
        known.provider.verify(request, known.source, known.secrets, (datetime.now(UTC), one.at))
        parsed = read(known.provider, known.provider.redact(request), known.source)
        rejected += bool(parsed.rejected)
        drafts += [(one.account.id, draft) for draft in parsed.drafts]
        for leg in parsed.legs:
            legs[one.account.id, leg.call].append(leg)
    for (source, call), known_legs in legs.items():
        provider = configured[source].provider
        assert provider is not None
        joined = join(provider, configured[source].source, call, known_legs)
        assert joined.draft is not None
        drafts.append((source, joined.draft))
    late = datetime(2030, 1, 1, tzinfo=UTC)
    facts = [stamp(draft, source, late, floor).fact for source, draft in drafts]
    return {fact.id: fact for fact in facts}, rejected


def _essence(fact: Fact) -> tuple[object, ...]:
    call = fact.data
    if not isinstance(call, CallEnded):
        return (fact.type, fact.source, fact.time, fact.agent, fact.identity or fact.agent)
    return (
        fact.type, fact.source, fact.time, fact.agent, fact.identity, call.call_id, call.direction, call.started_at,
        call.answered_at, call.ended_at, call.talk_s, call.ring_s, call.disposition, call.sip_status, call.q850, call.line,
    )  # fmt: skip


def test_ingest_reads_the_demo_day_as_it_was_made() -> None:
    """FreeSWITCH legs, Mango, amoCRM and CloudEvents give back every fact: same id, agent, times, codes and line."""
    floor = example()
    day = simulate(floor, scenario_named("demo"), seed=5)
    found, rejected = _read_back(floor, day)
    meant = {fact.id: fact for fact in day.deliveries}
    assert rejected > 0  # the odd bodies
    assert found.keys() == meant.keys()
    answered_q850 = {None, 16}  # of an answered call the cause says nothing
    for id_, fact in meant.items():
        given, got = fact.data, found[id_].data
        if isinstance(given, CallEnded) and isinstance(got, CallEnded) and given.disposition == "answered":
            assert {given.q850, got.q850} <= answered_q850
            assert (got.talk_s, got.line, got.ended_at) == (given.talk_s, given.line, given.ended_at)
            assert got.hangup_by == given.hangup_by
        else:
            assert _essence(found[id_]) == _essence(fact)


def test_ingest_reads_bitrix_twilio_and_cloudevents() -> None:
    """The other senders give back every fact with its agent, talk and disposition; these providers send no ringing time."""
    floor = other_providers()
    day = simulate(floor, scenario_named("normal"), seed=6)
    found, rejected = _read_back(floor, day)
    meant = {fact.id: fact for fact in day.deliveries if fact.source != "lab"}
    assert rejected == 0
    assert found.keys() == meant.keys()
    for id_, fact in meant.items():
        assert (found[id_].agent, found[id_].identity) == (fact.agent, fact.identity or fact.agent)
        given, got = fact.data, found[id_].data
        if isinstance(given, CallEnded) and isinstance(got, CallEnded):
            assert (got.talk_s, got.disposition, got.direction) == (given.talk_s, given.disposition, given.direction)


@pytest.mark.parametrize("provider", CRMS)
@pytest.mark.parametrize("scenario", ["normal", "demo"])
def test_ingest_reads_the_deals_of_a_crm(provider: str, scenario: str) -> None:
    """Every presentation, invoice and payment comes back with its id, time, agent and money."""
    floor = with_crm(provider)
    day = simulate(floor, scenario_named(scenario), seed=7)
    found, _ = _read_back(floor, day)
    meant = {fact.id: fact for fact in day.deliveries if fact.source == "crm"}
    assert {fact.type.split(".")[1] for fact in meant.values()} == {"presentation", "invoice", "payment"}
    assert {id_ for id_, fact in found.items() if fact.source == "crm"} == meant.keys()
    for id_, fact in meant.items():
        assert _essence(found[id_]) == _essence(fact)
        given, got = fact.data, found[id_].data
        if isinstance(given, InvoiceIssued | Payment) and isinstance(got, InvoiceIssued | Payment):
            assert (got.amount_minor, got.currency) == (given.amount_minor, given.currency)


@pytest.mark.parametrize("provider", CRMS)
def test_a_changed_secret_of_a_crm_is_refused(provider: str) -> None:
    """With another secret ingest refuses what the CRM sent."""
    floor = with_crm(provider)
    day = simulate(floor, scenario_named("normal"), seed=7)
    planned = next(one for one in plan(floor, day, ENVIRONMENT, URL)[0] if one.account.id == "crm")
    known = configure(floor, lambda number: number, dict.fromkeys((*ENVIRONMENT, "HUBSPOT_TOKEN"), "other:other"))
    provider_ = known["crm"].provider
    assert provider_ is not None
    with pytest.raises(Unauthorized):
        provider_.verify(_request(planned), known["crm"].source, known["crm"].secrets, (datetime.now(UTC),))


@pytest.mark.parametrize("provider", ["mango", "amocrm", "generic", "freeswitch"])
def test_a_changed_secret_is_refused(provider: str) -> None:
    """The signatures and secrets really are what is checked: with another secret ingest refuses the same request."""
    floor = example()
    day = simulate(floor, scenario_named("demo"), seed=5)
    planned = next(one for one in plan(floor, day, ENVIRONMENT, URL)[0] if one.account.source.provider == provider)
    other = {name: ("whsec_b3RoZXI=" if name == "OWN_SIGNING" else "other:other") for name in ENVIRONMENT}
    known = configure(floor, lambda number: number, other)[planned.account.id]
    assert known.provider is not None
    with pytest.raises(Unauthorized):
        known.provider.verify(_request(planned), known.source, known.secrets, (datetime.now(UTC),))


def test_every_call_has_a_sender() -> None:
    """No telephony of the example floor is left unfed."""
    floor = example()
    day = simulate(floor, scenario_named("demo"), seed=1)
    planned, unfed = plan(floor, day, ENVIRONMENT, URL)
    assert not unfed
    assert {one.fact.source for one in planned if one.fact and one.fact.type == CALL} == {"fs-office", "mango-main"}
    assert set(SENDERS) >= {source.provider for source in floor.sources}


def test_a_request_is_signed_when_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planned in the morning and sent in the evening, it is no older than any other: every provider's is accepted."""
    floor = floor_of(everybody(1))
    planned, _ = plan(floor, simulate(floor, scenario_named("normal"), seed=1), environment(), URL)
    evening = datetime.now(UTC) + timedelta(hours=9)
    monkeypatch.setattr(time, "time", evening.timestamp)
    configured = configure(floor, environment=environment())
    for one in {one.account.id: one for one in planned}.values():
        known = configured[one.account.id]
        assert known.provider is not None
        known.provider.verify(_request(one), known.source, known.secrets, (evening,))
    assert {one.account.id for one in planned} == SENDERS.keys()
