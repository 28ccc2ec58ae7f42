"""Beside each chart: the norm of a full shift, whose it is, and the line of the best."""

from services.board.view.agent import NormLine, norm_lines
from tests.services.rules.stories import floor

NORMS = """norms:
  - {for: {floor: main}, per_day: {calls: 80, payments: 1}}
  - {for: {team: hunters}, per_day: {calls: 90}, reference: {calls: 110}}
  - {for: {role: caller}, per_day: {answered: 30}}
  - {for: {agent: ivan}, weekdays: [mon], per_day: {calls: 70}}
"""


def test_whose_norm_it_is() -> None:
    """The most specific one, by the name people know it by; a reference of a wider segment stands beside it."""
    described = floor(norms=NORMS, teams="[{id: hunters, name: Хантеры}, {id: farmers}]")
    ivan = described.agent_by_id["ivan"]
    assert norm_lines(described, ivan, "mon") == {
        "calls": NormLine(70, "agent", "ivan", 110),
        "answered": NormLine(30, "role", "caller", None),
        "payments": NormLine(1, "floor", "main", None),
    }
    assert norm_lines(described, ivan, "tue")["calls"] == NormLine(90, "team", "Хантеры", 110)
