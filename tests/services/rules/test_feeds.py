"""Feeds of sources: which of them stopped, and for whom."""

from datetime import UTC, date, datetime, timedelta

from schemas.floor import parse
from services.rules import paths
from services.rules.baselines import DaySummary, learn
from services.rules.day import working_day
from services.rules.feeds import fed, findings, silent_feeds
from services.rules.paths import ANSWERED, ATTEMPTS, Cells

FLOOR = parse(
    """
timezone: UTC
day: {start: "09:00", end: "18:00"}
teams: [{id: t}, {id: u}]
agents:
  - {id: ivan, team: t, identities: {one: ["1"]}}
  - {id: olga, team: u, identities: {two: ["1"]}}
sources:
  - {id: pbx, provider: generic, secrets: {signing: {env: S}}, feeds: [calls]}
  - {id: one, provider: generic, secrets: {signing: {env: S}}, feeds: [presentations, invoices]}
  - {id: two, provider: generic, secrets: {signing: {env: S}}, feeds: [presentations]}
"""
)
TODAY = date(2026, 11, 23)
DAY = working_day(FLOOR, TODAY)
OWN, INVOICES, OTHER = ("one", "presentations"), ("one", "invoices"), ("two", "presentations")
EVERY = {OWN: 100, INVOICES: 100, OTHER: 100}


def at(hour: float) -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour)


def every(minutes: int, until: float = 18) -> list[datetime]:
    return [at(9) + timedelta(minutes=n) for n in range(1, int((until - 9) * 60), minutes)]


def cells() -> Cells:
    """Two answered calls of each agent every five minutes, all day."""
    found: Cells = {}
    for number in range(paths.bin_of(at(9)) + 1, paths.bin_of(at(18)) + 1):
        for agent in ("ivan", "olga"):
            counts = paths.empty()
            counts[ATTEMPTS] = counts[ANSWERED] = 2
            found.setdefault(number, paths.Bin())[("pbx/l", None, None, agent)] = paths.Cell(counts)
    return found


def usual(marks: dict[tuple[str, str], int]) -> DaySummary:
    """Two hundred answered calls of each agent."""
    counts = paths.empty()
    counts[ATTEMPTS] = counts[ANSWERED] = 200
    hours = {(("agent", agent), -1): list(counts) for agent in ("ivan", "olga")}
    return DaySummary(hours, marks, {feed: [marks[feed], *[0] * 12] for feed in marks})


BY = learn(FLOOR, {TODAY - timedelta(days=1): usual(EVERY)})


def test_who_is_fed() -> None:
    """Each source feeds the people it knows."""
    assert fed(FLOOR) == {OWN: {"ivan"}, INVOICES: {"ivan"}, OTHER: {"olga"}}


def test_one_feed_of_two() -> None:
    """Presentations of one source stop at noon; its invoices and the other source go on: that feed alone is silent."""
    marks = {OWN: every(5, 12), INVOICES: every(5), OTHER: every(5)}
    assert silent_feeds(FLOOR, DAY, cells(), marks, BY, at(13)) == {OWN}
    found = findings(DAY, cells(), marks, BY, fed(FLOOR), min(cells()), paths.last_bin(DAY, at(13)))
    assert [(one.path, one.evidence["source"], one.evidence["feed"]) for one in found] == [
        (("feed", "one/presentations"), "one", "presentations")
    ]


def test_before_ten_are_due_nothing_is_silent() -> None:
    """Two calls in five minutes bring one mark: after half an hour six are due, after an hour twelve."""
    marks = {OWN: every(5, 12), INVOICES: every(5), OTHER: every(5)}
    assert silent_feeds(FLOOR, DAY, cells(), marks, BY, at(12.5)) == frozenset()


def test_a_mark_ends_it() -> None:
    """One mark that came since, even within the last minutes, and the feed is heard again."""
    marks = {OWN: [*every(5, 12), at(13)], INVOICES: every(5), OTHER: every(5)}
    assert silent_feeds(FLOOR, DAY, cells(), marks, BY, at(13)) == frozenset()


def test_a_feed_that_never_brought_anything_is_not_watched() -> None:
    """Without a history nothing is due."""
    by = learn(FLOOR, {TODAY - timedelta(days=1): usual({OTHER: 100})})
    assert silent_feeds(FLOOR, DAY, cells(), {OTHER: every(5)}, by, at(17)) == frozenset()
