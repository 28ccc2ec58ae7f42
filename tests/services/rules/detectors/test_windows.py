"""Every detector over windows, by one suite: its story, its guard, its leaving, order and duplication, its evidence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from schemas.floor import Floor, parse
from services.rules import paths
from services.rules.baselines import DaySummary, learn, summary
from services.rules.day import working_day
from services.rules.outages import Issue, survey
from services.rules.paths import Call

PEOPLE = ", ".join(f"{{id: a{n}, team: t}}" for n in range(12))
FLOOR = parse(
    """
timezone: UTC
day: {start: "09:00", end: "18:00"}
slices: ["11:00", "14:00", "18:00"]
teams: [{id: t}]
agents: [PEOPLE]
sources:
  - {id: pbx, provider: generic, secrets: {signing: {env: S}}, feeds: [calls]}
  - {id: crm, provider: generic, secrets: {signing: {env: S}}, feeds: [presentations]}
""".replace("PEOPLE", PEOPLE)
)
TODAY = date(2026, 11, 23)
CRM = ("crm", "presentations")


def day_of(seed: int, when: date, bend: Callable[[Random, dict[str, object]], None] | None = None) -> list[Call]:
    """Twelve agents, two lines, four numbers, two campaigns; one attempt a minute each, a quarter of them answered."""
    random, dead = Random(f"{seed}|{when}"), Random(f"dead|{seed}|{when}")
    calls = []
    for minute in range(540):
        for agent in range(12):
            at = datetime(when.year, when.month, when.day, 9, tzinfo=UTC) + timedelta(
                minutes=minute, seconds=agent * 5 + 1
            )
            line = random.randrange(2)
            answered = random.random() < 0.25
            raw: dict[str, object] = {
                "at": at, "line": f"pbx/l{line}", "did": f"d{line * 2 + random.randrange(2)}",
                "campaign": f"c{random.randrange(2)}", "agent": f"a{agent}", "answered": answered, "failed": False,
                "stuck": False, "short": random.random() < 0.25, "long": random.random() < 0.4,
                "ring": random.choice((2, 3, 4, 5, 6)), "call_id": f"{when}:{minute}:{agent}",
                "bad": dead.random() < 0.03,
            }  # fmt: skip
            if bend:
                bend(random, raw)
            raw["bad"] = raw["bad"] and not raw["answered"]
            if not raw["answered"]:
                raw.update(short=False, long=False, ring=-1)
            calls.append(Call(**raw))  # type: ignore[arg-type]
    return calls


def cells_of(calls: list[Call]) -> paths.Cells:
    found: paths.Cells = {}
    paths.put(found, calls)
    return found


@pytest.fixture(scope="module")
def usual() -> dict[date, DaySummary]:
    return past()


def past() -> dict[date, DaySummary]:
    """Three weeks of such days."""
    days = [TODAY - timedelta(days=n) for n in range(1, 22) if (TODAY - timedelta(days=n)).weekday() < 5]
    found = {}
    for one in days:
        calls = day_of(1, one)
        found[one] = DaySummary(summary(FLOOR, cells_of(calls), FLOOR.zone), {CRM: 150}, {CRM: [0, 150, *[0] * 11]})
    return found


def find(
    calls: list[Call], usual: dict[date, DaySummary], until: str = "18:00", marks: list[datetime] | None = None,
    floor: Floor = FLOOR,
) -> list[Issue]:  # fmt: skip
    hour, minute = map(int, until.split(":"))
    now = datetime(2026, 11, 23, hour, minute, 1, tzinfo=UTC) + timedelta(minutes=1)
    told = (
        marks
        if marks is not None
        else [datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(minutes=3 * n) for n in range(180)]
    )
    by = learn(floor, usual)
    return survey(floor, working_day(floor, TODAY), cells_of(calls), {CRM: told}, by, (), (), now)


def between(call: dict[str, object], start: int, end: int) -> bool:
    at = call["at"]
    assert isinstance(at, datetime)
    return start <= at.hour * 60 + at.minute < end


def labelled(random: Random, call: dict[str, object]) -> None:
    if call["did"] == "d1" and between(call, 660, 780):
        call["answered"] = random.random() < 0.06


def bad_list(random: Random, call: dict[str, object]) -> None:
    if call["campaign"] == "c1" and between(call, 660, 780):
        call["answered"] = random.random() < 0.08


def dead_numbers(random: Random, call: dict[str, object]) -> None:
    if call["campaign"] == "c1" and between(call, 660, 780) and random.random() < 0.4:
        call.update(answered=False, bad=True)


def misrouted(random: Random, call: dict[str, object]) -> None:
    if call["line"] == "pbx/l1" and between(call, 660, 780) and random.random() < 0.4:
        call.update(answered=False, bad=True)


def slow(_: Random, call: dict[str, object]) -> None:
    if call["line"] == "pbx/l1" and between(call, 660, 780):
        call["ring"] = 11


def stuck(random: Random, call: dict[str, object]) -> None:
    if call["line"] == "pbx/l1" and between(call, 660, 780) and random.random() < 0.3:
        call.update(answered=False, failed=True, stuck=True)


def deaf(_: Random, call: dict[str, object]) -> None:
    if call["line"] == "pbx/l1" and between(call, 660, 780):
        call.update(short=True)


def headset(_: Random, call: dict[str, object]) -> None:
    if call["agent"] == "a3" and between(call, 660, 780):
        call.update(short=True)


def idle(random: Random, call: dict[str, object]) -> None:
    if between(call, 660, 780):
        call["long"] = random.random() < 0.1


@dataclass(frozen=True)
class Story:
    detector: str
    bend: Callable[[Random, dict[str, object]], None]
    verdict: str
    scope: str
    within: int
    """Minutes from the fault (11:00) to the finding, at most."""


STORIES = (
    Story("no_progress", slow, "line", "line:pbx/l1", 20),
    Story("no_progress", stuck, "line", "line:pbx/l1", 20),
    Story("bad_numbers", dead_numbers, "list", "campaign:c1", 15),
    Story("answer_rate", labelled, "number", "did:d1", 60),
    Story("answer_rate", bad_list, "list", "campaign:c1", 60),
    Story("short_calls", deaf, "line", "line:pbx/l1", 20),
    Story("workplace_audio", headset, "workplace", "agent:a3", 70),
    Story("efficiency_drop", idle, "offer_or_crm", "floor:floor", 95),
)
NAMES = [f"{one.detector}-{one.bend.__name__}" for one in STORIES]


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_it_fires_on_its_story(story: Story, usual: dict[date, DaySummary]) -> None:
    """One issue, of the right kind, soon; it ends after the fault; its evidence is whole."""
    found = find(day_of(2, TODAY, story.bend), usual)
    assert [(one.finding.detector, one.attributed.verdict, one.attributed.scope) for one in found] == [
        (story.detector, story.verdict, story.scope)
    ]
    (one,) = found
    took = (one.finding.fired_at - datetime(2026, 11, 23, 11, tzinfo=UTC)).total_seconds() / 60
    assert 0 <= took <= story.within
    assert one.finding.resolved_at is not None
    assert not one.finding.by_day
    assert one.finding.resolved_at > datetime(2026, 11, 23, 12, 50, tzinfo=UTC)
    assert {"since", "p_value", "window_from", "window_until", "rules_out"} <= set(one.finding.evidence)
    assert one.finding.evidence["calls"]


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_order_and_repetition_change_nothing(story: Story, usual: dict[date, DaySummary]) -> None:
    """Facts in any order make the same findings; calls come sorted and once from storage, cells do not care."""
    calls = day_of(2, TODAY, story.bend)
    first = cells_of(calls)
    mixed = list(calls)
    Random(5).shuffle(mixed)
    again = cells_of(mixed)
    assert {n: {k: c.counts for k, c in b.items()} for n, b in first.items()} == {
        n: {k: c.counts for k, c in b.items()} for n, b in again.items()
    }


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_it_is_silent_under_its_guard(story: Story, usual: dict[date, DaySummary]) -> None:
    """The same fault in a twentieth of the traffic is no finding: too little to judge by."""
    thin = [call for n, call in enumerate(day_of(2, TODAY, story.bend)) if n % 20 == 0]
    floor = FLOOR
    found = [one for one in find(thin, usual, floor=floor) if one.finding.detector != "efficiency_drop"]
    assert found == []


def test_a_workplace_is_well_again_however_few_answer(usual: dict[date, DaySummary]) -> None:
    """After the mend hardly anybody answers them, never six in two hours: the few good calls end it all the same."""

    def bend(random: Random, call: dict[str, object]) -> None:
        headset(random, call)
        if call["agent"] == "a3" and between(call, 780, 1080) and (between(call, 780, 840) or random.random() < 0.95):
            call["answered"] = False

    calls = day_of(2, TODAY, bend)
    (one,) = [found for found in find(calls, usual) if found.finding.detector == "workplace_audio"]
    after = [call.at for call in calls if call.agent == "a3" and call.answered and call.at.hour >= 13]
    assert max(sum(0 <= (b - a).total_seconds() < 7200 for b in after) for a in after) < 6
    assert one.finding.resolved_at is not None
    assert not one.finding.by_day
    assert one.finding.resolved_at <= after[-1] + timedelta(minutes=5)


def test_a_list_with_dead_numbers_says_which_share(usual: dict[date, DaySummary]) -> None:
    """The share of such codes, the usual one, calls to check by, teams that it takes conversations from; told once."""
    (one,) = find(day_of(2, TODAY, dead_numbers), usual)
    seen = one.finding.evidence
    assert seen["share"] == pytest.approx(seen["bad"] / seen["attempts"], abs=1e-6)
    assert seen["share"] > 0.3 > 0.05 > seen["base"] > 0.02
    calls = {call.call_id: call for call in day_of(2, TODAY, dead_numbers)}
    assert seen["calls"]
    assert all(calls[name].bad and calls[name].campaign == "c1" for name in seen["calls"])
    assert seen["teams"] == ["t"]
    assert sum(seen["lost_answers"].values()) > 10
    assert one.agents == frozenset(), "people can work"


def test_a_line_that_knows_no_number_is_no_bad_list(usual: dict[date, DaySummary]) -> None:
    """Both campaigns get such codes over one line only: nobody can tell, said once; no list is blamed, and no person."""
    found = [one for one in find(day_of(2, TODAY, misrouted), usual) if one.finding.detector == "bad_numbers"]
    assert [one.attributed.verdict for one in found] == ["undetermined"]
    assert found[0].finding.evidence["line"] == "pbx/l1"
    assert found[0].agents == frozenset()


def test_what_was_found_is_not_found_otherwise_later(usual: dict[date, DaySummary]) -> None:
    """Judged at noon or at the end of the day, a finding fired at the same moment for the same reason."""
    calls = day_of(2, TODAY, labelled)
    noon, evening = find(calls, usual, "12:30"), find(calls, usual)
    assert [(one.subject, one.finding.fired_at) for one in noon] == [
        (one.subject, one.finding.fired_at) for one in evening
    ]


def test_crm_silence(usual: dict[date, DaySummary]) -> None:
    """Presentations stop at noon while calls go on; one mark at 15:00 ends it."""
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    marks = [start + timedelta(minutes=3 * n) for n in range(61)] + [start + timedelta(hours=6)]
    found = [one for one in find(day_of(2, TODAY), usual, marks=marks) if one.finding.detector == "crm_silence"]
    assert [(one.attributed.verdict, one.kind, one.finding.resolved_at) for one in found][:1] == [
        ("offer_or_crm", "data", start + timedelta(hours=6))
    ]


def test_a_slow_morning_is_nobodys_fault(usual: dict[date, DaySummary]) -> None:
    """Everybody is answered a fifth less until noon: no number, list or line is blamed."""

    def bend(random: Random, call: dict[str, object]) -> None:
        if between(call, 540, 720) and random.random() < 0.2:
            call["answered"] = False

    assert [one for one in find(day_of(3, TODAY, bend), usual) if one.finding.detector == "answer_rate"] == []


def quiet_days() -> Iterator[int]:
    yield from range(10, 20)


def test_a_day_without_a_fault_raises_nothing(usual: dict[date, DaySummary]) -> None:
    """Ten quiet days: at most one false finding among them (stated rate: one in ten floor-days)."""
    assert sum(len(find(day_of(seed, TODAY), usual)) for seed in quiet_days()) <= 1
