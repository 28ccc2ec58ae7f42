"""The day report on paper: A4, black on white, no navigation, a new page for each large section."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

COLOURED = """() => [...document.querySelectorAll("main *")].filter((node) => {
  if (!node.getClientRects().length || !node.textContent.trim()) return false;
  const [r, g, b] = getComputedStyle(node).color.match(/[\\d.]+/g).map(Number);
  const ground = getComputedStyle(node).backgroundColor.match(/[\\d.]+/g).map(Number);
  const white = ground[3] === 0 || ground.slice(0, 3).every((part) => part === 255);
  return Math.max(r, g, b) - Math.min(r, g, b) > 8 || Math.max(r, g, b) > 90 || !white;
}).map((node) => node.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_is_black_on_white(watched: Watched, theme: str) -> None:
    """Whatever the theme: no navigation, no buttons, no colours, nothing beyond the edge of the sheet."""
    page = watched.open(f"/report?theme={theme}", 703, 980)
    page.emulate_media(media="print")
    for gone in (".bar", ".pick", "[data-print]", ".stale"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator("h2").first.is_visible()
    assert page.evaluate(COLOURED) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    cut = "all => all.filter(n => n.scrollWidth > n.clientWidth + 1).map(n => n.innerText.slice(0, 40))"
    assert page.eval_on_selector_all(".scroll, .card", cut) == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_it_prints_on_a4(watched: Watched, tmp_path: Path, language: str) -> None:
    """Plan and slices, agents, tasks, incidents with the data: four sheets of A4."""
    page = watched.open(f"/report?lang={language}")
    path = tmp_path / "report.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    pdf = path.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 4
    sizes = {tuple(round(float(side)) for side in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)}
    assert sizes == {(0, 0, 595, 842)}


def test_the_button_prints(watched: Watched) -> None:
    """One click opens the browser's own dialogue."""
    page = watched.open("/report")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.click("[data-print]")
    assert page.evaluate("window.printed") is True
