"""Numbers in transcripts: what could be called is hidden, what a talk about prices needs is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import Segment
from services.board.view.speech import hidden, shown
from services.rules.quality.reading import Evidence


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Пишите: 8 (912) 345-67-89", "Пишите: • (•••) •••-••-••"),
        ("карта 4276 1234 5678 9012", "карта •••• •••• •••• ••••"),
        ("код 12345", "код •••••"),
        ("восемь девятьсот двенадцать сорок пять", "•••••• ••••••••• •••••••••• ••••• ••••"),
        ("стоит 149 000 рублей", "стоит 149 000 рублей"),
        ("это 25000 руб", "это 25000 руб"),
        ("в 2026 году за 10 дней", "в 2026 году за 10 дней"),
        ("сто двадцать пять тысяч рублей", "сто двадцать пять тысяч рублей"),
        ("89123456789 рублей", "••••••••••• рублей"),
    ],
)
def test_what_is_hidden(text: str, kept: str) -> None:
    """Runs of five digits or four number words, but for an amount with its unit."""
    assert hidden(text) == kept


@given(st.text(alphabet="0123456789 -()рублейодин два", max_size=60))
def test_every_character_keeps_its_place(text: str) -> None:
    """Highlights are places in the text."""
    assert len(hidden(text)) == len(text)


def test_highlights() -> None:
    """Overlapping quotes name every question; a ban is told apart."""
    segments = (Segment(channel="agent", start_s=5, end_s=7, text="добрый день, 8912345678"),)
    quote = Evidence("p", "q", "agent", 5, 7, 0, 0, 11)
    (said,) = shown(segments, [("A", quote), ("B", quote)], [("R", Evidence("p", "q", "agent", 5, 7, 0, 7, 11))])
    assert [(piece.text, piece.titles, piece.ban) for piece in said.pieces] == [
        ("добрый ", ("A", "B"), False),
        ("день", ("A", "B", "R"), True),
        (", ••••••••••", (), False),
    ]
