"""No phone number of a raw body can be read, however it is written; the rest can."""

import json
import re
import time
from urllib.parse import quote, quote_plus, urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.board.view.masking import masked

SEPARATORS = ("", "", "", " ", "-", "--", ". ", ") ", " (", "\u00a0", "\u2011", "/", "  ")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ('{"to": {"number": "79161234567"}}', '{"to": {"number": "•••••••••67"}}'),
        ("caller=%2B7+916+123-45-67&line=3", "caller=%2B•+•••+•••-••-67&line=3"),
        ("to=%2B7%20%28916%29%20123-45-67", "to=%2B•%20%28•••%29%20•••-••-67"),
        ("json=%7B%22phone%22%3A%2279161234567%22%7D", "json=%7B%22phone%22%3A%22•••••••••67%22%7D"),
        ("<num>+7 (916) 123-45-67</num>", "<num>+• (•••) •••-••-67</num>"),
        ("%252B7%2520916%25201234567", "%252B•%2520•••%2520•••••67"),
        ('{"n": "\\u002b7\\u00a0916 123 45 67"}', '{"n": "\\u002b•\\u00a0••• ••• •• 67"}'),
        ("tel:8&nbsp;800&#160;555&nbsp;35&nbsp;35", "tel:•&nbsp;•••&#160;•••&nbsp;••&nbsp;35"),
        ("&#55;916123456&#55;", "•••••••••6&#55;"),
        ("٧٩١٦١٢٣٤٥٦٧", "•••••••••٦٧"),
        ('"ext": "1042", "talk": 640, "code": 503', '"ext": "1042", "talk": 640, "code": 503'),
        ("[640, 12, 503, 17, 16, 21]", "[640, 12, 503, 17, 16, 21]"),
        ("2026-11-23T09:31:05", "••••-••-23T09:31:05"),
        ("", ""),
    ],
)
def test_numbers_in_their_places(raw: str, shown: str) -> None:
    """The last two digits stay, to tell calls apart; extensions, seconds and codes are left."""
    assert masked(raw) == shown


@st.composite
def phones(draw: st.DrawFn) -> str:
    digits = draw(st.lists(st.sampled_from("0123456789"), min_size=7, max_size=15))
    between = draw(st.lists(st.sampled_from(SEPARATORS), min_size=len(digits), max_size=len(digits)))
    plus = draw(st.sampled_from(("", "+", "(", "+(")))
    return plus + "".join(digit + mark for digit, mark in zip(digits, between, strict=True))


ENCODINGS = {
    "json": lambda phone: json.dumps({"caller": {"number": phone}, "talk": "12"}),
    "compact json": lambda phone: json.dumps([phone], ensure_ascii=False, separators=(",", ":")),
    "form": lambda phone: urlencode({"callid": "a-1", "from": phone, "to": "x"}),
    "percent": lambda phone: "from=" + quote(phone, safe=""),
    "twice": lambda phone: "body=" + quote_plus(urlencode({"phone": phone})),
    "json in a form": lambda phone: urlencode({"json": json.dumps({"phone": phone})}),
    "xml": lambda phone: f'<call from="{escape(phone)}"><to>{escape(phone)}</to></call>',
    "sip": lambda phone: f"sip:{phone}@pbx.example",
}


def digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)


@given(phone=phones(), encoding=st.sampled_from(sorted(ENCODINGS)))
def test_no_number_survives(phone: str, encoding: str) -> None:
    """Of any number, in any encoding, no more than the last two digits are left of its run."""
    raw = ENCODINGS[encoding](phone)
    bare = ENCODINGS[encoding]("@")
    shown = masked(raw)
    head, tail = bare.split("@" if encoding not in ("form", "percent", "json in a form", "twice") else _at(encoding), 1)
    if encoding in ("json", "compact json", "form", "percent", "json in a form", "sip", "twice"):
        assert shown.startswith(head)
        middle = shown[len(head) : len(shown) - len(tail)]
        plain = re.sub(r"(?:\\|%(?:25)*5C)u[0-9a-f]{4}|%(?:25)*[0-9A-Fa-f]{2}", "", middle)
        assert len(digits_of(plain)) == 2
        assert digits_of(phone).endswith(digits_of(plain))
    else:
        assert digits_of(phone)[:-2] not in digits_of(shown)


def _at(encoding: str) -> str:
    return "%2540" if encoding == "twice" else "%40"


@given(text=st.text(max_size=200))
def test_what_is_masked_stays_masked(text: str) -> None:
    """Twice is once, nothing is added but dots, and seven bare digits in a row never remain."""
    once = masked(text)
    assert masked(once) == once
    assert len(once) <= len(text)
    assert re.search(r"\d{7}", once) is None or "%" in text


@given(text=st.text(alphabet="0123456789 +-()%2Bu\\;&#", max_size=300))
def test_hostile_text_is_no_trouble(text: str) -> None:
    """Whatever the mixture of digits and marks: no exception."""
    masked(text)


def test_a_large_body_takes_no_time() -> None:
    """Half a megabyte of almost-numbers is looked through within a second or so."""
    began = time.monotonic()
    masked("12 34 56, " * 50_000)
    masked("1" * 500_000)
    masked("%20" * 100_000 + "1 " * 5)
    assert time.monotonic() - began < 5
