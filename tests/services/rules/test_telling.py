"""Of the detectors that see one drop, one tells it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.rules.day import working_day
from services.rules.telling import Claim, claim, told
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.payloads import floor as parse_floor

ON = parse_floor(FLOOR)
START = datetime(2026, 11, 23, 8, tzinfo=UTC)
TEAM, WHOLE = f"team:{ON.teams[0].id}", "floor:floor"


def seen(detector: str, subject: str, fired: int, resolved: int | None = None, since: int | None = None) -> Claim:
    def at(minute: int) -> datetime:
        return START + timedelta(minutes=minute)

    return Claim(
        detector, subject, at(fired if since is None else since), at(fired), None if resolved is None else at(resolved)
    )


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param(
            [seen("team", TEAM, 0), seen("efficiency_drop", TEAM, 0)], [("team", None)], id="the common cause"
        ),
        pytest.param(
            [seen("team_drop", TEAM, 60, since=0), seen("efficiency_drop", WHOLE, 30)],
            [("efficiency_drop", None)],
            id="a drop of the floor tells every team's",
        ),
        pytest.param(
            [seen("team_drop", TEAM, 60, since=0), seen("efficiency_drop", TEAM, 20, 50)],
            [("efficiency_drop", None)],
            id="over by the cut-off, within the slice",
        ),
        pytest.param(
            [seen("team_drop", TEAM, 60, since=30), seen("efficiency_drop", TEAM, 0, 30)],
            [("efficiency_drop", None), ("team_drop", None)],
            id="one after the other",
        ),
        pytest.param(
            [seen("team", TEAM, 60), seen("efficiency_drop", TEAM, 30)],
            [("efficiency_drop", 60), ("team", None)],
            id="told before, ends there",
        ),
        pytest.param(
            [seen("team", TEAM, 60), seen("efficiency_drop", TEAM, 10, 30)],
            [("efficiency_drop", None), ("team", None)],
            id="over before",
        ),
        pytest.param(
            [seen("team", "team:other", 0), seen("efficiency_drop", TEAM, 0)],
            [("efficiency_drop", None), ("team", None)],
            id="another team",
        ),
    ],
)
def test_one_tells(claims: list[Claim], expected: list[tuple[str, int | None]]) -> None:
    found = told(ON, claims)
    ends = [
        (one.detector, None if taken is None else round((taken - START).total_seconds() / 60))
        for one, taken in found.items()
    ]
    assert sorted(ends, key=lambda own: own[0]) == expected


def test_order_of_claims_does_not_matter() -> None:
    claims = [seen("team", TEAM, 60), seen("efficiency_drop", TEAM, 30), seen("team_drop", TEAM, 60, since=0)]
    assert told(ON, claims) == told(ON, claims[::-1])


def test_teams_with_half_of_the_people_tell_the_floor_drop() -> None:
    people = {team.id: sum(agent.team == team.id for agent in ON.agents) for team in ON.teams}
    for team, own in people.items():
        found = told(ON, [seen("team", f"team:{team}", 0), seen("efficiency_drop", WHOLE, 30)])
        assert (len(found) == 1) == (2 * own >= len(ON.agents))


def test_a_drop_of_a_slice_began_with_it() -> None:
    day = working_day(ON, START.date())
    first, second = day.cut_offs[0].at, day.cut_offs[1].at
    assert claim(day, "team_drop", TEAM, second, None).since == first
    assert claim(day, "team", TEAM, second, None).since == second
