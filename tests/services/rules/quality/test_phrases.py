"""Trigger phrases: forms of Russian and English words, gaps, numbers, ё, negations, position in the call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import CallTranscribed, Segment
from schemas.floor.quality import NEGATORS, Form, Phrase
from services.rules.quality.phrases import Negation, find, sought
from services.rules.quality.reading import read
from services.rules.quality.words import plain, tokens

NEGATION = Negation(frozenset(map(plain, NEGATORS)), 3)


def said(phrase: str | Phrase, text: str) -> bool:
    wanted = Phrase(say=phrase) if isinstance(phrase, str) else phrase
    return bool(list(find(sought(wanted), tokens(text), NEGATION)))


@pytest.mark.parametrize(
    ("phrase", "forms"),
    [
        ("счёт", "счёт счета счёту счётом счете СЧЁТ"),
        ("цена", "цена цены цене цену ценой"),
        ("скидка", "скидка скидки скидке скидку скидкой"),
        ("бюджет", "бюджет бюджета бюджету бюджетом бюджете"),
        ("задача", "задача задачи задаче задачу задачей задачах"),
        ("компания", "компания компании компанию компанией"),
        ("решение", "решение решения решению решением решениями"),
        ("рассрочка", "рассрочка рассрочки рассрочку рассрочкой"),
        ("договоримся", "договоримся договорились договорились договориться"),
        ("выстав*", "выставлю выставим выставить выставлен выставляем"),
        ("invoice", "invoice invoices invoiced"),
        ("price", "price prices pricing"),
        ("call", "call calls calling called"),
    ],
)
def test_forms_of_a_word(phrase: str, forms: str) -> None:
    """A word is found in any of its forms; ё is е, capitals are small."""
    assert [form for form in forms.split() if not said(phrase, f"и {form} тоже")] == []


def test_a_fleeting_vowel_needs_its_variant() -> None:
    """Where the stem itself changes, the phrase names both, or a beginning."""
    assert not said("скидка", "никаких скидок")
    assert said("(скидка|скидок)", "много скидок")
    assert said("скид*", "много скидок")


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("добрый день", "Добрый, э-э, день!", True),
        ("добрый день", "Добрый и очень хороший день", False),
        ("выстав* ... счёт", "выставлю вам прямо сегодня на почту счёт", True),
        ("выстав* ... счёт", "выставлю. А счёт потом", False),
        ("(добрый|доброе) (день|утро)", "Доброе утро", True),
        ("=нет проблемы", "нет проблема", True),
        ("=проблема", "проблемы", False),
        ("стоимость #", "стоимость двадцать пять тысяч", True),
        ("стоимость 25", "стоимость двадцать пять тысяч", True),
        ("стоимость двадцать", "стоимость 20 рублей", True),
        ("пять дней", "за 5 дней", True),
        ("call tomorrow", "I will call you tomorrow", True),
    ],
)
def test_words_in_order(phrase: str, text: str, found: bool) -> None:
    """One filler between words, more only by ``...``, never over the end of a sentence; numbers in digits or in words."""
    assert said(phrase, text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("выставлю счёт", True),
        ("не выставлю счёт", False),
        ("я пока не могу выставить счёт", False),
        ("выставлю не счёт", False),
        ("выставлю без счёта", False),
        ("не сегодня. Выставлю счёт", True),
        ("не только выставлю счёт", True),
        ("не волнуйтесь вы так сильно, выставлю счёт", True),
    ],
)
def test_a_negation_before_it(text: str, found: bool) -> None:
    """Within three words and the same sentence; «не только» denies nothing."""
    assert said("(выставлю|выставить) счёт", text) is found


def test_a_negation_that_is_meant() -> None:
    """A phrase may name its own negation, or allow any."""
    assert said("не дорого", "это не дорого")
    assert said(Phrase(say="выставлю счёт", negation="allow"), "не выставлю счёт")


def test_english_negations() -> None:
    """don't is one word."""
    assert not said("send invoice", "we don't send an invoice")
    assert said("send invoice", "we will send the invoice")


FORM = Form.model_validate(
    {
        "id": "f",
        "title": "F",
        "items": [
            {
                "id": "hello",
                "title": "H",
                "weight": 50,
                "stage": "hello",
                "phrases": [{"say": "добрый день", "within_s": 30}],
            },
            {
                "id": "end",
                "title": "E",
                "weight": 50,
                "stage": "end",
                "phrases": [{"say": "спасибо", "last_share": 0.3}],
            },
        ],
        "bans": [{"id": "rude", "title": "R", "phrases": ["глупость"]}],
    }
)


def call(*segments: tuple[str, float, str]) -> CallTranscribed:
    parts = tuple(Segment(channel=who, start_s=at, end_s=at + 2, text=text) for who, at, text in segments)
    return CallTranscribed(call_id="c", language="ru", segments=parts)


def test_evidence_has_its_time_and_channel() -> None:
    """The quote is the whole segment; what is said too late, too early or by the customer is no evidence."""
    reading = read(
        FORM, call(("customer", 0, "Добрый день"), ("agent", 3, "Добрый день, Иван"), ("agent", 100, "пока"))
    )
    (found,) = reading.evidence["hello"]
    assert (found.text, found.channel, found.start_s, found.segment) == ("Добрый день, Иван", "agent", 3, 1)
    assert reading.marks == {"hello": 1, "end": None}
    assert reading.stages == ("hello",)
    late = read(FORM, call(("agent", 40, "Добрый день"), ("agent", 50, "спасибо"), ("agent", 200, "всё")))
    assert late.marks == {"hello": None, "end": None}


def test_a_phrase_over_two_segments() -> None:
    """Speech recognition cuts where it likes: a short pause within one speaker does not cut a phrase."""
    reading = read(FORM, call(("agent", 0, "добрый"), ("agent", 2.5, "день"), ("agent", 100, "")))
    assert reading.evidence["hello"][0].text == "добрый день"
    assert not read(FORM, call(("agent", 0, "добрый"), ("agent", 9, "день"))).evidence


def test_a_ban_is_only_shown() -> None:
    """The machine marks nothing down: a ban is a quote for a person."""
    reading = read(FORM, call(("agent", 0, "Какая глупость")))
    assert [one.text for one in reading.bans["rude"]] == ["Какая глупость"]
    assert not any(mark == 0 for mark in reading.marks.values())


texts = st.text(alphabet="абвё не без.счётвыставлю (|)*=#… 12", max_size=60)


@given(st.lists(st.tuples(st.sampled_from(["agent", "customer"]), st.floats(0, 900), texts), max_size=8))
def test_no_transcript_breaks_it(segments: list[tuple[str, float, str]]) -> None:
    """Whatever was said: marks are 1 or not seen, quotes lie within their segments."""
    transcript = call(*segments)
    reading = read(FORM, transcript)
    assert set(reading.marks.values()) <= {1.0, None}
    for quotes in reading.evidence.values():
        for one in quotes:
            assert 0 <= one.first < one.last <= len(transcript.segments[one.segment].text)


@given(texts, texts)
def test_more_speech_takes_no_evidence_away(before: str, after: str) -> None:
    """What is said in other sentences around it does not unsay a phrase."""
    assert said("выставлю счёт", f"{before}. выставлю счёт. {after}")
