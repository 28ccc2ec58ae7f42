"""Forms: PHP's nested keys, blanks, broken escapes, bounds."""

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.providers import form
from services.kit.errors import BadInput


def test_nested_keys() -> None:
    """Brackets build objects; lists keep their indices as keys; `[]` appends."""
    raw = b"leads%5Bstatus%5D%5B0%5D%5Bid%5D=5&leads[status][1][id]=6&tags[]=a&tags[]=b&event=X&blank="
    assert form.nested(form.pairs(raw)) == {
        "leads": {"status": {"0": {"id": "5"}, "1": {"id": "6"}}},
        "tags": {"0": "a", "1": "b"},
        "event": "X",
        "blank": "",
    }


def test_a_value_and_an_object_under_one_key_do_not_clash() -> None:
    """The later one wins, as in PHP."""
    assert form.nested([("a", "1"), ("a[b]", "2")]) == {"a": {"b": "2"}}
    assert form.nested([("a[b]", "2"), ("a", "1")]) == {"a": "1"}


def test_broken_keys_and_bytes_stay_values() -> None:
    """Unbalanced brackets are a plain name; bytes that are no UTF-8 become U+FFFD; plus is a space."""
    assert form.nested(form.pairs(b"a[b=1&%ff=x+y&%zz=2")) == {"a[b": "1", "\ufffd": "x y", "%zz": "2"}


def test_bounds() -> None:
    """A nesting bomb and a flood of fields are refused with a reason, quickly."""
    with pytest.raises(BadInput) as deep:
        form.nested([("a" + "[b]" * 5_000, "1")])
    assert deep.value.reason == "too_deep"
    with pytest.raises(BadInput) as many:
        form.pairs(b"&a=" * 60_000)
    assert many.value.reason == "too_large"


def test_removing_fields_leaves_the_other_bytes_alone() -> None:
    """Only whole fields go; the rest is byte for byte what came."""
    raw = b"json=%7b%7d+%2B&sign=abc&x=%zz&%73ign=again"
    assert form.without(raw, lambda name: name == "sign") == b"json=%7b%7d+%2B&x=%zz"


@given(
    st.lists(
        st.sampled_from(
            [b"%", b"%4", b"%41", b"%3D", b"%0a", b"%zz", b"%%", b"=", b"+", b" ", b"\t", b"\r\n", b"a", b"\xff"]
        )
    )
)
def test_escapes_are_read_as_everybody_reads_them(parts: list[bytes]) -> None:
    """The quick way of decoding gives what the library's gives, whatever stands around the escapes."""
    raw = b"".join(parts)
    assert form.raw_pairs(b"n=" + raw) == [(b"n", unquote_to_bytes(raw.replace(b"+", b" ")))]
