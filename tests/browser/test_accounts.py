"""Accounts in a real browser: asked to sign in, back to where one wanted to be, acting, signing out."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from services.board.access import Person
from services.board.storage import managing
from services.kit import postgres as kit
from services.local.postgres import EmbeddedPostgres
from tests.browser.conftest import Watched, elsewhere, environment
from tests.browser.test_desk import CONTRAST, SIZES
from tests.support.running import Service, Services
from tests.support.seed_floor import NOW, seed
from tests.support.seed_sources import add
from tests.support.servers import fresh_database

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def accounts_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    async def fill() -> None:
        await seed(dsn)
        await add(dsn)
        engine = kit.engine(dsn)
        async with engine.begin() as connection:
            for person in (Person("anna", "operator"), Person("alina", "agent", agent="alina")):
                assert await managing.add(connection, person, PASSWORD, NOW)
        await engine.dispose()

    with fresh_database(postgres) as dsn:
        elsewhere(lambda: asyncio.run(fill()))
        yield dsn


@pytest.fixture(scope="module")
def guarded_board(accounts_dsn: str, running: Services) -> Service:
    return running.start("board", environment(accounts_dsn)).wait_ready()


@pytest.fixture
def at_the_door(browser: Browser, guarded_board: Service) -> Iterator[Watched]:
    context = browser.new_context(timezone_id="America/New_York")
    found = Watched(context.new_page(), guarded_board.url)
    yield found
    context.close()
    assert found.errors == []


def sign_in(watched: Watched, name: str, path: str = "/") -> None:
    page = watched.open(path)
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button").click()
    page.wait_for_load_state("load")


def test_sign_in_act_and_sign_out(at_the_door: Watched) -> None:
    """Back to the page asked for; its buttons work; afterwards nothing is shown."""
    sign_in(at_the_door, "anna", "/sources/mango-main?lang=en")
    page = at_the_door.page
    assert page.url.endswith("/sources/mango-main?lang=en")
    expect(page.locator(".who-am-i a")).to_have_text("anna")
    page.locator("[data-part=rejected] form button").first.click()
    expect(page.locator("[data-part=orders] li").first).to_be_visible(timeout=15_000)
    page.locator(".who-am-i button").click()
    page.wait_for_url("**/login")
    page.goto(at_the_door.url + "/tasks")
    assert "/login?next=%2Ftasks" in page.url


def test_a_page_leaves_when_its_session_ends(
    at_the_door: Watched, postgres: EmbeddedPostgres, accounts_dsn: str
) -> None:
    """Within seconds, by itself, to the door and back after it."""
    sign_in(at_the_door, "anna")
    page = at_the_door.page
    expect(page.locator("[data-part=agents] tr").first).to_be_visible()
    page.wait_for_timeout(500)
    database = accounts_dsn.split("?")[0].rsplit("/", 1)[1]
    elsewhere(lambda: postgres.query("UPDATE sessions SET revoked_at = now()", database=database))
    page.wait_for_url("**/login?next=%2F", timeout=15_000)


def test_plain_http_from_elsewhere_is_refused(browser: Browser, guarded_board: Service) -> None:
    """Browsers then do not say where a form comes from."""
    port = guarded_board.url.rsplit(":", 1)[1]
    lan = browser.browser_type.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP board.lan 127.0.0.1"],
    )
    page = lan.new_page()
    page.goto(f"http://board.lan:{port}/login?lang=en")
    page.locator("input[name=name]").fill("anna")
    page.locator("input[name=password]").fill(PASSWORD)
    with page.expect_response(lambda answer: answer.request.method == "POST") as told:
        page.locator("button").click()
    assert told.value.status == 403
    assert told.value.request.all_headers().get("origin") == "null"
    lan.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_pages_of_accounts_fit_and_can_be_read(at_the_door: Watched, language: str, theme: str) -> None:
    """The door, the own account, an agent's floor and a refusal: no overflow, contrast AA, the way out in sight."""
    page = at_the_door.open(f"/login?lang={language}&theme={theme}")
    assert page.evaluate(CONTRAST) == []
    sign_in(at_the_door, "alina")
    for path in ("/account", "/", "/agents/alina"):
        for size in SIZES:
            page = at_the_door.open(f"{path}?lang={language}&theme={theme}", *size)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, size)
            expect(page.locator(".who-am-i button")).to_be_visible()
        assert page.evaluate(CONTRAST) == [], path
