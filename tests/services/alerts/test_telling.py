"""The same drops, live and in a back-test: the same ones are told, and end at the same time."""

from datetime import timedelta

import pytest

from schemas.rows import AlertRow, alert_id
from services.alerts.findings.episode import Episode
from services.alerts.findings.telling import one_told as live
from services.lab.backtest.alerts import one_told as replayed
from services.rules.day import working_day
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.payloads import floor as parse_floor
from tests.services.alerts.rows import DAY

ON = parse_floor(FLOOR)
AT = working_day(ON, DAY)
CUT = AT.cut_offs[1].at
TEAM = f"team:{ON.teams[0].id}"
LATER = CUT + timedelta(hours=1)


def episode(detector, subject, fired_at, resolved_at=None):
    return Episode(
        detector=detector, subject=subject, kind="efficiency", verdict="undetermined", scope=subject, date=DAY,
        fired_at=fired_at, resolved_at=resolved_at, evidence={}, form="window",
    )  # fmt: skip


def row(one):
    return AlertRow(
        alert=alert_id(one.detector, one.subject, one.fired_at), kind=one.kind, verdict=one.verdict, scope=one.scope,
        fired_at=one.fired_at, resolved_at=one.resolved_at, evidence={},
    )  # fmt: skip


EARLIER = CUT - timedelta(minutes=30)
STORIES = {
    "all three at once": [episode(one, TEAM, CUT) for one in ("team_drop", "efficiency_drop", "team")],
    "the floor tells the team's": [episode("efficiency_drop", "floor:floor", EARLIER), episode("team_drop", TEAM, CUT)],
    "handed over": [episode("efficiency_drop", TEAM, EARLIER), episode("team", TEAM, CUT)],
    "alone": [episode("team_drop", TEAM, CUT, LATER)],
}
TOLD = {
    "all three at once": [("team", None)],
    "the floor tells the team's": [("efficiency_drop", None)],
    "handed over": [("efficiency_drop", CUT), ("team", None)],
    "alone": [("team_drop", LATER)],
}


@pytest.mark.parametrize("name", STORIES)
def test_live_and_back_test_tell_the_same(name):
    found = live(ON, AT, STORIES[name], LATER)
    assert sorted((one.detector, one.resolved_at) for one in found) == TOLD[name]
    rows = replayed(ON, AT, [(one.detector, row(one)) for one in STORIES[name]])
    assert {(one.alert, one.resolved_at) for one in rows} == {(one.alert, one.resolved_at) for one in found}


def test_at_a_cut_off_the_close_is_waited_for():
    """Nothing is told that the close of this cut-off may tell as a common cause; a common cause is told at once."""
    soon, drop, team = CUT + timedelta(seconds=62), episode("efficiency_drop", TEAM, CUT), episode("team", TEAM, CUT)
    assert live(ON, AT, [drop], soon) == []
    assert live(ON, AT, [team], soon) == [team]
    assert live(ON, AT, [drop], LATER) == [drop]
