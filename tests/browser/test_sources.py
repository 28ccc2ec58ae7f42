"""The Sources pages in a real browser: what happens is seen within seconds, what is pressed is done, by keyboard too."""

import asyncio
from collections.abc import Callable, Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from services.ingest.stream.orders import Orders
from services.kit.clock import Clock
from services.kit.postgres import pool
from services.local.postgres import EmbeddedPostgres
from tests.browser.conftest import Watched, elsewhere, environment
from tests.browser.test_desk import CONTRAST, SIZES
from tests.support.running import Service, Services
from tests.support.seed_floor import NOW, seed
from tests.support.seed_sources import PHONE, add
from tests.support.servers import fresh_database

pytestmark = pytest.mark.browser
PAGES = ("/sources", "/sources/mango-main", "/sources/amo", "/sources/mango-new")
SOON_MS = 15_000


@pytest.fixture(scope="module")
def sources_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    def fill() -> None:
        asyncio.run(seed(dsn))
        asyncio.run(add(dsn))

    with fresh_database(postgres) as dsn:
        elsewhere(fill)
        yield dsn


@pytest.fixture(scope="module")
def sources_board(sources_dsn: str, running: Services) -> Service:
    return running.start("board", environment(sources_dsn)).wait_ready()


@pytest.fixture
def seen(browser: Browser, sources_board: Service) -> Iterator[Watched]:
    context = browser.new_context(timezone_id="America/New_York")
    found = Watched(context.new_page(), sources_board.url)
    yield found
    context.close()
    assert found.errors == []


@pytest.fixture
def sql(postgres: EmbeddedPostgres, sources_dsn: str) -> Callable[[str], None]:
    database = sources_dsn.split("?")[0].rsplit("/", 1)[1]
    return lambda text: elsewhere(lambda: postgres.query(text, database=database))


def open_row(watched: Watched) -> None:
    """The newest rejected body, unfolded."""
    watched.page.locator("[data-part=rejected] a").first.click()
    watched.page.wait_for_load_state("load")


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_overflows(seen: Watched, size: tuple[int, int], language: str) -> None:
    """No page is wider than its window and no table than its frame, with setup and a body unfolded too."""
    for path in PAGES:
        page = seen.open(f"{path}?lang={language}", *size)
        if path == "/sources/mango-main":
            open_row(seen)
            page.evaluate("document.querySelector('.setup details').open = true")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        cut = "all => all.filter(n => n.scrollWidth > n.clientWidth).map(n => n.innerText.slice(0, 60))"
        assert page.eval_on_selector_all(".scroll", cut) == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(seen: Watched, theme: str) -> None:
    """Contrast AA in both themes, orders in every state."""
    for path in PAGES:
        page = seen.open(f"{path}?theme={theme}")
        assert page.evaluate(CONTRAST) == [], path


def test_every_field_has_its_label(seen: Watched) -> None:
    """Selects and buttons say what they are for."""
    page = seen.open("/sources/mango-main?lang=ru")
    expect(page.get_by_label("Кому назначить 214")).to_have_count(1)
    names = page.eval_on_selector_all(
        "main button, main select",
        "all => all.map(n => n.getAttribute('aria-label') || n.labels?.[0]?.innerText || n.textContent)",
    )
    assert all(name.strip() for name in names)


def test_a_body_is_opened_without_its_numbers(seen: Watched) -> None:
    """On demand, masked; the live page keeps it open."""
    page = seen.open("/sources/mango-main?lang=en")
    expect(page.locator("pre")).to_have_count(0)
    open_row(seen)
    body = page.locator("pre")
    expect(body).to_contain_text("•••••••••67")
    page.wait_for_timeout(3500)
    expect(body).to_be_visible()
    assert PHONE not in page.content()


def test_the_first_call_is_seen(seen: Watched, sql: Callable[[str], None]) -> None:
    """Waiting → heard → counted while the page is open, without a reload."""
    page = seen.open("/sources/amo?lang=en")
    page.evaluate("window.same = true")
    progress = page.locator("[data-part=progress]")
    expect(progress).to_contain_text("waiting for the first webhook")
    sql(
        "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash) VALUES "
        f"('amo', '{NOW.isoformat()}', 'POST', '', '', '{{}}', '', '')"
    )
    expect(progress).to_contain_text("webhooks come", timeout=SOON_MS)
    sql(
        "INSERT INTO facts (event_id, type, source, day, occurred_at, received_at, agent, line, key_hash, data, content_hash)"
        f" VALUES (gen_random_uuid(), 'srez.presentation.made.v1', 'amo', '{NOW.date()}', '{NOW.isoformat()}',"
        f" '{NOW.isoformat()}', 'ivan', 'amo', 0, '{{}}', '')"
    )
    expect(progress).to_contain_text("first event counted ✓", timeout=SOON_MS)
    assert page.evaluate("window.same")


def test_a_number_is_assigned_by_keyboard(seen: Watched, sources_dsn: str) -> None:
    """Choose, press, see it asked for, see it done; the number then leaves the list."""
    page = seen.open("/sources/mango-main?lang=ru")
    page.get_by_label("Кому назначить 214").focus()
    for _ in range(10):  # the first option is "choose an agent", Gleb is the tenth of his team
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    orders = page.locator("[data-part=orders]")
    expect(orders).to_contain_text("Номер 214 → Глеб Самойлов")
    expect(orders).to_contain_text("выполняется…")
    expect(page.locator("[data-part=nobody]")).to_contain_text("Глеб Самойлов: записываем…")
    elsewhere(lambda: asyncio.run(work(sources_dsn)))
    expect(orders).to_contain_text("записано в файл отдела, версия 3", timeout=SOON_MS)


async def work(dsn: str) -> None:
    """What ingest does with an order."""
    connections = await pool(dsn, size=2)
    await Orders(connections, Clock.parse(NOW.isoformat())).once()
    await connections.close()


def test_a_refusal_is_told_where_it_was_pressed(seen: Watched) -> None:
    """The board's sentence beside the button, which can be pressed again."""
    page = seen.open("/sources/mango-main?lang=ru")
    error = msgspec.json.encode({"error": "Отклонённых вебхуков нет", "reason": "nothing_rejected"}).decode()
    page.route("**/replay", lambda route: route.fulfill(status=404, body=error, content_type="application/json"))
    button = page.locator("form.all button")
    button.click()
    expect(page.locator("form.all output")).to_have_text("Не получилось: Отклонённых вебхуков нет")
    expect(button).to_be_enabled()
    seen.errors[:] = [text for text in seen.errors if "404" not in text]  # the browser's own line about it


def test_an_address_is_copied(seen: Watched) -> None:
    """One press, and the whole address is in the clipboard."""
    seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=seen.url)
    page = seen.open("/sources/mango-new?lang=en")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "https://pbx.example/hooks/mango-new"
