"""``sources[].map``: expressions and patterns are checked when the floor file is read, and told by line."""

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor import FloorError, dump, parse
from schemas.floor.expression import check
from schemas.floor.schema import schema

GOOD = """\
timezone: UTC
teams: [{id: a}]
sources:
  - id: x
    provider: mapped
    secrets: {path: {env: X}}
    map:
      time_format: "%d.%m.%Y %H:%M:%S"
      rules:
        - fact: call
          each: calls
          id: uuid
          direction: {from: type, table: {IN: inbound, 2: outbound, true: internal}}
          started_at: {from: begin, format: epoch_s}
          talk_s: talk
          disposition: {otherwise: answered}
        - fact: payment
          id: number
          at: paid
          amount: {from: sum, unit: minor}
          identity: {from: who, table: {ivan: 22}}
"""

BAD: list[tuple[str, str, int, str]] = [
    ("id: uuid", "id: uuid[", 12, "map.rules.0.id: 'uuid[' is no JMESPath expression: it ends too early"),
    ("id: uuid", "id: a b", 12, "'b' at character 3 is not expected"),
    ("id: uuid", "id: a # b", 0, ""),
    ("id: uuid", "id: 'a # b'", 12, "is no JMESPath expression: Unknown token # at character 3"),
    ("id: uuid", "id: lower(uuid)", 12, "'lower(uuid)': JMESPath has no function lower()"),
    ("id: uuid", "id: a[?join(b)]", 12, "join() takes 2 arguments, 1 given"),
    ("id: uuid", "id: merge()", 12, "merge() takes at least 1 arguments, 0 given"),
    ("id: uuid", "id: 5", 12, "valid string"),
    ("          id: uuid\n", "", 10, "map.rules.0.id: is missing"),
    ("each: calls", "each: ''", 11, "at least 1 character"),
    ("from: type", "from: type(", 13, "map.rules.0.direction.from: 'type(' is no JMESPath expression"),
    ("IN: inbound", "IN: inbond", 13, "map.rules.0.direction.table.in: Input should be 'outbound'"),
    ("{from: type, table", "{from: type, tabel", 13, "direction.tabel: unknown key; did you mean 'table'?"),
    ("talk_s: talk", "talk_s: [talk]", 15, "map.rules.0.talk_s: give an expression, or {from: an expression, …}"),
    ("format: epoch_s", "format: epoch", 14, "'epoch' is none of auto, epoch_s, epoch_ms, iso, nor a pattern"),
    ("format: epoch_s", 'format: "%d.%m.%Y"', 14, "must tell year, month, day, hour and minute"),
    ("format: epoch_s", 'format: "%d%d"', 14, "is no pattern of strptime"),
    ('"%d.%m.%Y %H:%M:%S"', '"%Y-%q"', 8, "map.time_format: '%Y-%q' is no pattern of strptime"),
    (
        "{otherwise: answered}",
        "{otherwise: great}",
        16,
        "map.rules.0.disposition.otherwise: Input should be 'answered'",
    ),
    ("{otherwise: answered}", "{table: {a: busy}}", 16, "give from, an expression, or otherwise"),
    ("{from: begin, format: epoch_s}", "{format: epoch_s}", 14, "started_at: from, an expression, is missing"),
    ("          talk_s: talk\n", "", 10, "map.rules.0: a call needs one of talk_s, answered_at, ring_s"),
    ("          at: paid\n", "", 17, "map.rules.1: a payment needs at"),
    ("at: paid", "at: paid\n          talk_s: x", 17, "map.rules.1: a payment has no talk_s"),
    ("- fact: payment", "- fact: pay", 17, "map.rules.1.fact: Input should be 'call', 'presentation'"),
    ("unit: minor", "unit: cents", 20, "map.rules.1.amount.unit: Input should be 'major' or 'minor'"),
    ("provider: mapped", "provider: mango", 7, "sources.0.map: only provider mapped has a map; this one is 'mango'"),
    ("secrets: {path", "secrets: {signing", 6, "sources.0.secrets.signing: needs map.signature"),
    (
        "    map:\n",
        "    map:\n      signature: {header: X-Sign}\n",
        8,
        "sources.0.map.signature: needs secrets.signing",
    ),
    ("    map:\n", "    map:\n      signature: {header: X Sign}\n", 8, "sources.0.map.signature.header: "),
    (
        "    map:\n",
        '    map:\n      namespaces: {"a b": x}\n',
        8,
        "sources.0.map.namespaces: 'a b' is no prefix of XML",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "what"), BAD, ids=[f"{n:02}" for n in range(len(BAD))])
def test_a_bad_map_is_told_by_line(old: str, new: str, line: int, what: str) -> None:
    """One change in a good map: one problem, at its line."""
    assert GOOD.count(old) == 1
    if not line:
        parse(GOOD.replace(old, new))
        return
    with pytest.raises(FloorError) as refused:
        parse(GOOD.replace(old, new))
    (problem,) = refused.value.problems
    assert problem.line == line, str(problem)
    assert what in str(problem)


def test_a_mapped_source_needs_a_map_with_rules() -> None:
    """Without one it could only reject."""
    bare = GOOD[: GOOD.index("    map:")]
    with pytest.raises(FloorError, match=r"line 5: sources\.0\.provider: provider mapped needs map"):
        parse(bare)
    with pytest.raises(FloorError, match=r"line 8: sources\.0\.map\.rules: give at least one rule"):
        parse(f"{bare}    map:\n      rules: []\n")


def test_short_and_long_forms_are_the_same_and_come_back() -> None:
    """``key: expression`` is ``{from: expression}``; what is written back is the same floor."""
    floor = parse(GOOD)
    assert parse(dump(floor)) == floor
    assert parse(GOOD.replace("talk_s: talk", "talk_s: {from: talk}")) == floor
    rules = floor.sources[0].map.rules if floor.sources[0].map else ()
    assert rules[0].direction is not None
    assert rules[0].direction.table == {"in": "inbound", "2": "outbound", "true": "internal"}
    assert rules[1].identity is not None
    assert rules[1].identity.table == {"ivan": "22"}


def test_the_schema_for_editors_knows_both_forms() -> None:
    """A string, or an object with ``from``; neither a number nor an unknown key."""

    def fits(direction: object) -> bool:
        rule = {"fact": "call", "id": "a", "direction": direction}
        source = {"id": "x", "provider": "mapped", "map": {"rules": [rule]}}
        return jsonschema_rs.is_valid(schema(), {"timezone": "UTC", "teams": [{"id": "a"}], "sources": [source]})

    assert fits("way")
    assert fits({"from": "way", "table": {"1": "inbound"}, "otherwise": "outbound"})
    assert not fits(5)
    assert not fits({"form": "way"})
    assert not fits({"table": {"1": "inwards"}})


@given(st.text(max_size=60) | st.text("ab.[]*?|&!@`'\"(){},:<>= 01-", max_size=30))
def test_any_text_is_an_expression_or_a_value_error(text: str) -> None:
    """Whatever its parser does with nonsense."""
    try:
        found = check(text)
    except ValueError:
        return
    assert found == text
