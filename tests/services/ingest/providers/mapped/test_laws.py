"""Laws of the mapped provider: nothing breaks it, and a map that says what an adapter knows gives the adapter's fact."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.floor.expression import check
from schemas.floor.mapping import Mapping
from services.ingest.providers import mango, twilio
from services.ingest.providers.base import Parsed
from services.ingest.providers.mapped import PROVIDER
from services.ingest.providers.mapped.explain import lines
from services.kit.errors import BadInput
from tests.services.ingest.providers.mapped.test_mapped import MAP
from tests.services.ingest.providers.reading import call, drafts, request, source

NAMES = st.sampled_from(["a", "b", "id", "_", '"@x"', "#", "@", "*", "[*]", "[]", "[0]", "[::-1]", "[::0]", "!a"])
SCRAPS = st.sampled_from(
    [
        *("a.b", "a | b", "a || b", "a && b", "a == b", "a < b", "a[?b > `1`]", "[a, b]", "{a: b}", "`1e400`", "'x'"),
        *("length(@)", "to_string(@)", "to_number(a)", "sum(*)", "avg(*)", "max(*)", "sort(*)", "keys(@)", "values(@)"),
        *(
            "join('', *)",
            "map(&b, a)",
            "sort_by(a, &b)",
            "max_by(*, &a)",
            "merge(@, @)",
            "contains(a, b)",
            "reverse(a)",
        ),
        *("ceil(a)", "abs(a)", "type(@)", "not_null(a, b)", "starts_with(a, b)", "&a", "to_array(@)", "_.query.a"),
    ]
)
TEXTS = st.one_of(NAMES, SCRAPS, st.text(max_size=12), st.tuples(SCRAPS, NAMES).map(".".join))


def valid(expression: str) -> bool:
    try:
        return bool(check(expression))
    except ValueError:
        return False


EXPRESSIONS = st.sampled_from(["a", "b", "id"]) | TEXTS.filter(valid)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**300, 10**310),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["0", "1795413600", "23.11.2026 09:00:00", "1:05", "x\x00y", "\ud800", "answered", "2"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab_") | st.just("id"), inner, max_size=4)
    ),
    max_leaves=12,
)
LOOKUPS = EXPRESSIONS | st.fixed_dictionaries({"from": EXPRESSIONS, "otherwise": st.just("busy")})
CALLS = st.fixed_dictionaries(
    {
        "fact": st.just("call"),
        "id": EXPRESSIONS,
        "direction": st.just({"otherwise": "outbound"}),
        "talk_s": EXPRESSIONS,
        "ended_at": EXPRESSIONS,
    },
    optional={
        **dict.fromkeys(("each", "when", "answered_at", "started_at", "ring_s", "total_s", "identity"), EXPRESSIONS),
        **dict.fromkeys(("line", "did", "customer", "campaign", "recording_url", "q850", "sip_status"), EXPRESSIONS),
        "disposition": LOOKUPS,
        "hangup_by": EXPRESSIONS,
    },
)
SALES = st.fixed_dictionaries(
    {"fact": st.sampled_from(["payment", "refund"]), "id": EXPRESSIONS, "at": EXPRESSIONS, "amount": EXPRESSIONS},
    optional=dict.fromkeys(("each", "when", "deal", "invoice", "currency", "identity"), EXPRESSIONS),
)
BODIES = st.one_of(
    TREES.map(lambda tree: json.dumps(tree).encode()),
    st.binary(max_size=60),
    st.sampled_from([b"a=1&b[]=2&id=3", b"<a id='1'><b>2</b><b/></a>", b"<a>&b;</a>", b"", b"null", b'"x"', b"[[[]]]"]),
)


def read(rules: list[dict[str, Any]], raw: bytes, query: str, **how: Any) -> Parsed | None:
    """None when the floor file would be refused, or the body is BadInput; any other exception fails the test."""
    try:
        Mapping.model_validate({**how, "rules": rules})
    except ValidationError:
        return None
    known = source(PROVIDER, map={**how, "rules": rules})
    sent = request(raw, query=query)
    assert list(lines(sent, known))
    try:
        return PROVIDER.parse(sent, known)
    except BadInput:
        return None


@given(st.lists(CALLS | SALES, min_size=1, max_size=2), BODIES, st.text("ab=&%[]", max_size=12))
@settings(max_examples=600, deadline=None)
def test_no_expression_and_no_body_breaks_it(rules: list[dict[str, Any]], raw: bytes, query: str) -> None:
    """It reads, rejects or raises BadInput; what it reads can be a fact; and read twice it is the same."""
    parsed = read(rules, raw, query)
    if parsed is not None:
        assert parsed.drafts or parsed.rejected or parsed.ignored
        assert parsed == read(rules, raw, query)
        for draft in parsed.drafts:
            assert draft.time.utcoffset() is not None


MOMENTS = st.none() | st.just("") | st.integers(1_795_413_000, 1_795_414_000)
LENGTHS = st.none() | st.integers(0, 400) | st.sampled_from(["", "-", "0", "1:05", "00:02:00", "7.5"])
TOLD = st.fixed_dictionaries(
    {
        "id": st.just(1),
        "began": st.integers(1_795_413_000, 1_795_414_000),
        "state": st.sampled_from([None, "", "answered", "busy", "VOICEMAIL", "no-answer", "new", True, 5, {}]),
    },
    optional={**dict.fromkeys(("answered", "ended"), MOMENTS), **dict.fromkeys(("all", "rang", "talked"), LENGTHS)},
)


@given(TOLD)
@settings(max_examples=400, deadline=None)
def test_whatever_times_are_told_the_call_is_in_order(told: dict[str, Any]) -> None:
    """Start ≤ answer ≤ end; no talk without an answer; one fact, never a rejection."""
    rule = {
        "fact": "call",
        "id": "id",
        "direction": {"otherwise": "inbound"},
        "disposition": "state",
        "started_at": "began",
        "answered_at": "answered",
        "ended_at": "ended",
        "total_s": "all",
        "ring_s": "rang",
        "talk_s": "talked",
    }
    data = call(PROVIDER, json.dumps(told), map={"rules": [rule]})
    assert data.started_at <= (data.answered_at or data.started_at) <= data.ended_at
    assert (data.answered_at is not None) == (data.disposition in ("answered", "voicemail"))
    assert data.talk_s == 0 or data.answered_at is not None
    assert (data.ring_s or 0) >= 0


@given(st.text(max_size=40) | TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_an_expression_or_an_error_of_the_floor(expression: str) -> None:
    """Nothing but pydantic's own error, which gets its line from the loader."""
    read([{**MAP["rules"][0], "id": expression}], b"{}", "")


@given(st.sampled_from(["xml", "json", "form", "query"]), st.binary(max_size=200), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_bytes_in_any_format(kind: str, raw: bytes, named: bool) -> None:
    """Also such as only begin like XML."""
    spaces = {"our": "urn:x"} if named else {}
    for body in (raw, b"<a>" + raw + b"</a>", b"<?xml version='1.0' encoding='" + raw + b"'?><a/>"):
        read(MAP["rules"], body, "", format=kind, namespaces=spaces)


def test_bombs_in_expressions() -> None:
    """Expressions as deep as their length allows, and bodies as wide as a request may be."""
    for expression in ("(" * 499 + "a" + ")" * 499, "!" * 999, "a" + ".a" * 499, "[" * 999, "`" + "[" * 990 + "`"):
        read([{**MAP["rules"][0], "id": expression}], b'{"a": {"a": 1}}', "")
    wide = b"[" + b"0," * 400_000 + b"0]"
    assert read(MAP["rules"][:1], wide, "") is not None
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    read([{**MAP["rules"][0], "each": None, "when": "@ == a", "id": "to_string(@)"}], deep, "")


MANGO_MAP = {
    "rules": [
        {
            "fact": "call",
            "id": "entry_id",
            "identity": "from.extension",
            "direction": {"from": "call_direction", "table": {"1": "inbound", "2": "outbound"}},
            "started_at": "create_time",
            "answered_at": "talk_time",
            "ended_at": "end_time",
            "disposition": {
                "from": "[to_string(entry_result), to_string(disconnect_reason)] | join('/', @)",
                "table": {"1/1110": "answered", "1/1120": "answered", "0/1110": "canceled", "0/1121": "busy"},
            },
            "hangup_by": {
                "from": "disconnect_reason",
                "table": {"1110": "agent", "1120": "customer", "1121": "customer"},
            },
            "line": "line_number",
            "did": "line_number",
            "customer": "to.number",
        }
    ]
}


@given(
    entry=st.text("abcXYZ019", min_size=1, max_size=20),
    began=st.integers(1_700_000_000, 1_800_000_000),
    ring=st.integers(0, 120),
    talk=st.integers(0, 7200),
    reason=st.sampled_from([1110, 1120, 1121]),
    answered=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_map_of_mango_gives_mangos_facts(
    entry: str, began: int, ring: int, talk: int, reason: int, answered: bool
) -> None:
    """Outbound summaries: the whole fact and the provider's id are equal."""
    answered = answered and reason != 1121
    if not answered and reason == 1120:
        reason = 1121
    summary = {
        "entry_id": entry,
        "call_direction": 2,
        "from": {"extension": "22", "number": "sip:a@b"},
        "to": {"number": "79990001122"},
        "line_number": "74950001122",
        "create_time": began,
        "talk_time": began + ring if answered else 0,
        "end_time": began + ring + (talk if answered else 0),
        "entry_result": int(answered),
        "disconnect_reason": reason,
    }
    raw = json.dumps(summary)
    (theirs,), (ours,) = drafts(mango.PROVIDER, raw, path="events/summary"), drafts(PROVIDER, raw, map=MANGO_MAP)
    assert ours == theirs


TWILIO_MAP = {
    "rules": [
        {
            "fact": "call",
            "when": "CallStatus != 'ringing'",
            "id": "CallSid",
            "identity": "Agent",
            "direction": {"from": "Direction", "table": {"outbound-api": "outbound", "inbound": "inbound"}},
            "ended_at": "Timestamp",
            "talk_s": "CallDuration",
            "disposition": {"from": "CallStatus", "table": {"completed": "answered", "no-answer": "no_answer"}},
            "line": "From",
            "did": "From",
            "customer": "To",
        }
    ]
}


@given(st.integers(1, 5000), st.sampled_from(["completed", "busy", "no-answer"]))
@settings(max_examples=60, deadline=None)
def test_a_map_of_twilio_gives_twilios_facts(length: int, status: str) -> None:
    """A call placed by the API, as a form."""
    talk = length if status == "completed" else 0
    raw = (
        f"CallSid=CA{length}&CallStatus={status}&Direction=outbound-api&From=%2B15550001111&To=%2B15550002222"
        f"&CallDuration={talk}&Timestamp=Mon%2C+23+Nov+2026+09%3A00%3A00+%2B0000&Agent=ivan"
    )
    theirs = call(twilio.PROVIDER, raw, fields={"identity": "Agent"})
    assert call(PROVIDER, raw, map=TWILIO_MAP) == theirs
