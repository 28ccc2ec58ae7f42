"""Norms: who wins, step by step; and the part of a norm that is due."""

import pytest

from services.rules.norms import norms_of
from tests.services.rules.stories import floor

LAYERS = """norms:
  - {for: {floor: main}, per_day: {calls: 10, answered: 1, payments: 1}, reference: {calls: 100}}
  - {for: {floor: main}, weekdays: [mon], per_day: {answered: 2}}
  - {for: {team: hunters}, per_day: {calls: 20, invoices: 0}}
  - {for: {role: caller}, per_day: {calls: 30}, reference: {answered: 40}}
  - {for: {role: caller}, weekdays: [fri], per_day: {calls: 35}}
  - {for: {agent: ivan}, weekdays: [tue], per_day: {calls: 40}}
"""
PEOPLE = """agents:
  - {id: ivan, team: hunters, role: caller}
  - {id: olga, team: hunters, role: closer}
  - {id: petr, team: farmers, role: caller}
  - {id: zoya, team: farmers}
"""


@pytest.mark.parametrize(
    ("agent", "weekday", "expected"),
    [
        ("zoya", "wed", {"calls": 10, "answered": 1, "payments": 1}),
        ("zoya", "mon", {"calls": 10, "answered": 2, "payments": 1}),
        ("olga", "wed", {"calls": 20, "answered": 1, "invoices": 0, "payments": 1}),
        ("petr", "wed", {"calls": 30, "answered": 1, "payments": 1}),
        ("ivan", "wed", {"calls": 30, "answered": 1, "invoices": 0, "payments": 1}),
        ("ivan", "fri", {"calls": 35, "answered": 1, "invoices": 0, "payments": 1}),
        ("ivan", "tue", {"calls": 40, "answered": 1, "invoices": 0, "payments": 1}),
        ("ivan", "mon", {"calls": 30, "answered": 2, "invoices": 0, "payments": 1}),
    ],
)
def test_the_most_specific_wins_step_by_step(agent: str, weekday: str, expected: dict[str, float]) -> None:
    """Agent > role > team > floor, then with weekdays > without; steps nobody mentions keep the wider norm."""
    described = floor(PEOPLE, LAYERS)
    assert norms_of(described, described.agent_by_id[agent], weekday) == expected


def test_the_order_in_the_file_never_matters() -> None:
    """Norms written the other way round are the same norms."""
    turned = "norms:\n" + "\n".join(reversed(LAYERS.splitlines()[1:]))
    one, other = floor(PEOPLE, LAYERS), floor(PEOPLE, turned)
    for agent in one.agents:
        for weekday in ("mon", "tue", "wed", "fri"):
            assert norms_of(one, agent, weekday) == norms_of(other, agent, weekday)


def test_the_reference_is_a_line_of_its_own() -> None:
    """References merge like norms and never mix with them."""
    described = floor(PEOPLE, LAYERS)
    assert norms_of(described, described.agent_by_id["ivan"], "wed", "reference") == {"calls": 100, "answered": 40}
