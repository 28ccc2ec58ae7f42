"""The lab's own promise: faults are found and named right, quiet days stay quiet.

Two days a scenario, of a fixed seed: it gives the same report each time. What follows is for whoever changes the seed. On fresh
seeds 107 of 108 faulty days were found and named right, with 4 false alarms in 144 days (OPERATIONS.md). At these rates a right
product fails this test with about one seed in 1,600; at the worse ends of both 95 % intervals (95.0 %, 0.071 a day) with up to
one in 15. The scenarios are those that the limits were set on.
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
