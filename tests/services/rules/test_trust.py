"""The trust gate: why nobody is judged, and who still is."""

import pytest

from schemas.floor import Floor, parse
from services.rules.trust import TrustEvidence, gate

FLOOR: Floor = parse(
    """
timezone: Europe/Moscow
teams: [{id: hunters}, {id: farmers}]
sources:
  - {id: mango, provider: mango, feeds: [calls]}
  - {id: fs, provider: freeswitch, feeds: [calls]}
  - {id: crm, provider: bitrix24, feeds: [presentations, invoices, payments]}
agents:
  - {id: ivan, team: hunters, identities: {mango: ["1"]}}
  - {id: petr, team: farmers, identities: {fs: ["1"]}}
"""
)
TWO_PBX = """
timezone: Europe/Moscow
teams: [{id: hunters}]
sources: [{id: mango, provider: mango, feeds: [calls]}, {id: spare, provider: freeswitch, feeds: [calls]}]
agents: [{id: ivan, team: hunters, identities: {mango: ["1"], spare: ["1"]}}]
"""
CALLS = ("calls", "answered", "long_calls")
DEALS = ("presentations", "invoices", "payments")


def doubted(team: str, **seen: object) -> dict[str, tuple[str, ...]]:
    """Steps of a team with their doubts."""
    found = gate(FLOOR, TrustEvidence(**seen))  # type: ignore[arg-type]
    return {step: why for step, why in found[team].items() if why}


def test_good_data_are_trusted() -> None:
    """Nothing known against them: no doubts, for every team and step."""
    assert doubted("hunters") == doubted("farmers") == {}


def test_a_silent_source_hides_its_own_steps_of_its_own_teams() -> None:
    """Mango silent: calls of hunters; the farmers call over another one. The CRM silent: deals of both."""
    assert doubted("hunters", silent=frozenset({"mango"})) == dict.fromkeys(CALLS, ("silent:mango",))
    assert doubted("farmers", silent=frozenset({"mango"})) == {}
    assert doubted("farmers", silent=frozenset({"crm"})) == dict.fromkeys(DEALS, ("silent:crm",))


def test_a_feed_that_stopped_hides_its_step_though_the_source_is_heard() -> None:
    """Invoices go on, presentations stopped: only presentations cannot be judged (DOMAIN §5 a)."""
    quiet = frozenset({("crm", "presentations")})
    assert doubted("hunters", silent_feeds=quiet) == {"presentations": ("silent:crm",)}
    assert doubted("hunters", silent_feeds=frozenset({("other", "presentations")})) == {}


def test_a_source_that_never_sent_anything_hides_its_steps() -> None:
    """Not connected yet: nobody is blamed for calls that nobody reports. Silent and never heard is said once."""
    never = frozenset({"mango"})
    assert doubted("hunters", unheard=never) == dict.fromkeys(CALLS, ("unheard:mango",))
    assert doubted("farmers", unheard=never) == {}
    assert doubted("hunters", unheard=never, silent=never) == dict.fromkeys(CALLS, ("silent:mango",))
    assert doubted("farmers", unheard=frozenset({"crm"})) == dict.fromkeys(DEALS, ("unheard:crm",))


def test_a_second_source_that_was_never_heard_takes_nothing_away() -> None:
    """A PBX for bad days, beside one that is heard: calls are judged; with neither heard they are not."""
    floor = parse(TWO_PBX)
    assert not any(gate(floor, TrustEvidence(unheard=frozenset({"spare"})))["hunters"].values())
    both = gate(floor, TrustEvidence(unheard=frozenset({"mango", "spare"})))["hunters"]
    assert both["calls"] == ("unheard:mango", "unheard:spare")


@pytest.mark.parametrize(("delay", "doubt"), [(179.999, False), (180.0, True), (600.0, True)])
def test_late_calls(delay: float, doubt: bool) -> None:
    """p95 of received − occurred has to stay under the grace of three minutes; it taints every step of the team."""
    wanted = dict.fromkeys((*CALLS, *DEALS), ("late:fs",)) if doubt else {}
    assert doubted("farmers", delay_p95_s={"fs": delay}) == wanted
    assert doubted("hunters", delay_p95_s={"fs": delay}) == {}


@pytest.mark.parametrize(("unusable", "facts", "doubt"), [(0, 0, 0), (4, 100, 0), (5, 100, 6), (1, 1, 6), (0, 100, 0)])
def test_rejected_and_unattributed(unusable: int, facts: int, doubt: int) -> None:
    """Under 5 % of the day's facts is fine; 5 % is not."""
    assert len(doubted("hunters", unusable=unusable, facts=facts)) == doubt


@pytest.mark.parametrize(
    ("seen", "word"),
    [({"replaying": True}, "replay"), ({"backlog": 1}, "backlog"), ({"differing": True}, "difference")],
)
def test_work_in_progress(seen: dict[str, object], word: str) -> None:
    """A replay, unparsed webhooks or a lasting difference make everything wait."""
    for team in ("hunters", "farmers"):
        assert doubted(team, **seen) == dict.fromkeys((*CALLS, *DEALS), (word,))


def test_all_reasons_are_told() -> None:
    """Each reason stands on its own, in order."""
    found = doubted("hunters", silent=frozenset({"mango"}), delay_p95_s={"mango": 200}, unusable=9, facts=10, backlog=2)
    assert found["calls"] == ("silent:mango", "late:mango", "rejected", "backlog")
