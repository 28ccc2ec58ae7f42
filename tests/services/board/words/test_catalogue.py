"""Both languages say the same things, in the right forms, with numbers as people write them."""

import re
import string
from zoneinfo import ZoneInfo

import pytest

from services.board.words import en, numbers, ru, words
from services.board.words.catalogue import CATALOGUES, plural

MOSCOW = ZoneInfo("Europe/Moscow")


def holes(entry: str | tuple[str, ...]) -> set[str]:
    forms = (entry,) if isinstance(entry, str) else entry
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name is not None}


def test_languages_have_the_same_sentences() -> None:
    """No sentence is missing in either language."""
    assert set(ru.WORDS) == set(en.WORDS)


def test_sentences_take_the_same_values() -> None:
    """What is filled in one language is filled in the other; plurals have every form of their language."""
    for key, said in ru.WORDS.items():
        same = en.WORDS[key]
        assert holes(said) == holes(same), key
        assert isinstance(said, tuple) == isinstance(same, tuple), key
        if isinstance(said, tuple):
            assert (len(said), len(same)) == (3, 2), key


def test_every_sentence_the_templates_ask_for_exists() -> None:
    """A literal key in a template or a module is in the catalogue."""
    from services.board.web.board import HERE

    asked: set[str] = set()
    for path in [*HERE.rglob("*.html"), *HERE.rglob("*.py")]:
        asked |= set(re.findall(r"""\bw\(\s*['"]([a-z_.]+)['"]\s*[,)]""", path.read_text()))
    assert len(asked) > 100
    assert asked - set(ru.WORDS) == set()


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, 2),
        (1, 0),
        (2, 1),
        (4, 1),
        (5, 2),
        (11, 2),
        (12, 2),
        (21, 0),
        (22, 1),
        (111, 2),
        (112, 2),
        (121, 0),
        (1.5, 1),
    ],
)
def test_russian_plural_forms(n: float, expected: int) -> None:
    """1 задача, 2 задачи, 5 задач, 11 задач, 21 задача."""
    assert plural(n, "ru") == expected


def test_russian_sentence_with_a_count() -> None:
    """The form follows the number."""
    w = words("ru", MOSCOW)
    assert [w("recent.tasks", n=n) for n in (1, 3, 11, 21)] == ["1 задача", "3 задачи", "11 задач", "21 задача"]


@pytest.mark.parametrize(
    ("value", "digits", "language", "expected"),
    [
        (1234567.0, 0, "ru", "1\u202f234\u202f567"),
        (12.4, 1, "ru", "12,4"),
        (12.4, 1, "en", "12.4"),
        (1234.5, 1, "en", "1\u202f234.5"),
        (-3.0, 0, "ru", "\u22123"),
        (-0.04, 1, "ru", "0,0"),
        (0.0, 1, "en", "0.0"),
    ],
)
def test_numbers(value: float, digits: int, language: numbers.Language, expected: str) -> None:
    """Decimal comma in Russian, thin space in thousands, a true minus, no minus zero."""
    assert numbers.number(value, digits, language) == expected


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (125_000_000, "RUB", "1\u202f250\u202f000\u202f₽"),
        (12_350, "RUB", "123,50\u202f₽"),
        (-500, "RUB", "\u22125\u202f₽"),
        (980, "JPY", "980\u202fJPY"),
        (1_234_000, "KWD", "1\u202f234\u202fKWD"),
    ],
)
def test_money_stands_before_its_sign(minor: int, currency: str, expected: str) -> None:
    """Minor units of each currency; kopecks only when there are any."""
    assert numbers.money(minor, currency, "ru") == expected


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (0, "USD", "$0"),
        (141_500_000, "USD", "$1,415,000"),
        (12_350, "EUR", "€123.50"),
        (-500, "GBP", "\u2212£5"),
        (0, "RUB", "0\u202f₽"),
    ],
)
def test_english_money_begins_with_its_sign(minor: int, currency: str, expected: str) -> None:
    """$, € and £ stand before the number in English; other signs after it."""
    assert numbers.money(minor, currency, "en") == expected


def test_certainty_is_never_complete() -> None:
    """A probability never reads 100 % or 0 %."""
    assert numbers.probability(0.9999, "ru") == ">99\u202f%"
    assert numbers.probability(0.0001, "en") == "<1\u202f%"
    assert numbers.probability(0.92, "ru") == "92\u202f%"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_nobody_is_accused(language: str) -> None:
    """Words that blame or rank people do not occur."""
    said = " ".join(
        form for entry in CATALOGUES[language].values() for form in ([entry] if isinstance(entry, str) else entry)
    )
    assert re.findall(r"лентя|худш|провал|виноват|лузер|lazy|worst|loser|fault of|guilty|шт[ры]аф", said.lower()) == []


@pytest.mark.parametrize(
    ("value", "expected"), [(80.0, "80"), (94.5, "94.5"), (1.05, "1.05"), (0.105, "0.105"), (0.0, "0"), (115, "115")]
)
def test_a_norm_is_shown_as_the_floor_file_says_it(value: float, expected: str) -> None:
    """No decimals that nobody wrote, none lost."""
    assert words("en", MOSCOW).norm(value) == expected
    assert words("ru", MOSCOW).norm(value) == expected.replace(".", ",")
