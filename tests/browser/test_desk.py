"""Desk pages in a real browser: nothing overflows, keys work, numbers change without moving rows."""

import pytest
from playwright.sync_api import Page, Route, expect

from services.local.postgres import EmbeddedPostgres
from tests.browser.conftest import Watched, elsewhere

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/slices",
    "/slices?slice=11:00",
    "/tasks",
    "/alerts",
    "/report",
    "/lines",
    "/look",
    "/agents/alina",
    "/sources",
    "/sources/mango-main",
)
SIZES = ((1920, 1080), (1440, 900), (390, 844))

SHIFTED = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 200);
})"""

CONTRAST = """() => {
  const parse = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return found.length < 4 ? [...found, 1] : found;
  };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
  const linear = (v) => (v <= 0.03928 * 255 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    const stack = [];
    for (let at = node; at; at = at.parentElement) stack.push(parse(getComputedStyle(at).backgroundColor));
    return stack.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const weak = [];
  for (const node of document.querySelectorAll("main *, header *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    const passed = node.closest("option, noscript, [aria-hidden=true], .sr, .tabs .off") || !node.getClientRects().length;
    if (!own || passed) continue;
    const style = getComputedStyle(node), back = ground(node);
    const [hi, lo] = [light(over(parse(style.color), back)), light(back)].sort((a, b) => b - a);
    const ratio = (hi + 0.05) / (lo + 0.05);
    if (ratio < 4.5) weak.push(`${node.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)} ${style.color}`);
  }
  return [...new Set(weak)];
}"""


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_overflows(watched: Watched, size: tuple[int, int], language: str) -> None:
    """No page is wider than its window, in any size or language."""
    for path in PAGES:
        page = watched.open(f"{path}{'&' if '?' in path else '?'}lang={language}", *size)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


@pytest.mark.parametrize("path", ["/", "/tasks", "/wall"])
def test_late_fonts_move_nothing(watched: Watched, path: str) -> None:
    """Letters that come a second after the page take the place of their stand-ins: no layout shift to speak of."""
    waiting: list[Route] = []
    page = watched.page
    page.route("**/*.woff2*", lambda route: waiting.append(route))
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(watched.url + path, wait_until="domcontentloaded")
    page.wait_for_timeout(1000)
    assert waiting
    for route in waiting:
        route.continue_()
    page.wait_for_load_state("load")
    page.wait_for_timeout(500)
    assert page.evaluate(SHIFTED) < 0.01


@pytest.mark.parametrize("path", ["/slices", "/tasks", "/alerts", "/report", "/lines", "/agents/alina", "/sources"])
def test_tables_fit_a_phone(watched: Watched, path: str) -> None:
    """On a phone no column is hidden behind the edge of its table."""
    page = watched.open(path, 390, 844)
    assert page.locator(".scroll, .alert").count() > 0
    cut = """all => all.filter(n => !n.closest("details:not([open])") && n.scrollWidth > n.clientWidth)
      .map(n => `${n.scrollWidth} ${n.innerText.slice(0, 60)}`)"""
    assert page.eval_on_selector_all(".scroll", cut) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(watched: Watched, theme: str) -> None:
    """Text against its ground has contrast AA (4.5) on every page, in both themes."""
    for path in PAGES:
        page = watched.open(f"{path}{'&' if '?' in path else '?'}theme={theme}")
        assert page.evaluate(CONTRAST) == [], path


def test_keys(watched: Watched) -> None:
    """/ searches, j and k walk, Enter opens, ? helps."""
    page = watched.open("/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("лун")
    expect(page.locator("tbody [data-name]:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("tbody [data-name]:visible")).to_have_count(18)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("tbody tr[data-agent]").first
    expect(first.locator("a").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    agent = first.get_attribute("data-agent")
    first.locator("a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/agents/{agent}")


def test_focus_is_seen(watched: Watched) -> None:
    """Whoever walks by keyboard sees where they are."""
    page = watched.open("/")
    for _ in range(4):
        page.keyboard.press("Tab")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2


def test_a_new_fact_changes_its_cell_and_moves_no_row(
    watched: Watched, postgres: EmbeddedPostgres, floor_dsn: str
) -> None:
    """Numbers change where they stand: the order of rows stays, the page is not loaded again."""
    page = watched.open("/")
    order = rows(page)
    page.evaluate("window.same = true")
    cell = page.locator('tr[data-agent="gleb"] [data-cell="calls"] .done')
    before = int(cell.inner_text())
    database = floor_dsn.split("?")[0].rsplit("/", 1)[1]
    copied = (
        "INSERT INTO facts (event_id, type, source, day, occurred_at, received_at, agent, line, key_hash, direction, "
        "disposition, talk_s, data, content_hash) SELECT gen_random_uuid(), type, source, day, occurred_at, received_at, "
        "agent, line, key_hash, direction, disposition, talk_s, data, content_hash FROM facts "
        "WHERE agent = 'gleb' AND type = 'srez.call.ended.v1' LIMIT 1"
    )
    elsewhere(lambda: postgres.query(copied, database=database))
    expect(cell).to_have_text(str(before + 1), timeout=15_000)
    paused = (
        "INSERT INTO facts (event_id, type, source, day, occurred_at, received_at, agent, line, key_hash, data, content_hash) "
        "SELECT gen_random_uuid(), type, source, day, occurred_at + interval '1 s', received_at, agent, line, key_hash, "
        """'{"state": "paused"}', content_hash FROM facts WHERE agent = 'gleb' AND type = 'srez.agent.state.v1' LIMIT 1"""
    )
    elsewhere(lambda: postgres.query(paused, database=database))
    expect(page.locator('tr[data-agent="gleb"] [data-word]')).to_have_text("пауза", timeout=15_000)
    assert rows(page) == order
    assert page.evaluate("window.same")


def test_the_clock_is_the_floors(watched: Watched) -> None:
    """Floor-local time runs, whatever the time zone of the reader."""
    page = watched.open("/")
    clock = page.locator("[data-clock]").first
    first = clock.inner_text()
    assert first.startswith("14:3")
    expect(clock).not_to_have_text(first, timeout=5_000)


HASTE = """async () => {
  const clock = await import("/static/clock.js");
  for (const node of document.querySelectorAll("[data-asof]")) node.dataset.asof = "";
  const real = performance.now.bind(performance);
  let t = real();
  performance.now = () => t;
  const now = "2026-11-23T11:00:00Z";
  const at = () => (clock.floorNow() - Date.parse(now)) / 1000;
  clock.setClock({ now, rate: 200, haste_ends: "2026-11-23T11:05:00Z", as_of: "2026-11-23T11:01:10Z" });
  const found = [at()];
  for (const ms of [1000, 1000, 10000]) {
    t += ms;
    found.push(at());
  }
  clock.tick();
  const late = [...document.querySelectorAll("[data-clock], [data-asof]")].map((node) => node.textContent);
  clock.setClock({ now, rate: 200, haste_ends: "2026-11-23T11:05:00Z", as_of: "2026-11-23T11:01:10Z" });
  const early = [...document.querySelectorAll("[data-clock], [data-asof]")].map((node) => node.textContent);
  performance.now = real;
  return { found, late, early };
}"""


def test_the_clock_slows_where_the_haste_ends(watched: Watched) -> None:
    """At 200× up to five minutes, then second by second; what is shown as fresh is never ahead of the clock beside it."""
    page = watched.open("/wall")
    seen = page.evaluate(HASTE)
    assert seen["found"] == pytest.approx([0, 200, 300.5, 310.5])
    assert sorted(seen["late"]) == ["14:01:10", "14:05:10"]
    assert seen["early"] == ["14:00:00", "14:00:00"]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_header_of_a_phone_is_short(watched: Watched, language: str) -> None:
    """Name and choices, the sections in one line, freshness: nothing else, and the open section is in sight."""
    for path in ("/", "/tasks", "/sources"):
        page = watched.open(f"{path}?lang={language}", 390, 844)
        assert page.evaluate("document.querySelector('.bar').offsetHeight") <= 96, path
        inside = page.evaluate(
            "(({left, right}) => left >= 0 && right <= innerWidth)"
            "(document.querySelector('.bar [aria-current]').getBoundingClientRect())"
        )
        assert inside, path


def test_a_change_is_not_said_by_a_grade(watched: Watched) -> None:
    """What has just changed has the ink of the others, on another ground; a legend says so."""
    page = watched.open("/?lang=en")
    inks = page.evaluate(
        """() => [".fresh-cell .done", "td .done"].map((name) => getComputedStyle(document.querySelector(name)))
        .map((style) => [style.color, style.backgroundColor])"""
    )
    assert inks[0][1] != inks[1][1]
    assert "just changed" in page.locator("#agents-title").inner_text()


def test_theme_is_kept(watched: Watched) -> None:
    """The reader's theme comes with the next page, without a flash of the other."""
    page = watched.open("/")
    page.select_option("[data-theme-choice]", "dark")
    page = watched.open("/tasks")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def rows(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all("tr[data-agent]", "all => all.map(row => row.dataset.agent)")
    return found
