"""The sample transcript of the documentation holds what it is shown for."""

from pathlib import Path

from schemas import facts
from schemas.facts import CallTranscribed
from schemas.floor.default_card import DEFAULT_CARD
from services.rules.quality.reading import read

SAMPLE = Path(__file__).parents[4] / "docs" / "transcript.example.json"


def test_every_stage_is_heard_in_the_sample() -> None:
    """By the default card; no ban."""
    data = facts.decode(SAMPLE.read_bytes()).data
    assert isinstance(data, CallTranscribed)
    found = read(DEFAULT_CARD, data)
    assert found.stages == DEFAULT_CARD.stages
    assert found.bans == {}
