"""The wall in a real browser: big enough, turning, honest about its age, alive after a restart of the server."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Watched, environment
from tests.support.running import Services

pytestmark = pytest.mark.browser

SMALL = """() => [...document.querySelectorAll("body *")].filter((node) =>
    [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && node.getClientRects().length
    && !node.closest(".sr, .skip, [hidden], .glyph, script")
    && parseFloat(getComputedStyle(node).fontSize) < 27.99).map((node) => node.textContent.trim())"""


def test_it_is_read_from_five_metres(watched: Watched) -> None:
    """At 1920 × 1080: words at least 28 px, counts at least 48 px, no scroll, every screen fits."""
    page = watched.open("/wall", 1920, 1080)
    assert page.evaluate(SMALL) == []
    counts = page.eval_on_selector_all(".done", "all => all.map(n => parseFloat(getComputedStyle(n).fontSize))")
    assert counts
    assert min(counts) >= 48
    assert page.evaluate("document.documentElement.scrollHeight") <= 1080
    cut = page.evaluate(
        """() => { const foot = document.querySelector(".wallfoot").getBoundingClientRect().top;
        return [...document.querySelectorAll(".screen *")].filter(n => n.getBoundingClientRect().bottom > foot + 1
          || n.getBoundingClientRect().right > 1921).map(n => n.className || n.tagName); }"""
    )
    assert cut == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_phone_has_it_all_below_each_other(watched: Watched, language: str) -> None:
    """Nothing is wider than the phone, no number is behind an edge, and no screen is counted."""
    page = watched.open(f"/wall?lang={language}", 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = page.eval_on_selector_all(
        ".screen *", "all => all.filter(n => n.getBoundingClientRect().right > 391).map(n => n.className || n.tagName)"
    )
    assert beyond == []
    assert page.locator(".wallgrid .done:visible").count() == 18 * 5
    expect(page.locator("[data-pages]")).to_be_hidden()


def test_screens_turn_by_themselves(browser: Browser, watched: Watched) -> None:
    """After fifteen seconds the next screen is on, and only that one."""
    page = watched.page
    page.clock.install()
    watched.open("/wall", 1920, 1080)
    assert page.locator(".screen.on").count() == 1
    first = page.locator("[data-pages]").inner_text()
    page.clock.run_for(15_500)
    expect(page.locator("[data-pages]")).not_to_have_text(first)
    assert page.locator(".screen.on").count() == 1


def test_it_says_when_it_is_old_and_heals(browser: Browser, floor_dsn: str, running: Services) -> None:
    """Server gone: red after a minute; server back: the same page, without a hand, is fresh again."""
    own = running.start("board", environment(floor_dsn)).wait_ready()
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.clock.install()
    page.goto(f"{own.url}/wall")
    banner = page.locator("[data-stale-banner]")
    expect(banner).to_be_hidden()
    page.evaluate("window.same = true")
    own.kill()
    page.clock.run_for(70_000)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("данные не обновляются уже 01:")
    running.start("board", environment(floor_dsn), port=int(own.url.rsplit(":", 1)[1])).wait_ready()
    for _ in range(60):
        page.clock.run_for(2_000)
        page.wait_for_timeout(100)
        if banner.is_hidden():
            break
    expect(banner).to_be_hidden()
    assert page.evaluate("window.same")
    context.close()
