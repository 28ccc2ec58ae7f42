"""The lab's own promise: faults are found and named right, quiet days stay quiet.

Two days a scenario, of a fixed seed: it gives the same report each time. What follows is for whoever changes the seed. On other
seeds 119 of 120 faulty days were found and named right, with 6 false alarms in 156 days (OPERATIONS.md). At these rates a right
product fails this test with about one seed in 840; at the worse ends of both 95 % intervals (95.4 %, 0.084 a day) with up to
one in 12. The scenarios are those that the limits were set on.
"""

import pytest

from services.lab.outages import trial
from services.lab.outages.story import SCENARIOS
from services.lab.outages.trial import measure


def test_faults_are_found_and_named() -> None:
    """At most two of twenty faulty days missed or named otherwise, at most five false alarms in twenty-six days."""
    report = measure(days=2, seed=7)
    faulty = [one for one in report.found if one.right != "nothing"]
    right = sum(one.verdicts.get(one.right, 0) for one in faulty)
    assert right >= 2 * len(faulty) - 2
    assert sum(one.false_alarms for one in report.found) <= 5
    assert report.false_per_week < report.naive_false_per_week


def test_dead_numbers_are_found_by_their_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a quarter of an hour, on the list: their missing answers alone would take twice as long. Naive limits are beside."""
    monkeypatch.setattr(trial, "SCENARIOS", tuple(one for one in SCENARIOS if one.name == "dead numbers"))
    (found,) = measure(days=2, seed=7).found
    assert (found.right, found.verdicts) == ("list", {"list": 2})
    assert found.p90_min is not None
    assert found.p90_min <= 15
    assert found.naive_false_alarms > 0
