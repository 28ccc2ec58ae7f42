"""Marking a call in a browser: board and ingest as processes of their own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from services.local.postgres import EmbeddedPostgres
from tests.support.running import Services
from tests.support.seed_floor import NOW, seed
from tests.support.seed_quality import seed_quality
from tests.support.servers import fresh_database

pytestmark = [pytest.mark.browser, pytest.mark.integration]


@dataclass(frozen=True)
class Bench:
    url: str
    calls: list[str]


@pytest.fixture(scope="module")
def bench(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("quality")
    with fresh_database(postgres) as dsn:

        async def fill() -> list[str]:
            return await seed_quality(dsn, await seed(dsn), NOW)

        calls = asyncio.run(fill())
        running = Services(folder)
        environment = {
            "SREZ_POSTGRES_DSN": dsn,
            "SREZ_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "SREZ_KAFKA_DURABLE": "false",
            "SREZ_CLOCK": NOW.isoformat(),
            "SREZ_LOG_FORMAT": "console",
        }
        running.start("ingest", environment)
        yield Bench(running.start("board", environment).wait_ready().url.rstrip("/"), calls)
        running.stop_all()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    yield context.new_page()
    context.close()


def test_a_call_is_marked_blind_and_answered(bench: Bench, page: Page) -> None:
    """Others' marks open after one's own; marks go through ingest and come back as a fact; a dispute is settled."""
    page.goto(f"{bench.url}/quality/calls/{quote(bench.calls[0])}?lang=ru")
    expect(page.get_by_text("Есть 2 чужие оценки")).to_be_visible()
    for group in page.locator(".marking fieldset").all()[:-1]:
        group.get_by_label("1", exact=True).check()
    page.get_by_label("Что сказать агенту").fill("Так держать, звоните 8 912 345 67 89")
    page.get_by_role("button", name="Сохранить оценку").click()
    mine = page.locator(".sheet", has_text="Так держать")
    expect(mine.locator(".chip")).to_have_text("●хорошо", timeout=30_000)
    expect(mine).to_contain_text("100")
    expect(mine).not_to_contain_text("912 345")
    expect(page.locator(".sheet")).to_have_count(3)

    dispute = page.locator(".dispute")
    dispute.get_by_label("Решение").select_option("0.5")
    dispute.get_by_label("Ответ").fill("Представился не сразу")
    dispute.get_by_role("button", name="Ответить").click()
    expect(page.locator(".dispute", has_text="оценка изменена: 1 → ½")).to_be_visible(timeout=30_000)
    expect(page.locator(".sheet", has_text="было 1")).to_have_count(1)


def test_a_question_is_disputed(bench: Bench, page: Page) -> None:
    """From a sheet, with a text; it then stands in the list."""
    page.goto(f"{bench.url}/quality/calls/{quote(bench.calls[1])}?lang=ru")
    page.locator(".marking fieldset").first.get_by_label("0", exact=True).check()
    page.get_by_role("button", name="Сохранить оценку").click()
    sheets = page.locator(".sheet")
    expect(sheets).to_have_count(2, timeout=30_000)
    first = sheets.first
    first.get_by_text("Оспорить один вопрос").click()
    first.get_by_label("Вопрос").select_option("contact")
    first.get_by_label("Почему").fill("Я поздоровался")
    first.get_by_role("button", name="Оспорить", exact=True).click()
    expect(page.locator(".dispute", has_text="Я поздоровался")).to_be_visible(timeout=30_000)
    page.goto(f"{bench.url}/quality?lang=ru")
    expect(page.get_by_text("ждёт ответа").first).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1360, "light"), (390, "light"), (390, "dark")])
def test_nothing_sticks_out(bench: Bench, page: Page, width: int, theme: str) -> None:
    """No sideways scroll of the page at desk and phone width."""
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/quality", f"/quality/calls/{quote(bench.calls[0])}"):
        page.goto(f"{bench.url}{path}?lang=ru&theme={theme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
