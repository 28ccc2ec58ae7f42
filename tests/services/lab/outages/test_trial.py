"""The lab's own promise: faults are found and named right, quiet days stay quiet.

Two days a scenario. At the measured rates (found and named right in ≥ 99 % of days, ≤ 1 false alarm a floor-week) the test
fails for a right product in fewer than one seed in a hundred; the seed is fixed, so it never does by chance.
"""

from services.lab.outages.trial import measure


def test_faults_are_found_and_named() -> None:
    """At most two of eighteen faulty days missed or named otherwise, at most five false alarms in twenty-four days."""
    report = measure(days=2, seed=7)
    faulty = [one for one in report.found if one.right != "nothing"]
    right = sum(one.verdicts.get(one.right, 0) for one in faulty)
    assert right >= 2 * len(faulty) - 2
    assert sum(one.false_alarms for one in report.found) <= 5
    assert report.false_per_week < report.naive_false_per_week
