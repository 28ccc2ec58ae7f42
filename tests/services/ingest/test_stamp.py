"""From a draft to a fact: ids, agents, instants, days, and what cannot be one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.facts import INVOICE, InvoiceIssued, event_id
from schemas.floor import parse
from services.ingest.customer import hasher, normal
from services.ingest.providers.base import Draft
from services.ingest.secret import resolve as resolve_secrets
from services.ingest.source import configure
from services.ingest.stamp import resolve, stamp
from services.kit.errors import BadInput
from tests.services.ingest.conftest import FLOOR

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
DATA = InvoiceIssued(invoice="own:1", identity="222", at=AT, amount_minor=5, currency="RUB")
DRAFT = Draft(INVOICE, "1", AT, DATA)
FLOOR_ = parse(FLOOR)


def test_the_id_is_that_of_source_type_and_provider_id() -> None:
    """The same on every delivery."""
    assert stamp(DRAFT, "own", AT, FLOOR_).fact.id == event_id("own", INVOICE, "1")


def test_without_a_floor_nothing_is_resolved() -> None:
    """The day is UTC's, the agent stays unknown."""
    stamped = stamp(replace(DRAFT, time=datetime(2026, 11, 23, 23, tzinfo=UTC)), "own", AT + timedelta(days=1), None)
    assert (stamped.fact.agent, stamped.day.isoformat()) == (None, "2026-11-23")


@pytest.mark.parametrize(
    ("source", "identity", "given", "expected"),
    [
        ("own", "222", None, "ivan"),
        ("fs", "222", None, None),
        ("own", "222", "maria", "maria"),
        ("own", "222", "ghost", "ivan"),
        ("own", None, "ghost", None),
        ("own", "maria", None, "maria"),
        ("fs", "maria", None, None),
        ("own", None, None, None),
    ],
)
def test_who_it_was(source: str, identity: str | None, given: str | None, expected: str | None) -> None:
    """A known given agent wins; then the roster; a generic sender may name the agent as identity."""
    assert resolve(FLOOR_, source, identity, given) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        replace(DRAFT, time=datetime(2026, 11, 23)),  # noqa: DTZ001 - that is the point
        replace(DRAFT, time=datetime(1970, 1, 1, tzinfo=UTC)),
        replace(DRAFT, provider_id="x" * 1001),
        replace(DRAFT, provider_id="a\0"),
    ],
)
def test_what_cannot_be_a_fact(wrong: Draft) -> None:
    """No offset, another century, endless or impossible ids."""
    with pytest.raises(BadInput):
        stamp(wrong, "own", AT, FLOOR_)


def test_a_customer_is_a_keyed_hash() -> None:
    """The same person however the number is written, another under another key, nobody without one."""
    one, other = hasher("a"), hasher("b")
    assert one("8 (495) 111-22-33") == one("+7 495 1112233") == one("007 495 111 22 33")
    assert one("+7 495 1112233") != other("+7 495 1112233")
    assert str(one("1")).startswith("k1:")
    assert len(str(one("1"))) == 19
    assert [one(""), one(None), one("anonymous"), hasher(None)("123")] == [None] * 4
    assert normal("+44 20 7946 0000") == "442079460000"


def test_secrets_by_reference(tmp_path: object) -> None:
    """From the variable or its file; in a rotation one value is enough; what is missing is named."""
    text = FLOOR.replace("{signing: {env: OWN_SIGNING}}", "{signing: [{env: ONE}, {env: TWO}]}", 1)
    config = parse(text).source_by_id["own"]
    file = f"{tmp_path}/two"
    with open(file, "w") as out:
        out.write("from-file\n")
    assert resolve_secrets(config, {"ONE": "v"}) == ({"signing": ("v",)}, ())
    assert resolve_secrets(config, {"ONE": "v", "TWO_FILE": file}) == ({"signing": ("v", "from-file")}, ())
    assert resolve_secrets(config, {"TWO_FILE": f"{file}-none"}) == ({}, ("ONE", "TWO"))


def test_sources_say_what_is_wrong_with_them() -> None:
    """An unset secret is named with its variable; an unknown provider and a source without any secret too."""
    text = (
        FLOOR + "  - {id: odd, provider: nokia}\n  - {id: open, provider: generic}\n  - {id: bare, provider: mango}\n"
    )
    problems = {id_: found.problem for id_, found in configure(parse(text)).items()}
    assert problems["own"] is None
    assert "NOT_SET_ANYWHERE_FILE" in str(problems["unset"])
    assert "'nokia' is not known" in str(problems["odd"])
    assert "no secret at all" in str(problems["open"])
    assert "which mango needs" in str(problems["bare"])
