"""The block ``quality`` of the floor file: the card that comes with the product, forms of one's own, what is wrong and where."""

import pytest

from schemas.floor import FloorError, dump, parse
from schemas.floor.default_card import DEFAULT_CARD
from schemas.floor.load import card
from schemas.floor.phrase import parse_phrase

FLOOR = """\
timezone: Europe/Moscow
teams: [{id: hunters}, {id: farmers}]
quality:
"""


def problems(block: str) -> list[str]:
    with pytest.raises(FloorError) as caught:
        parse(FLOOR + block)
    return [str(problem) for problem in caught.value.problems]


def test_the_default_card_is_the_domains() -> None:
    """Weights 10/20/20/15/10/20/5; diagnosis, presentation and closing are critical; zones 80 / 60; cap 59."""
    assert [(item.id, item.weight) for item in DEFAULT_CARD.items] == [
        ("contact", 10),
        ("diagnosis", 20),
        ("presentation", 20),
        ("objections", 15),
        ("price", 10),
        ("closing", 20),
        ("speech", 5),
    ]
    assert {item.id for item in DEFAULT_CARD.items if item.critical} == {"diagnosis", "presentation", "closing"}
    assert (DEFAULT_CARD.zones.good, DEFAULT_CARD.zones.fair, DEFAULT_CARD.critical_cap) == (80, 60, 59)


def test_a_form_of_ones_own_is_kept() -> None:
    """Described under card or in forms; it survives being written back."""
    floor = parse(
        FLOOR + "  card: {id: ours, version: 3, title: {ru: Наша, en: Ours},\n"
        "    items: [{id: a, title: A, weight: 100, phrases: [добрый день]}]}\n"
        "  forms: [{id: short, title: S, teams: [farmers], items: [{id: a, title: A, weight: 100}]}]\n"
    )
    assert [form.key for form in floor.quality.described()] == [("short", 1), ("ours", 3)]
    assert parse(dump(floor)).quality == floor.quality


def test_what_is_wrong_is_told_with_its_line() -> None:
    """Weights, doubles, phrases, teams and unknown keys."""
    told = problems(
        "  card: nothing\n"
        "  forms:\n"
        "    - id: one\n"
        "      title: One\n"
        "      teams: [hunters, hunter]\n"
        "      items:\n"
        "        - {id: a, title: A, weight: 60}\n"
        "        - {id: a, title: A, weight: 30}\n"
        "    - {id: one, title: Again, teams: [hunters], items: []}\n"
        "    - {id: default, title: D, items: [{id: a, title: A, weight: 100}]}\n"
    )
    assert told == [
        "line 4: quality.card: no form 'nothing'; give default, or describe it in forms",
        "line 8: quality.forms.0.teams: no team 'hunter'",
        "line 9: quality.forms.0.items: weights add up to 90, not to 100",
        "line 11: quality.forms.0.items.1.id: 'a' is used twice",
        "line 12: quality.forms.1.id: 'one' is used twice",
        "line 12: quality.forms.1.teams: 'hunters' has the form 'one' already",
        "line 12: quality.forms.1.items: a form needs at least one item",
        "line 13: quality.forms.2.id: 'default' is the form that comes with the product; choose another id",
    ]
    assert problems(
        "  card:\n    id: x\n    title: X\n    items:\n      - id: a\n        title: A\n        weight: 100\n"
        '        phrases: ["добрый день", "выставить (счёт"]\n'
    ) == ["line 11: quality.card.items.0.phrases.1.say: a bracket of the phrase is not closed"]
    assert problems("  listening: {random: 0.5}\n") == [
        "line 4: quality.listening: random, targeted and reference must add up to 1"
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "at least one word"),
        ("... счёт", "does not begin"),
        ("счёт ...", "does not end"),
        ("(а|б", "not closed"),
        ("(а||б)", "empty part"),
        ("вы*", "at least 3 letters"),
        ("# #", "numbers alone"),
        ("a(b|c)", "a choice is written"),
        ("=", "empty part"),
        ("а+б", "no word"),
    ],
)
def test_how_a_phrase_is_not_written(text: str, what: str) -> None:
    """Each mistake is named."""
    with pytest.raises(ValueError, match=what):
        parse_phrase(text)


def test_the_default_card_can_be_begun_with() -> None:
    """``srez floor card``: what it prints is a form of the same weights, phrases, cap and zones under another id."""
    text = card(DEFAULT_CARD, "ours")
    floor = parse("timezone: UTC\nteams: [{id: hunters, name: Hunters}]\n" + text)
    (form,) = floor.quality.forms
    assert form == DEFAULT_CARD.model_copy(update={"id": "ours"})
    assert "critical_cap: 59" in text
