"""What pages show, from a reading: standing, pace, order, sentences."""

from zoneinfo import ZoneInfo

import pytest

from schemas.floor import parse
from schemas.rows import AlertRow
from services.board.app import Service
from services.board.standing import standing
from services.board.storage.alerts import Alert
from services.board.view.floor import floor_view, slice_summary
from services.board.view.pace import Day, Pace, by_half
from services.board.view.saying import say
from services.board.view.wall import ROWS, wall_view
from services.board.words import words
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
