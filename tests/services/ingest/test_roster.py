"""What the board may ask to be written into the floor file, and what it is told when that cannot be."""

import pytest

from schemas.commands import Assign
from schemas.floor import parse
from services.ingest.providers import PROVIDERS
from services.ingest.roster import Refused, assigned
from tests.services.ingest.conftest import FLOOR


def wanted(agent: str = "maria", source: str = "own", identity: str = "214") -> Assign:
    return Assign(agent=agent, source=source, identity=identity)


def test_an_identity_is_added() -> None:
    """Beside those the agent has."""
    assert parse(assigned(FLOOR, wanted(), PROVIDERS)).agent_by_identity["own", "214"] == "maria"


def test_twice_is_once() -> None:
    """What is so already gives the same text: no second version."""
    once = assigned(FLOOR, wanted(), PROVIDERS)
    assert assigned(once, wanted(), PROVIDERS) == once


@pytest.mark.parametrize(
    ("text", "asked", "problem", "detail"),
    [
        (FLOOR, wanted(agent="nobody"), "no_agent", "nobody"),
        (FLOOR, wanted(source="nowhere"), "no_source", "nowhere"),
        (FLOOR, wanted(identity="222"), "belongs", "ivan"),
        (FLOOR.replace("freeswitch", "forgotten"), wanted(), "invalid", "no provider"),
        ("teams: 7", wanted(), "invalid", "line 1"),
    ],
)
def test_refusals(text: str, asked: Assign, problem: str, detail: str) -> None:
    """A closed word for the page, and the detail."""
    with pytest.raises(Refused) as refused:
        assigned(text, asked, PROVIDERS)
    assert refused.value.problem == problem
    assert detail in refused.value.detail
