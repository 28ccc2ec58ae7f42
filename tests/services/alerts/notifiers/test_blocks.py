"""Block Kit: limits, escaping, cutting."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.notifiers.blocks import MAX_BLOCKS, MAX_HEADER, MAX_TEXT, blocks, cut, escape, fallback, mentions
from services.alerts.wording import render
from services.alerts.wording.content import Content, Section
from tests.services.alerts.payloads import LINE, SLICE, but

EVIL = "<!channel> & <@U0BOSS> <mailto:x|y> *b*"


def texts(found):
    for block in found:
        for part in [block.get("text"), *block.get("elements", [])]:
            if part:
                yield part["text"]


def test_data_cannot_call_the_channel():
    """A name with Slack's control characters is shown, never obeyed."""
    content = render(but(SLICE, team_name=EVIL, lagging=[{**SLICE["lagging"][0], "name": EVIL}]))
    whole = json.dumps(blocks(content), ensure_ascii=False) + fallback(content)
    assert "<!channel>" not in whole
    assert "<@U0BOSS>" not in whole
    assert "&lt;!channel&gt; &amp;" in whole


def test_only_user_ids_are_mentioned():
    """A lead written as anything else is left out."""
    content = Content("t", mentions=("U0ANNA", "!channel", "anna", "S0GROUP"))
    assert mentions(content) == "<@U0ANNA>"


def test_what_is_cut_is_counted():
    """A section of many lines ends with “+ ещё n”, n being what is missing."""
    agents = [{**SLICE["lagging"][0], "name": f"Сотрудник {n} {'я' * 80}"} for n in range(60)]
    content = render(but(SLICE, lagging=agents))
    section = next(text for text in texts(blocks(content)) if "Тоже отстают" in text)
    shown = section.count("• Сотрудник")
    assert section.endswith(f"+ ещё {60 - shown}")
    assert 0 < shown < 60


def test_too_many_sections_are_counted():
    """Never more than fifty blocks."""
    content = Content("t", tuple(Section((str(n),)) for n in range(80)), note="n", more="+{n}")
    found = blocks(content)
    assert len(found) == MAX_BLOCKS
    assert found[-2]["text"]["text"] == "+33"


@given(
    st.lists(st.lists(st.text(alphabet="a<>&я\n*", max_size=900), max_size=30), max_size=60),
    st.text(alphabet="a<&я", min_size=1, max_size=400),
)
def test_limits_hold_for_any_content(sections, title):
    """Whatever the data, Slack accepts the message."""
    content = Content(title, tuple(Section(tuple(lines), heading="h") for lines in sections), note=title, more="+{n}")
    found = blocks(content)
    assert len(found) <= MAX_BLOCKS
    assert len(found[0]["text"]["text"]) <= MAX_HEADER
    assert all(len(text) <= MAX_TEXT for text in texts(found))
    assert len(fallback(content)) <= MAX_TEXT


@given(st.text(alphabet="a<>&", max_size=60), st.integers(2, 40))
def test_an_entity_is_never_cut_in_two(text, limit):
    """What remains is still escaped text."""
    found = cut(text, limit)
    assert len(found) <= limit
    kept = found.removesuffix("…")
    assert escape(text).startswith(kept)
    assert kept.rpartition("&")[2].count(";") == (1 if "&" in kept else 0) or not kept.count("&")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_fallback_says_it_all(language):
    """Notifications and clients without blocks read the same."""
    content = render({**LINE, "language": language})
    assert fallback(content).split("\n")[0] == escape(content.title)
