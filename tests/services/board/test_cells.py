"""When a row of the live stream is told: the first change at once, the next ones a second later, nothing twice."""

from dataclasses import replace

from services.board.app import Service
from services.board.cells import EVERY_S, Shown, cells
from services.board.today import Today
from tests.support.seed_floor import NOW


def count(today: Today, calls: int) -> None:
    gleb = today.agents["gleb"]
    today.agents["gleb"] = replace(gleb, done={**gleb.done, "calls": calls})


async def test_the_first_change_is_told_at_once_and_the_next_a_second_later(service: Service) -> None:
    """A number changes at most once a second, and its newest value is never lost."""
    today, shown = await service.live.reload(), Shown()
    shown.everything(today, NOW, 10.0)
    count(today, 901)
    shown.touch("gleb", "hunters")
    rows, teams = shown.fresh(today, NOW, 20.0)
    assert [row["done"]["calls"] for row in rows] == [901]
    assert [team["team"] for team in teams] == ["hunters"]
    count(today, 902)
    shown.touch("gleb", "hunters")
    assert shown.fresh(today, NOW, 20.5) == ([], [])
    assert shown.next_at() == 20.0 + EVERY_S
    rows, _ = shown.fresh(today, NOW, shown.next_at())
    assert [row["done"]["calls"] for row in rows] == [902]
    assert shown.next_at() == float("inf")


async def test_looking_at_all_rows_keeps_to_the_second_too(service: Service) -> None:
    """What was told half a second ago waits for its turn; what was not is told."""
    today, shown = await service.live.reload(), Shown()
    shown.everything(today, NOW, 10.0)
    count(today, 901)
    shown.touch("gleb", "hunters")
    shown.fresh(today, NOW, 20.0)
    count(today, 902)
    other = next(agent for agent in today.agents if agent != "gleb")
    today.agents[other] = replace(today.agents[other], short_calls=77)
    rows, teams = shown.everything(today, NOW, 20.5)
    assert ([row["agent"] for row in rows], teams) == ([other], [])
    rows, _ = shown.everything(today, NOW, 21.5)
    assert [row["agent"] for row in rows] == ["gleb"]


async def test_someone_who_left_the_roster_is_not_told_of(service: Service) -> None:
    """News of an agent of an earlier floor version, still waiting, is dropped."""
    today, shown = await service.live.reload(), Shown()
    shown.touch("stranger", "nobody")
    assert shown.fresh(today, NOW, 20.0) == ([], [])
    assert shown.next_at() == float("inf")


async def test_everything_is_told_once(service: Service) -> None:
    """The first look tells all rows, the second none."""
    today, shown = await service.live.reload(), Shown()
    rows, teams = shown.everything(today, NOW, 10.0)
    assert len(rows) + len(teams) == len(cells(today, NOW))
    assert shown.everything(today, NOW, 20.0) == ([], [])
