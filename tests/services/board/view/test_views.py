"""What pages show, from a reading: standing, pace, order, sentences."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.floor import parse
from schemas.rows import AlertRow
from services.board.app import Service
from services.board.cells import agent_cells
from services.board.standing import standing
from services.board.storage.alerts import Alert, Transition
from services.board.view.floor import floor_view, slice_summary
from services.board.view.pace import Day, Pace, by_half
from services.board.view.saying import say
from services.board.view.slices import first_to_close
from services.board.view.wall import ROWS, wall_view
from services.board.words import words
from services.reads.forecast import of_agent
from services.reads.funnel import Half
from services.rules.day import working_day
from services.rules.exposure import NONE
from tests.support.seed_floor import NOW, floor_text

FLOOR = parse(floor_text("ru"))
RU, EN = (words(language, ZoneInfo("Europe/Moscow")) for language in ("ru", "en"))


@pytest.mark.parametrize(
    ("pace", "fill", "mark"),
    [
        (Pace("calls", 24, 40.0, 80.0), 30.0, 50.0),
        (Pace("calls", 90, 40.0, 80.0), 100.0, 50.0),
        (Pace("calls", 3, None, None), 100.0, None),
        (Pace("payments", 0, 0.0, 0.0), 0.0, None),
    ],
)
def test_pace_bar(pace: Pace, fill: float, mark: float | None) -> None:
    """The bar ends at the day's norm; the mark stands where it should be now."""
    assert (pace.fill, pace.mark) == (fill, mark)


async def test_the_outage_hides_personal_standing(service: Service) -> None:
    """An agent with an open technical verdict is technical, whatever the slice said."""
    today = await service.live.reload()
    assert {agent for agent in today.agents if standing(today, agent).level == "technical"} == {
        "alina",
        "timur",
        "vera",
    }


async def test_most_in_need_first_then_by_name(service: Service) -> None:
    """Deviating agents first, the surest of them on top; the rest by name; by name when asked."""
    today = await service.live.reload()
    need = [line.standing.level for line in floor_view(today, NOW, RU).lines]
    rank = {"hard": 0, "soft": 1, "watch": 2, "technical": 3, "ok": 4, "not_enough_data": 4}
    assert [rank[level] for level in need] == sorted(rank[level] for level in need)
    names = [line.name for line in floor_view(today, NOW, RU, order="name").lines]
    assert names == sorted(names, key=str.casefold)


async def test_names_can_be_hidden(service: Service) -> None:
    """A floor that hides names shows numbers everywhere."""
    today = await service.live.reload()
    floor = today.floor
    today.floor = floor.model_copy(update={"board": floor.board.model_copy(update={"hide_names": True})})
    view = floor_view(today, NOW, RU)
    shown = {line.name for line in view.lines} | set(wall_view(view, RU).good)
    assert not any(agent.title in text for agent in floor.agents for text in shown)


async def test_a_screen_of_the_wall_is_never_too_long(service: Service) -> None:
    """At most ROWS agents a screen, all of them on some screen."""
    view = floor_view(await service.live.reload(), NOW, EN)
    screens = wall_view(view, EN).screens
    assert all(len(screen.rows) <= ROWS <= 18 for screen in screens)
    assert sorted(row.line.agent.id for screen in screens for row in screen.rows) == sorted(
        line.agent.id for line in view.lines if line.on_shift
    )


async def test_the_curve_ends_at_what_the_cell_says(service: Service) -> None:
    """The sparkline's last point is the team's count of now."""
    today = await service.live.reload()
    members = [agent.id for agent in today.floor.agents if agent.team == "hunters"]
    curve = Day(today, NOW).curve(members, by_half(today.halves, "calls", team="hunters"), "calls", width=10, height=5)
    shown = [point.done for point in curve.points if point.done is not None]
    assert shown[-1] == sum(today.agents[agent].done["calls"] for agent in members)
    assert shown == sorted(shown)


async def test_a_day_that_is_over_ends_with_its_work_or_its_last_count(service: Service) -> None:
    """Looked back at, the chart has no empty evening; what was done after work is on it, and today goes up to now."""
    today = await service.live.reload()
    ended = today.day.ends - timedelta(seconds=1)
    assert Day(today, ended).edges[-1] == today.day.over
    assert Day(today, today.day.starts + timedelta(hours=20)).edges[-1] == today.day.starts + timedelta(hours=20)
    today.halves = [*today.halves, Half("hunters", "ivan", 44, {"calls": 1})]
    assert Day(today, ended).edges[-1] == today.day.starts + timedelta(hours=22)


async def test_everything_on_the_board_is_due_by_the_curve(service: Service) -> None:
    """Cells, chart and forecast: an hour that weighs three times as much has three times as much due."""
    today = await service.live.reload()
    flat, even = today.due("gleb", "calls", NOW), of_agent(today, "gleb", "calls", NOW)
    early = {"calls": {f"{hour:02}:{half}": 3.0 for hour in (9, 10) for half in ("00", "30")}}
    floor = today.floor.model_copy(update={"curves": early})
    today = replace(today, floor=floor, day=working_day(floor, today.date))
    due = today.due("gleb", "calls", NOW)
    assert due is not None
    assert flat is not None
    assert due > 1.1 * flat
    assert agent_cells(today, "gleb", NOW)["due"]["calls"] == round(due, 1)
    chart = Day(today, today.day.starts)
    by_edge = [today.due("gleb", "calls", edge) for edge in chart.edges]
    assert chart.due(["gleb"], "calls") == pytest.approx(by_edge)
    foreseen = of_agent(today, "gleb", "calls", NOW)
    assert foreseen is not None
    assert even is not None
    assert foreseen.median < even.median


async def test_the_summary_counts_everybody_once(service: Service) -> None:
    """Levels of a team's last slice add up to its size."""
    today = await service.live.reload()
    summary = slice_summary(today)
    assert summary is not None
    assert [sum(count for _, count in team["levels"]) for team in summary["teams"]] == [10, 8]


def test_an_outage_in_both_languages() -> None:
    """What happened, since when, whose it is, what it rules out."""
    evidence = {
        "path": "in_a_row",
        "failures": 6,
        "attempts": 6,
        "base": 0.03,
        "codes": {"Q.850 34": 6},
        "rules_out": ["people"],
    }
    alert = made("line:mango-main/trunk-b", "line", evidence)
    said = say(alert, FLOOR, RU)
    assert said.evidence == "6 отказов подряд с 14:36 (Q.850 34); обычно 3,0\u202f%"
    assert (said.title, said.verdict, said.rules_out) == ("Линия mango-main/trunk-b", "Это линия, не люди", ("люди",))
    assert say(alert, FLOOR, EN).evidence == "6 failures in a row since 14:36 (Q.850 34); usually 3.0\u202f%"


def test_an_alert_began_before_it_was_noticed() -> None:
    """It begins with the first failure the sentence names; an odd or later instant gives way to the alert's own."""
    for since, clock in (
        ("2026-11-23T14:30:00+03:00", "14:30"),
        ("2026-11-23T15:00:00+03:00", "14:36"),
        ("x", "14:36"),
    ):
        said = say(made("line:x", "line", {"failures": 4, "since": since}), FLOOR, EN)
        assert EN.clock(said.began) == clock
        assert said.evidence == f"4 failures in a row since {clock}"


def test_the_history_tells_only_what_changed() -> None:
    """Equal states are told once; another verdict in the same state is told by the verdict."""
    steps = (("firing", "undetermined"), ("firing", "undetermined"), ("firing", "line"), ("resolved", "line"))
    history = tuple(Transition(state, verdict, NOW) for state, verdict in steps)
    said = say(replace(made("line:x", "line", {}), history=history), FLOOR, EN)
    assert [word for _, word in said.history] == ["noticed", "It is the line, not the people", "lifted: back to usual"]


@pytest.mark.parametrize(
    ("last", "now", "minutes"),
    [
        ("12:30", "12:50", 20),
        ("12:30", "14:10", 40),
        ("17:40", "20:00", 20),
        ("18:30", "20:00", 0),
    ],
)
async def test_no_call_for_counts_working_time(service: Service, last: str, now: str, minutes: int) -> None:
    """Lunch from 13 to 14 and what is past the shift do not count."""
    today = await service.live.reload()
    moment = datetime.fromisoformat(f"2026-11-23T{now}+03:00")
    today.agents["gleb"] = replace(
        today.agents["gleb"], last_call_at=datetime.fromisoformat(f"2026-11-23T{last}+03:00")
    )
    today.exposures = {**today.exposures, "gleb": replace(NONE, scheduled=today.day.standard, net=today.day.standard)}
    assert today.idle_s("gleb", moment) == 60 * minutes


@pytest.mark.parametrize(
    ("now", "first"), [("08:00", "11:00"), ("11:02", "11:00"), ("11:03", "13:00"), ("18:03", None)]
)
def test_the_first_slice_to_close(now: str, first: str | None) -> None:
    """A cut-off is still to come until its grace is over."""
    day = working_day(FLOOR, NOW.date())
    found = first_to_close(FLOOR, day, datetime.fromisoformat(f"2026-11-23T{now}+03:00"))
    assert (found and found.name) == first


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"failures": "many"},
        {"codes": 7, "failures": 2},
        {"steps": [{"step": "nope"}, 3]},
        {"since": "never"},
        {"rules_out": "x"},
    ],
)
def test_odd_evidence_is_left_out(evidence: dict[str, object]) -> None:
    """Evidence of another age or shape never breaks a page."""
    assert say(made("line:x", "brand_new_verdict", evidence), FLOOR, RU).verdict == "brand_new_verdict"


def made(scope: str, verdict: str, evidence: dict[str, object]) -> Alert:
    row = AlertRow(
        alert="a",
        kind="outage",
        verdict=verdict,
        scope=scope,
        fired_at=NOW,
        evidence=evidence,  # type: ignore[arg-type]
    )
    return Alert(row, "line_failure", "firing", None, None, NOW.date(), 1, ())
