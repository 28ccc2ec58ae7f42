"""Acts on alerts in a real browser: what is pressed is sent once, kept as an act, and said beside the button."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from playwright.sync_api import Browser, expect

from services.local.postgres import EmbeddedPostgres
from tests.browser.conftest import Watched, elsewhere, environment
from tests.support.running import Service, Services
from tests.support.seed_floor import seed
from tests.support.servers import fresh_database

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def acts_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        elsewhere(lambda: asyncio.run(seed(dsn)))
        yield dsn


@pytest.fixture(scope="module")
def acts_board(acts_dsn: str, running: Services) -> Service:
    return running.start("board", environment(acts_dsn)).wait_ready()


@pytest.fixture
def seen(browser: Browser, acts_board: Service) -> Iterator[Watched]:
    context = browser.new_context()
    yield Watched(context.new_page(), acts_board.url)
    context.close()


async def _acts(dsn: str) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch("SELECT kind, via FROM alert_acts ORDER BY at")]
    finally:
        await connection.close()


def stored(dsn: str) -> list[tuple[str, str]]:
    found: list[list[tuple[str, str]]] = []
    elsewhere(lambda: found.append(asyncio.run(_acts(dsn))))
    return found[0]


def test_acts_are_sent_and_said(seen: Watched, acts_dsn: str) -> None:
    """Taken, then muted: each says so at its form. Closing without a reason is not sent at all."""
    page = seen.open("/alerts?lang=ru")
    for kind, label in (("acknowledge", "Беру в работу"), ("mute", "Тихо 1 час")):
        form = page.locator(f"form[data-alert-act$='/{kind}']").first
        form.get_by_role("button", name=label).click()
        expect(form.locator("output")).to_have_text("Передано", timeout=30_000)
    page.get_by_role("button", name="Закрыть вручную").first.click()
    assert stored(acts_dsn) == [("acknowledge", "board"), ("mute", "board")]


def test_what_the_board_refuses_is_said(seen: Watched, acts_dsn: str) -> None:
    """An alert that is not there: the reason stands beside the button, which can be pressed again."""
    page = seen.open("/alerts?lang=ru")
    form = page.locator("form[data-alert-act$='/mute']").first
    form.evaluate("one => one.dataset.alertAct = '/api/v1/alerts/00000000-0000-0000-0000-000000000000/mute'")
    button = form.get_by_role("button")
    button.click()
    expect(form.locator("output.warn")).to_contain_text("Не вышло:", timeout=30_000)
    expect(button).to_be_enabled()
