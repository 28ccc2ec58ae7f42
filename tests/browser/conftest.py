"""Debian's Chromium through playwright, and a board as a process of its own on a seeded floor."""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from services.local.postgres import EmbeddedPostgres
from tests.support.running import Service, Services
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def floor_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A seeded database that browser tests may write news into."""
    with fresh_database(postgres) as dsn:
        asyncio.run(seed(dsn))
        yield dsn


@pytest.fixture(scope="module")
def browser(floor_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser a module: playwright keeps an event loop running in this thread, which other tests must not meet.

    It leaves nothing in the home directory.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    home = str(tmp_path_factory.mktemp("chromium"))
    elsewhere_kept = {**os.environ, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS, env=elsewhere_kept)
        yield found
        found.close()


def elsewhere(call: Callable[[], object]) -> None:
    """Run what needs an event loop of its own in another thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(call).result()


def environment(dsn: str) -> dict[str, str]:
    return {
        "SREZ_POSTGRES_DSN": dsn,
        "SREZ_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "SREZ_KAFKA_DURABLE": "false",
        "SREZ_CLOCK": NOW.isoformat(),
        "SREZ_BOARD_POLL_S": "0.3",
        "SREZ_BOARD_READ_DEADLINE_S": "60",
        "SREZ_LOG_FORMAT": "console",
        "SREZ_BOARD_HOSTS": "127.0.0.1,localhost,board.lan",
    }


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    found = Services(tmp_path_factory.mktemp("board"))
    yield found
    found.stop_all()


@pytest.fixture(scope="session")
def board(floor_dsn: str, running: Services) -> Service:
    return running.start("board", environment(floor_dsn)).wait_ready()


class Watched:
    """A page whose errors fail the test: script errors, console errors, blocked resources."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def open(self, path: str, width: int = 1440, height: int = 900) -> Page:
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")
        return self.page


@pytest.fixture
def watched(browser: Browser, board: Service) -> Iterator[Watched]:
    context = browser.new_context(timezone_id="America/New_York")
    found = Watched(context.new_page(), board.url)
    yield found
    context.close()
    assert found.errors == []
