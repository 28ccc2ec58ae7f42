"""The day report on paper: one sheet of A4, black on white, no navigation."""

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

MANY = """() => { const rows = [...document.querySelectorAll(".agents-part tbody:last-of-type tr[data-name]")];
  for (let at = 0; at < 100; at++) rows[0].after(rows[at % rows.length].cloneNode(true)); }"""
SHOWN = "all => all.map(node => getComputedStyle(node).display)"
KEPT_WHOLE = "all => all.map(node => getComputedStyle(node).breakInside)"


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
    """A floor of ordinary size is one sheet of A4; a large one flows on, with the heads of its tables on every sheet."""
    page = watched.open(f"/report?lang={language}")
    path = tmp_path / "report.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    pdf = path.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    sizes = {tuple(round(float(side)) for side in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)}
    assert sizes == {(0, 0, 595, 842)}
    page.evaluate(MANY)
    page.pdf(path=path, prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) == 3
    page.emulate_media(media="print")
    assert page.eval_on_selector_all(".agents-part thead", SHOWN) == ["table-header-group"]
    assert set(page.eval_on_selector_all(".agents-part tr", KEPT_WHOLE)) == {"avoid"}


def test_the_button_prints(watched: Watched) -> None:
    """One click opens the browser's own dialogue."""
    page = watched.open("/report")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.click("[data-print]")
    assert page.evaluate("window.printed") is True
