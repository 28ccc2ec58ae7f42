"""``srez normalize --explain``: which expression found what, what was understood, and why not."""

from services.ingest.providers.mapped import PROVIDER
from services.ingest.providers.mapped.explain import lines
from tests.services.ingest.providers.mapped.test_mapped import CALL, MAP, fixture
from tests.services.ingest.providers.reading import request, source

RULE = {
    **CALL,
    "each": "calls",
    "when": "kind == 'call'",
    "started_at": "t",
    "talk_s": "n",
    "disposition": {"from": "state", "table": {"OK": "answered"}},
    "campaign": {"from": "list", "otherwise": "cold"},
}
BODY = """{"calls": [
  {"kind": "call", "id": 1, "t": 1795413600, "n": "1:05", "state": "odd"},
  {"kind": "call", "id": 2, "t": "soon"},
  {"kind": "chat"}
]}"""
TOLD = """\
rule 0, call: 3 element(s) in calls
  element 0
    key          expression      found       understood as
    when         kind == 'call'  true        true
    id           id              1           1
    direction    —               —           outbound (always)
    started_at   t               1795413600  2026-11-23T09:00:00+03:00
    talk_s       n               "1:05"      65 s
    disposition  state           "odd"       — ('odd' is not in the table)
    disposition  —               —           answered (by the talk)
    campaign     list            null        cold (otherwise: nothing found)
    → srez.call.ended.v1 1
  element 1
    key         expression      found   understood as
    when        kind == 'call'  true    true
    id          id              2       2
    direction   —               —       outbound (always)
    started_at  t               "soon"  — (this is no time)
    → rejected (bad_value): started_at: 'soon' is no time
  element 2
    key   expression      found  understood as
    when  kind == 'call'  false  false (passed over)
    → passed over
""".splitlines()


def test_each_expression_of_each_element() -> None:
    """Found, understood, worked out, rejected, passed over."""
    assert list(lines(request(BODY), source(PROVIDER, map={"rules": [RULE]}))) == TOLD


def test_long_values_are_cut() -> None:
    """A table stays a table."""
    rule = {**RULE, "each": None, "when": None, "id": "long"}
    told = list(lines(request(f'{{"long": "{"x" * 500}"}}'), source(PROVIDER, map={"rules": [rule]})))
    assert max(len(line) for line in told if "long" in line) < 400
    assert '"xxx' in told[3]


def test_every_rule_is_told_of() -> None:
    """Also one that found no element, and one whose list is none."""
    told = list(lines(request(fixture("payments.json")), source(PROVIDER, map=MAP)))
    assert [line for line in told if line.startswith("rule")] == [
        "rule 0, call: 1 element(s) in calls || @",
        'rule 1, presentation: 0 element(s) in "crm:envelope".deal',
        'rule 2, invoice: 0 element(s) in "crm:envelope".deal',
        "rule 3, payment: 3 element(s) in payments",
        "rule 4, refund: 3 element(s) in payments",
    ]
    broken = {**RULE, "each": "length(x)"}
    told = list(lines(request("{}"), source(PROVIDER, map={"rules": [broken]})))
    assert told[-1] == "    → rejected (bad_value): each: length() does not take null"


def test_what_cannot_be_read_at_all() -> None:
    """A broken body; a source without a map."""
    (told,) = lines(request("{"), source(PROVIDER, map={"rules": [RULE]}))
    assert told.startswith("the body cannot be read: not JSON")
    assert list(lines(request("{}"), source(PROVIDER))) == ["the floor file gives this source no map"]
