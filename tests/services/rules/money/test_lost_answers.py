"""Conversations and money lost on bad numbers and lists: by hand on a floor with four weeks of history, and as laws."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor import Floor, parse
from services.rules import paths
from services.rules.baselines import Baselines, DaySummary, learn, summary
from services.rules.day import working_day
from services.rules.detectors.windowed import Finding
from services.rules.lost_answers import lost_answers
from services.rules.money.risk import CAUSES, Planned, at_risk, claims
from services.rules.outages import survey
from services.rules.paths import Call, Cells

FLOOR: Floor = parse(
    """
timezone: UTC
day: {start: "09:00", end: "18:00"}
slices: ["11:00", "14:00", "18:00"]
teams: [{id: hunters}, {id: farmers}]
agents: [{id: ivan, team: hunters}, {id: petr, team: hunters}, {id: olga, team: farmers}, {id: vera, team: farmers}]
sources: [{id: pbx, provider: generic, secrets: {signing: {env: S}}, feeds: [calls]}]
"""
)
TODAY = date(2026, 11, 23)
AGENTS = ("ivan", "petr", "olga", "vera")


def at(minute: int, second: int = 0, on: date = TODAY) -> datetime:
    """So many minutes after nine."""
    return datetime(on.year, on.month, on.day, 9, tzinfo=UTC) + timedelta(minutes=minute, seconds=second)


def day_of(on: date, answered_on_d1: tuple[int, int, int] = (0, 0, 4)) -> list[Call]:
    """Every minute each of four agents dials once over each of two numbers, every fourth attempt is answered. *answered_on_d1*:
    from one minute until another one attempt in so many is."""
    found = []
    since, until, every = answered_on_d1
    for minute in range(540):
        for place, agent in enumerate(AGENTS):
            for did in ("d1", "d2"):
                share = every if did == "d1" and since <= minute < until else 4
                answered = (minute + place) % share == 0
                moment = at(minute, 5 + 10 * place, on)
                found.append(
                    Call(
                        moment,
                        "pbx/a",
                        did,
                        "spring",
                        agent,
                        answered,
                        False,
                        False,
                        False,
                        False,
                        4 if answered else -1,
                    )
                )
    return found


def cells_of(calls: list[Call]) -> Cells:
    found: Cells = {}
    paths.put(found, calls)
    return found


@pytest.fixture(scope="module")
def usual() -> Baselines:
    """Four weeks in which every fourth attempt was answered, at every hour and on every number."""
    days = [TODAY - timedelta(days=ago) for ago in range(1, 29)]
    return learn(
        FLOOR, {on: DaySummary(summary(FLOOR, cells_of(day_of(on)), FLOOR.zone)) for on in days if on.weekday() < 5}
    )


def test_a_labelled_number_by_hand(usual: Baselines) -> None:
    """From 11:00 to 13:00 one attempt in twenty on d1 is answered. Two hours of four agents are 480 attempts; a quarter, 120, is
    usual, 24 came: 96 conversations, half of them each team's. By norm ten answers bring one payment of 100 000: 9.6 payments.
    """
    cells = cells_of(day_of(TODAY, (120, 240, 20)))
    issues = survey(FLOOR, working_day(FLOOR, TODAY), cells, {}, usual, (), (), at(541))

    (one,) = [issue for issue in issues if issue.attributed.verdict in ("number", "list")]
    assert (one.attributed.verdict, one.attributed.scope) == ("number", "did:d1")
    assert (one.finding.since, one.finding.last_bad) == (at(120), at(245))  # with one bin as usual behind it
    lost = one.finding.evidence["lost_answers"]
    assert lost == {"farmers": pytest.approx(48, abs=0.5), "hunters": pytest.approx(48, abs=0.5)}

    steps = {"answered": Planned(300, 400, 0, 400), "payments": Planned(30, 40, 0, 40)}
    claimed = claims(steps, sum(lost.values()), FLOOR.judgement)  # type: ignore[arg-type]
    assert claimed.number_list == pytest.approx(9.6, abs=0.1)
    risk = at_risk(12 * 100_000_00, claimed, 100_000_00, 100)
    assert risk.causes["number_list"] == pytest.approx(960_000_00, abs=10_000_00)
    assert sum(risk.causes.values()) == risk.total == 12 * 100_000_00


def test_a_slow_hour_of_everybody_is_nobodys_loss(usual: Baselines) -> None:
    """All numbers at one in twenty: no number is to blame. Were one, then for 54/150 of the usual 120 less the 24 that came:
    the 24 of 120 answers of the rest weigh beside thirty that are believed until the rest shows otherwise.
    """
    slow = [
        call
        if not at(120) < call.at <= at(240)
        else _as(call, (call.at.minute + AGENTS.index(call.agent or "")) % 20 == 0)
        for call in day_of(TODAY)
    ]
    issues = survey(FLOOR, working_day(FLOOR, TODAY), cells_of(slow), {}, usual, (), (), at(541))
    assert [issue for issue in issues if issue.attributed.verdict in ("number", "list")] == []
    (lost,) = lost_answers(FLOOR, cells_of(slow), usual, [finding(("did", "d1"), 120, 240)])
    assert sum(lost.values()) == pytest.approx(120 * 34 / 130 - 24)


def _as(call: Call, answered: bool) -> Call:
    return Call(
        call.at,
        call.line,
        call.did,
        call.campaign,
        call.agent,
        answered,
        False,
        False,
        False,
        False,
        4 if answered else -1,
    )


def finding(path: tuple[str, str], since: int, until: int) -> Finding:
    return Finding("answer_rate", path, at(since), at(since + 30), at(until), {})


def test_what_was_lost_on_two_paths_is_lost_once(usual: Baselines) -> None:
    """A list runs over both numbers, one of them bad. Whichever is found first has the 96; the other only what it has alone,
    and that was as usual."""
    cells = cells_of(day_of(TODAY, (120, 240, 20)))
    number, list_ = finding(("did", "d1"), 120, 240), finding(("campaign", "spring"), 120, 240)
    list_.fired_at = at(155)
    number_first = lost_answers(FLOOR, cells, usual, [list_, number])
    assert (number_first[0], sum(number_first[1].values())) == ({}, pytest.approx(96))
    list_.fired_at = at(145)
    list_first = lost_answers(FLOOR, cells, usual, [list_, number])
    assert (sum(list_first[0].values()), list_first[1]) == (pytest.approx(96), {})


ROUTES = st.tuples(
    st.integers(0, 107),
    st.sampled_from(["pbx/a", "pbx/b"]),
    st.sampled_from(["d1", "d2", None]),
    st.sampled_from(["spring", "autumn", None]),
    st.sampled_from([*AGENTS, "stranger", None]),
    st.sampled_from(["answered", "missed", "failed"]),
)
PATHS = st.sampled_from([("did", "d1"), ("did", "d2"), ("campaign", "spring"), ("did", "unheard of")])


@given(
    st.lists(ROUTES, max_size=120),
    st.lists(st.tuples(PATHS, st.integers(0, 500), st.integers(5, 540)), max_size=4),
    st.integers(-(10**9), 10**10),
)
def test_laws(usual: Baselines, dialled: list[tuple], spans: list[tuple], short: int) -> None:  # type: ignore[type-arg]
    """Never negative, never more than the attempts that got through, of no team but ours; and money at risk adds up with it."""
    calls = [
        Call(at(5 * bin_, 30), line, did, campaign, agent, how == "answered", how == "failed", False, False, False, -1)
        for bin_, line, did, campaign, agent, how in dialled
    ]
    bad = [finding(path, since, since + length) for path, since, length in spans]
    found = lost_answers(FLOOR, cells_of(calls), usual, bad)

    assert all(count > 0 for own in found for count in own.values())
    for team in ("hunters", "farmers"):
        mine = [one for one in calls if one.agent in FLOOR.agent_by_id and FLOOR.agent_by_id[one.agent].team == team]
        assert sum(own.get(team, 0.0) for own in found) <= sum(not one.failed for one in mine) + 1e-9
    assert {team for own in found for team in own} <= {"hunters", "farmers"}
    steps = {"answered": Planned(3, 400, 0, 400), "payments": Planned(1, 40, 0, 40)}
    lost = sum(count for own in found for count in own.values())
    risk = at_risk(short, claims(steps, lost, FLOOR.judgement), 100_000_00, 100)  # type: ignore[arg-type]
    assert tuple(risk.causes) == CAUSES
    assert min(risk.causes.values()) >= 0
    assert sum(risk.causes.values()) == risk.total
