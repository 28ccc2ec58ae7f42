"""What is said in simulated calls."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import CallEnded, CallTranscribed
from schemas.floor.default_card import DEFAULT_CARD
from services.lab.simulate import scenario_named, simulate
from services.lab.simulate.dialogue import Technique, spoken, technique
from services.lab.simulate.scripts import STAGES
from services.local.demo.day import prepare
from services.rules.quality.reading import read

ALL = Technique(dict.fromkeys(STAGES, 1.0), 0.0)
NONE = Technique(dict.fromkeys(STAGES, 0.0), 1.0)


def stages(by: Technique, language: str, seed: int = 1) -> tuple[str, ...]:
    said = spoken(Random(seed), by, name="Anna", language=language, talk_s=700, presented=by is ALL)
    return read(DEFAULT_CARD, CallTranscribed(call_id="c", language=language, segments=said)).stages


def test_every_part_is_evidence_of_its_stage() -> None:
    """The default card hears a stage in any of the exchanges it may be made of, in both languages, and nothing in idle talk."""
    for language in ("ru", "en"):
        assert all(stages(ALL, language, seed) == tuple(STAGES) for seed in range(30)), language
        assert all("presentation" not in stages(NONE, language, seed) for seed in range(30)), language


@given(st.integers(0, 500), st.floats(60, 4000), st.booleans())
def test_people_speak_in_turn_within_their_call(seed: int, talk_s: float, presented: bool) -> None:
    """Segments follow each other and end before the call does, however short it is."""
    by = technique(Random(seed), 0.5)
    said = spoken(Random(seed), by, name="Анна", language="ru", talk_s=talk_s, presented=presented)
    assert all(one.start_s < one.end_s for one in said)
    assert all(one.end_s <= other.start_s + 0.11 for one, other in pairwise(said))
    assert said[-1].end_s <= talk_s


def test_the_demo_has_a_life_of_the_card() -> None:
    """Most long calls are transcribed, some without some stages, some with a ban; another scenario has none."""
    demo = prepare()
    written = [fact.data for fact in demo.day.deliveries if isinstance(fact.data, CallTranscribed)]
    calls = {
        fact.data.call_id
        for fact in demo.day.deliveries
        if isinstance(fact.data, CallEnded) and fact.data.talk_s >= 600
    }
    assert {one.call_id for one in written} <= calls
    assert 0.5 < len({one.call_id for one in written}) / len(calls) < 0.9
    found = [read(DEFAULT_CARD, one) for one in written]
    assert len({one.stages for one in found}) > 5
    assert any(one.bans for one in found)
    other = simulate(demo.floor, scenario_named("normal"), seed=1)
    assert not any(isinstance(fact.data, CallTranscribed) for fact in other.deliveries)
