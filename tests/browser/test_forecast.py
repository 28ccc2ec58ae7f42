"""The Forecast page: reached from the floor's top line, fits a desk and a phone, and says all it draws."""

import pytest

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser


def test_the_plan_of_the_day_leads_there(watched: Watched) -> None:
    page = watched.open("/?lang=ru")
    page.click(".facts a[href='/forecast']")
    page.wait_for_url("**/forecast")
    assert page.locator("h1").inner_text().startswith("Прогноз")


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_cut(watched: Watched, language: str, theme: str, width: int) -> None:
    """No sideways scroll of the page or of a table; every plot has its numbers beside it and a label."""
    page = watched.open(f"/forecast?lang={language}&theme={theme}", width, 900)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    cut = "all => all.filter(n => n.scrollWidth > n.clientWidth + 1).map(n => n.innerText.slice(0, 40))"
    assert page.eval_on_selector_all(".scroll, .card", cut) == []
    plots = page.locator(".plots .dot")
    assert plots.count() == 9
    assert all(plots.nth(at).get_attribute("aria-label") for at in range(9))
