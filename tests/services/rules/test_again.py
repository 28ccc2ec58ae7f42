"""Slices seen again: what differs is found by exposures alone, and nothing is judged of a day that stayed as it was."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor import Floor
from schemas.steps import Step
from services.rules.closing import Evidence, Frozen
from services.rules.closing.again import again, other
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.spans import Spans
from tests.services.rules.stories import MONDAY, floor, instant, spans
from tests.services.rules.test_closing import PLAIN, closed

TEAM_OF = {f"{team[0]}{n}": team for team in ("hunters", "farmers") for n in range(2)}
CALLS = "{for: {floor: main}, per_day: {calls: 80}}"
MARKS = "{for: {team: farmers}, per_day: {presentations: 8}}"


def staffed(*gone: str, norms: str = f"{CALLS}, {MARKS}") -> Floor:
    own = ", ".join(f"{{id: {agent}, team: {team}}}" for agent, team in TEAM_OF.items() if agent not in gone)
    return floor(f"agents: [{own}]", f"norms: [{norms}]", PLAIN)


FLOOR = staffed()
FLOORS = (FLOOR, staffed("h0"), staffed("f1"), staffed(norms=CALLS))
"""As it was; somebody has left; a norm is none any more."""
LOST = (
    (),
    spans("09:00-09:20"),
    spans("12:40-13:00"),
    spans("10:30-11:30"),
    spans("12:00-13:10"),
    spans("13:00-14:00"),
    spans("09:00-18:00"),
)
People = Mapping[str, Spans]
PEOPLE = st.fixed_dictionaries({agent: st.sampled_from(LOST) for agent in TEAM_OF})
STEPS_DONE: tuple[Step, ...] = ("calls", "presentations", "payments")
COUNTS = st.fixed_dictionaries(
    {agent: st.dictionaries(st.sampled_from(STEPS_DONE), st.integers(0, 40)) for agent in TEAM_OF}
)


def frozen(slice_: str, done: Mapping[str, Mapping[Step, int]], then: People) -> Frozen:
    return Frozen(CutOff(slice_, instant(slice_)), closed(FLOOR, slice_, done, technical={MONDAY: then}).rows)


def view(of: Floor, now: People) -> FloorView:
    return FloorView(of, MONDAY, Evidence({}, {}, technical={MONDAY: now}))


@given(COUNTS, PEOPLE, PEOPLE, st.sampled_from(FLOORS))
def test_what_differs_is_what_the_dues_say(
    done: Mapping[str, Mapping[Step, int]], then: People, now: People, of: Floor
) -> None:
    """Of some nothing is due of what they did; minutes may be others while as many, from a later slice on."""
    differing: set[str] = set()
    for one in again(view(of, now), [frozen(slice_, done, then) for slice_ in ("11:00", "13:00", "16:00")]):
        rows = {(row.agent, row.step): row for row in one.frozen.rows}
        differing |= {due.team for due in one.dues if other(rows[due.agent, due.step].target, due.expected)}
        assert one.differing == differing
        assert [now.due for now in one.judged] == (list(one.dues) if differing else [])


def test_a_day_of_which_nothing_was_learned_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes after the cut-off and of a break are nothing new: neither dues nor verdicts are made, levels stay."""
    slices = [frozen(slice_, {"h0": {"calls": 3}}, {}) for slice_ in ("11:00", "13:00")]
    for name in ("dues", "judge"):
        monkeypatch.delattr(f"services.rules.closing.again.{name}")
    seen = list(again(view(FLOOR, {"h0": spans("13:00-14:00"), "f1": spans("15:00-16:00")}), slices))
    assert [one.levels for one in seen] == [{(row.agent, row.step): row.level for row in one.rows} for one in slices]
    assert [(one.judged, one.differing) for one in seen] == [((), frozenset())] * 2
    with pytest.raises(NameError):
        list(again(view(FLOOR, {"h0": spans("10:00-10:30")}), slices))
