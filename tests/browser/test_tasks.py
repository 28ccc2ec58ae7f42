"""Tasks and coaching in a real browser: what is pressed is done and seen, nothing overflows, everything can be read."""

import asyncio
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from services.local.postgres import EmbeddedPostgres
from tests.browser.conftest import Watched, elsewhere, environment
from tests.browser.test_desk import CONTRAST, SIZES
from tests.support.running import Service, Services
from tests.support.seed_floor import seed
from tests.support.seed_past import add
from tests.support.servers import fresh_database

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tasks_board(postgres: EmbeddedPostgres, running: Services) -> Iterator[Service]:
    async def fill(dsn: str) -> None:
        await add(dsn, await seed(dsn))

    with fresh_database(postgres) as dsn:
        elsewhere(lambda: asyncio.run(fill(dsn)))
        yield running.start("board", environment(dsn)).wait_ready()


@pytest.fixture
def seen(browser: Browser, tasks_board: Service) -> Iterator[Watched]:
    context = browser.new_context(timezone_id="America/New_York")
    found = Watched(context.new_page(), tasks_board.url)
    yield found
    context.close()
    assert found.errors == []


def addresses(seen: Watched) -> list[str]:
    """Both lists, a task that goes on, one that was verified, a case."""
    found = ["/tasks", "/coaching"]
    for list_, pattern in (("/tasks", r"/tasks/[0-9a-f-]{36}"), ("/coaching", r"/coaching/[0-9a-f-]{36}")):
        content = seen.open(list_).content()
        found += sorted(set(re.findall(pattern, content)))[:3]
    return found


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_overflows(seen: Watched, size: tuple[int, int], language: str) -> None:
    """No page is wider than its window and no table than its frame, with every form unfolded."""
    for path in addresses(seen):
        page = seen.open(f"{path}?lang={language}", *size)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        cut = "all => all.filter(n => n.scrollWidth > n.clientWidth).map(n => n.innerText.slice(0, 60))"
        assert page.eval_on_selector_all(".scroll", cut) == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(seen: Watched, theme: str) -> None:
    """Contrast AA in both themes."""
    for path in addresses(seen):
        page = seen.open(f"{path}?theme={theme}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(CONTRAST) == [], path


def test_a_task_is_lived_through(seen: Watched) -> None:
    """Acknowledged, talked over, edited, dismissed: each is seen without a reload, and stands in the history."""
    page = seen.open("/tasks?lang=ru")
    page.locator("[data-part=open-tasks] .what a").first.click()
    page.wait_for_load_state("load")
    page.evaluate("window.same = true")
    path = page.locator("[data-part=path]")
    button = page.get_by_role("button", name="Принимаю")
    if button.count():
        button.dblclick()
        expect(path).to_contain_text("Агент принял задачу")
    page.get_by_text("Записать разговор").click()
    page.get_by_label("О чём договорились").fill("меньше пауз")
    page.locator("form[data-act$=talk] button").click()
    expect(path).to_contain_text("меньше пауз")
    page.get_by_text("Изменить", exact=True).click()
    page.get_by_label("Сколько").fill("3")
    page.locator("form[data-act$=edit] button").click()
    expect(path).to_contain_text("Изменена цель: 3 вместо")
    page.get_by_text("Снять", exact=True).first.click()
    page.locator("select[name=reason]").select_option("absent")
    page.locator("form[data-act$=dismiss] button").click()
    expect(page.locator("[data-part=task-head]")).to_contain_text("не было на месте")
    expect(page.locator("[data-part=doing]")).to_be_empty()
    assert page.evaluate("window.same")


def test_a_case_is_planned(seen: Watched) -> None:
    """The plan stands on the page as soon as it is saved."""
    page = seen.open(next(path for path in addresses(seen) if path.startswith("/coaching/")) + "?lang=ru")
    page.get_by_label("Что делаем").fill("Слушаем вход вдвоём")
    page.get_by_role("button", name="Сохранить план").click()
    expect(page.locator("[data-part=case-plan] dl")).to_contain_text("Слушаем вход вдвоём")
    expect(page.locator("[data-part=case-history]")).to_contain_text("План записан")
