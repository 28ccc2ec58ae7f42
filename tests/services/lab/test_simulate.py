"""Simulated days: the same from the same seed, physically possible, at the norm, and told truly."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION, STATE, TRANSCRIPT, CallEnded, Fact, decode, event_id
from schemas.steps import STEPS
from services.kit.errors import BadInput
from services.lab.senders import SENDERS
from services.lab.simulate import SCENARIOS, FloorDay, scenario_named, simulate
from services.lab.simulate.floor_day import UNKNOWN_IDENTITY
from services.lab.simulate.names import name_of
from services.lab.simulate.paths import of_kind, telephony
from tests.services.lab.floors import example, other_providers
from tests.support.every_provider import everybody, floor_of

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = date(2026, 11, 23)


def _day(name: str, seed: int = 1, **options: object) -> FloorDay:
    return simulate(example(), scenario_named(name), seed=seed, **options)  # type: ignore[arg-type]


def _distinct(day: FloorDay) -> list[Fact]:
    return list({fact.id: fact for fact in day.deliveries}.values())


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_same_seed_same_bytes(name: str) -> None:
    """Facts and truth are byte-identical for one seed and differ for another."""
    one, same, other = _day(name, 7), _day(name, 7), _day(name, 8)
    assert (one.ndjson(), one.truth.json()) == (same.ndjson(), same.truth.json())
    assert one.ndjson() != other.ndjson()


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_line_is_a_fact(name: str) -> None:
    """Each line decodes to the fact that was made, in order of arrival, and its id is its provider's own."""
    day = _day(name)
    decoded = [decode(line) for line in day.ndjson().splitlines()]
    assert decoded == list(day.deliveries)
    received = [fact.received_at for fact in decoded if fact.received_at]
    assert len(received) == len(decoded)
    assert received == sorted(received)
    assert all(name_of(fact) for fact in decoded)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_nobody_is_in_two_calls_at_once(name: str) -> None:
    """An agent's calls follow one another, within the agent's own shift and never in the break."""
    calls = defaultdict(list)
    for fact in _distinct(_day(name)):
        if isinstance(fact.data, CallEnded) and fact.agent:
            calls[fact.agent].append(fact.data)
    assert len(calls) == 18
    for agent, found in calls.items():
        found.sort(key=lambda call: call.started_at)
        assert all(one.ended_at <= other.started_at for one, other in pairwise(found)), agent
        clock = [(call.started_at.astimezone(MOSCOW), call.ended_at.astimezone(MOSCOW)) for call in found]
        hours = ("10:00", "16:00") if agent == "ksenia" else ("09:00", "18:00")
        assert all(hours[0] <= f"{start:%H:%M}" and f"{end:%H:%M:%S}" <= f"{hours[1]}:00" for start, end in clock)
        assert not any(f"{end:%H:%M:%S}" > "13:00:00" and f"{start:%H:%M}" < "14:00" for start, end in clock)


def test_calls_are_consistent() -> None:
    """Talk and ringing add up, and only answered calls have talk."""
    for fact in _distinct(_day("demo")):
        call = fact.data
        if isinstance(call, CallEnded):
            assert call.ended_at - call.started_at == timedelta(seconds=(call.ring_s or 0) + call.talk_s)
            assert (call.disposition == "answered") == (call.talk_s > 0) == (call.answered_at is not None)


def test_counts_of_a_normal_floor_are_poisson_around_the_norm() -> None:
    """Over many agent-days of the normal scenario the mean is the norm within sampling error and the variance the mean."""
    floor = example()
    totals: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    scatter: dict[str, list[float]] = defaultdict(list)
    for seed in range(25):
        truth = simulate(floor, scenario_named("normal"), seed=seed).truth
        for agent, steps in truth.counts[truth.dates[0]].items():
            for step, count in steps.items():
                mean = truth.agents[agent].expected[step]
                totals[step] += count.day
                expected[step] += mean
                scatter[step].append((count.day - mean) ** 2 / mean)
    for step in STEPS:
        error = 4 * expected[step] ** -0.5 + 0.03  # four standard errors, and 3 % for deals that end after the last day
        assert abs(totals[step] / expected[step] - 1) < error, step
        dispersion = sum(scatter[step]) / len(scatter[step])
        assert 0.7 < dispersion < 1.35, step


def test_skill_shows_in_the_counts() -> None:
    """In the demo the weak come out at their skill: dials of a slow dialler, long calls of one without technique."""
    got: Counter[tuple[str, str]] = Counter()
    want: Counter[tuple[str, str]] = Counter()
    for seed in range(12):
        truth = _day("demo", seed).truth
        for agent in ("timur", "olga"):
            for step in STEPS:
                got[agent, step] += truth.counts[truth.dates[0]][agent][step].day
                want[agent, step] += truth.agents[agent].expected[step] * 1000
    assert {step: _day("demo").truth.agents["timur"].skill[step] for step in STEPS} == dict.fromkeys(STEPS, 0.5)
    assert _day("demo").truth.agents["olga"].skill["calls"] == 1
    assert _day("demo").truth.agents["olga"].skill["long_calls"] == 0.5
    for pair in (("timur", "calls"), ("timur", "long_calls"), ("olga", "calls"), ("olga", "long_calls")):
        assert got[pair] * 1000 / want[pair] == pytest.approx(1, abs=0.25), pair


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_truth_is_what_the_file_says(name: str) -> None:
    """Counting distinct facts of the file by hand gives the truth: per agent, step, day and slice, and its lists."""
    day = _day(name, 3)
    truth = json.loads(day.truth.json())
    (date_,) = truth["dates"]
    counts: Counter[tuple[str, str, str]] = Counter()
    lines = [json.loads(line) for line in day.ndjson().splitlines()]
    for event in {event["id"]: event for event in lines}.values():
        data, agent = event["data"], event["data"]["agent"]
        at = datetime.fromisoformat(event["time"]).astimezone(MOSCOW)
        slice_ = next((cut for cut in ("11:00", "13:00", "16:00", "18:00") if f"{at:%H:%M:%S}" <= f"{cut}:00"), "after")
        steps = {
            PRESENTATION: ["presentations"],
            INVOICE: ["invoices"],
            PAYMENT: ["payments"],
            STATE: [],
            TRANSCRIPT: [],
        }.get(event["type"])
        if event["type"] == CALL:
            steps = ["calls"]
            steps += ["answered"] if data["disposition"] == "answered" else []
            steps += ["long_calls"] if data["disposition"] == "answered" and data["talk_s"] >= 600 else []
        assert steps is not None
        for step in steps:
            if agent:
                counts[agent, step, slice_] += 1
    told = {
        (agent, step, slice_): number
        for agent, steps_ in truth["counts"][date_].items()
        for step, count in steps_.items()
        for slice_, number in count["slices"].items()
        if number
    }
    assert dict(counts) == told
    seen = Counter(event["id"] for event in lines)
    assert sorted(id_ for id_, times in seen.items() if times > 1) == sorted(truth["duplicated"])
    assert (len(seen), len(lines)) == (truth["facts"], truth["deliveries"])


def test_a_dead_trunk_fails_every_attempt_and_only_then() -> None:
    """Within the outage attempts on the dead trunk fail with Q.850 34 / SIP 503 in seconds; other lines go on."""
    day = _day("trunk_dead")
    (outage,) = day.truth.outages
    assert (outage.scope, f"{outage.started:%H:%M}", f"{outage.ended:%H:%M}") == (
        "line:fs-office/trunk-a",
        "14:20",
        "14:55",
    )
    failed = 0
    for fact in _distinct(day):
        call = fact.data
        if not isinstance(call, CallEnded):
            continue
        dead = outage.started <= call.started_at < outage.ended and call.line == outage.line
        assert (call.q850 == 34) == dead
        if dead:
            failed += 1
            assert (call.sip_status, call.disposition, call.talk_s) == (503, "congestion", 0)
    assert failed == outage.attempts == outage.failures >= 12
    assert outage.fourth_failure is not None
    assert len(outage.agents) >= 4


def test_a_silent_pbx_brings_nothing() -> None:
    """Between 11:30 and 12:30 no call of the silent source ends, while the other PBX goes on."""
    day = _day("pbx_silent")
    (outage,) = day.truth.outages
    inside = [fact for fact in day.deliveries if fact.type == CALL and outage.started < fact.time < outage.ended]
    assert {fact.source for fact in inside} == {"mango-main"}


def test_the_demo_is_untidy_as_promised() -> None:
    """Late ones come beyond the grace, duplicates twice, strangers without an agent, and one workplace is broken."""
    day = _day("demo", 11)
    truth = day.truth
    by_id = {fact.id: fact for fact in reversed(day.deliveries)}
    assert truth.late
    assert truth.duplicated
    assert truth.odd == len(day.odd) > 0
    for id_ in truth.late:
        received = by_id[id_].received_at
        assert received is not None
        assert (received - by_id[id_].time).total_seconds() > 180
    strangers = [by_id[id_] for id_ in truth.unattributed]
    assert {(fact.agent, fact.identity) for fact in strangers} == {(None, UNKNOWN_IDENTITY)}
    states = [(fact.agent, fact.data.state) for fact in by_id.values() if fact.type == STATE]  # type: ignore[union-attr]
    assert sorted(states) == [("ruslan", "available"), ("ruslan", "technical")]


def test_days_follow_the_calendar() -> None:
    """Several days skip the weekend; a Friday story moves to Friday; an invoice never comes before its presentation."""
    day = _day("normal", days=2, date=date(2026, 11, 27))
    assert day.truth.dates == ["2026-11-27", "2026-11-30"]
    assert _day("quiet_friday").truth.dates == ["2026-11-27"]
    presented = {name_of(fact): fact.time for fact in _distinct(day) if fact.type == PRESENTATION}
    invoiced = {name_of(fact): fact.time for fact in _distinct(day) if fact.type == INVOICE}
    paid = {name_of(fact): fact.time for fact in _distinct(day) if fact.type == PAYMENT}
    assert all(presented[deal] < at for deal, at in invoiced.items() if deal in presented)
    assert all(invoiced[deal] < at for deal, at in paid.items() if deal in invoiced)


def test_any_floor_can_be_simulated() -> None:
    """A floor with other providers, one without any source, and the shape of facts where agents are named outright."""
    day = simulate(other_providers(), scenario_named("trunk_dead"), seed=2)
    assert {fact.source for fact in day.deliveries} == {"portal", "cloud", "own"}
    bare = example().model_copy(update={"sources": ()})
    found = simulate(bare, scenario_named("demo"), seed=2)
    assert {fact.source for fact in found.deliveries} == {"lab"}
    assert all(fact.agent for fact in found.deliveries)


def test_an_unknown_scenario_names_the_known_ones() -> None:
    """A wrong name is answered with all right ones."""
    with pytest.raises(BadInput) as raised:
        scenario_named("nope")
    assert all(name in str(raised.value) for name in SCENARIOS)


def test_every_provider_has_its_part() -> None:
    """Whatever the guides call telephony, a CRM or a payment system, a sender plays; each brings the facts it can tell."""
    assert telephony() | of_kind("crm") | of_kind("payments") <= SENDERS.keys()
    day = simulate(floor_of(everybody()), scenario_named("normal"), seed=2, days=2)
    told = defaultdict(set)
    for fact in day.deliveries:
        told[fact.source].add(fact.type)
    assert told.keys() == SENDERS.keys()
    assert all(CALL in told[provider] for provider in telephony())
    assert (told["stripe"], told["yookassa"]) == ({INVOICE, PAYMENT}, {PAYMENT})
    assert all(told[provider] == {PRESENTATION, INVOICE, PAYMENT} for provider in of_kind("crm"))


def test_names_are_as_their_providers_give_them() -> None:
    """Asterisk's id of a call begins with the second it began; Stripe's invoice and payment have ids of their own."""
    day = simulate(floor_of(everybody()), scenario_named("normal"), seed=2)
    for fact in day.deliveries:
        data = fact.data
        if fact.source == "asterisk" and isinstance(data, CallEnded):
            assert name_of(fact).partition(".")[0] == f"{data.started_at.timestamp():.0f}"
        if fact.source == "stripe":
            assert name_of(fact).startswith("in_" if fact.type == INVOICE else "pi_")
        assert fact.id == event_id(fact.source, fact.type, name_of(fact))
