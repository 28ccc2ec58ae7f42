"""Facts: the golden examples, both bindings, ids that never change, and what is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import facts
from schemas.facts import DATA_TYPES, DISPOSITIONS, BadFact, CallEnded, Fact

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"


def example(type_: str) -> bytes:
    return (EXAMPLES / f"{type_}.json").read_bytes()


@pytest.mark.parametrize("type_", DATA_TYPES)
def test_every_type_has_a_golden_example(type_: str) -> None:
    """It decodes, every field of its data is filled in, and it is encoded to the same object again."""
    fact = facts.decode(example(type_))
    written = json.loads(example(type_))
    assert fact.type == type_ == written["type"]
    assert isinstance(fact.data, DATA_TYPES[type_])
    given_ = [name for name in fact.data.__struct_fields__ if getattr(fact.data, name) is not msgspec.UNSET]
    assert list(written["data"]) == given_
    assert json.loads(facts.encode(fact)) == written
    assert facts.decode(facts.encode(fact)) == fact


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("added/*.json")), ids=lambda file: file.stem)
def test_fields_that_were_added_later_have_an_example(file: Path) -> None:
    """Every field, those of later days too; the first example stays as it was."""
    fact = facts.decode(file.read_bytes())
    assert list(json.loads(file.read_bytes())["data"]) == list(fact.data.__struct_fields__)
    assert json.loads(facts.encode(fact)) == json.loads(file.read_bytes())


def test_no_example_without_a_type() -> None:
    """Golden examples are of types that exist."""
    assert {file.stem for file in EXAMPLES.glob("srez.*.json")} == set(DATA_TYPES)


@pytest.mark.parametrize("type_", DATA_TYPES)
def test_the_kafka_binding_carries_the_same_fact(type_: str) -> None:
    """Headers and value of the binary binding come back as the same fact."""
    fact = facts.decode(example(type_))
    headers = facts.kafka_headers(fact)
    assert {name for name, _ in headers} >= {"ce_id", "ce_type", "ce_source", "ce_time"}
    assert facts.from_kafka(dict(headers), facts.encode_data(fact.data)) == fact


def test_ids_are_deterministic_for_ever() -> None:
    """UUIDv5 of source | type | provider's id: these numbers stand in databases."""
    assert facts.event_id("mango-main", facts.CALL, "TVRZeA==") == "22b30e5a-c58f-5243-acea-6e33e4f1d5f4"
    assert facts.event_id("mango-main", facts.CALL, "TVRZeB==") != facts.event_id("mango-main", facts.CALL, "TVRZeA==")
    assert facts.event_id("a", facts.CALL, "1") != facts.event_id("b", facts.CALL, "1")


CALL_EVENT = json.loads(example(facts.CALL))


def changed(*, drop: str = "", data: dict[str, object] | None = None, **envelope: object) -> bytes:
    event = {**CALL_EVENT, **envelope, "data": {**CALL_EVENT["data"], **(data or {})}}
    event.pop(drop, None)
    event["data"].pop(drop, None)
    return json.dumps(event).encode()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"", "truncated"),
        (b"[]", "object"),
        (b"not json", "malformed"),
        (b"\xff", ""),
        (changed(drop="id"), "id"),
        (changed(id=""), "id is empty"),
        (changed(drop="type"), "type"),
        (changed(drop="source"), "source"),
        (changed(type="srez.call.started.v1"), "unknown fact type 'srez.call.started.v1'"),
        (changed(specversion="0.3"), "specversion '0.3' is not 1.0"),
        (changed(time="2026-11-23T09:21:40"), "no offset"),
        (changed(time="yesterday"), "time"),
        (changed(receivedat="2026-11-23T09:21:40"), "no offset"),
        (changed(data={"ended_at": "2026-11-23T09:21:40"}), "ended_at has no offset"),
        (changed(data={"started_at": "2026-11-23T09:21:40"}), "started_at has no offset"),
        (changed(data={"talk_s": -1}), "talk_s is negative"),
        (changed(data={"talk_s": "688"}), "talk_s"),
        (changed(data={"direction": "sideways"}), "direction"),
        (changed(data={"disposition": "fine"}), "disposition"),
        (changed(drop="call_id"), "call_id"),
        (changed(drop="ended_at"), "ended_at"),
    ],
)
def test_what_is_no_fact(line: bytes, what: str) -> None:
    """The error says which field is wrong; nothing but BadFact is raised."""
    with pytest.raises(BadFact) as refused:
        facts.decode(line)
    assert what in str(refused.value)


@given(st.binary(max_size=200))
def test_bytes_are_a_fact_or_a_bad_fact(line: bytes) -> None:
    """Whatever comes, nothing else is raised."""
    try:
        facts.decode(line)
    except BadFact:
        return
    raise AssertionError("random bytes made a fact")


def test_what_may_be_left_out() -> None:
    """Without ``time`` the data's own instant counts; without ``specversion`` it is 1.0; a bare source is a source."""
    line = changed(drop="time", source="mango-main", specversion="1.0")
    assert facts.decode(line).time == datetime(2026, 11, 23, 6, 21, 40, tzinfo=UTC)
    assert facts.decode(line).source == "mango-main"
    assert facts.decode(changed(drop="receivedat")).received_at is None
    transcript = json.loads(example(facts.TRANSCRIPT))
    del transcript["time"]
    with pytest.raises(BadFact, match="no time"):
        facts.decode(json.dumps(transcript))


def test_unknown_fields_are_passed_over() -> None:
    """A newer producer may say more."""
    assert facts.decode(changed(data={"mood": "good"}, traceparent="00-x")) == facts.decode(example(facts.CALL))


@pytest.mark.parametrize(
    ("agent", "identity", "line", "key", "path"),
    [
        ("ivan", "222", "mango-main/trunk-a", "ivan", "mango-main/trunk-a"),
        (None, "222", None, "mango-main:222", "mango-main"),
        (None, None, "mango-main/7", "mango-main:", "mango-main/7"),
    ],
)
def test_keys(agent: str | None, identity: str | None, line: str | None, key: str, path: str) -> None:
    """The agent, or source and identity while unknown; the line, or the source."""
    fact = facts.decode(changed(data={"agent": agent, "identity": identity, "line": line}))
    assert (fact.key, fact.line) == (key, path)
    assert fact.with_agent("maria").key == "maria"


def test_the_content_hash_tells_what_was_said_not_who_it_is_given_to() -> None:
    """The agent is our own finding; everything else is content."""
    fact = facts.decode(example(facts.CALL))
    plain = facts.content_hash(fact.data)
    assert len(plain) == 16
    assert facts.content_hash(fact.with_agent(None).data) == plain
    assert facts.content_hash(msgspec.structs.replace(fact.data, talk_s=689)) != plain


INSTANT = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=timezone(timedelta(hours=3)))
)
TEXT = st.none() | st.text(max_size=20)
CALLS = st.builds(
    CallEnded,
    call_id=st.text(min_size=1, max_size=20),
    agent=TEXT,
    identity=TEXT,
    direction=st.sampled_from(["outbound", "inbound", "internal"]),
    started_at=INSTANT,
    answered_at=st.none() | INSTANT,
    ended_at=INSTANT,
    talk_s=st.integers(0, 10**5) | st.floats(0, 1e5),
    ring_s=st.none() | st.integers(0, 1000),
    disposition=st.sampled_from(DISPOSITIONS),
    q850=st.none() | st.integers(0, 200),
    sip_status=st.none() | st.integers(100, 699),
    line=TEXT,
    customer=TEXT,
)


@given(CALLS, INSTANT, st.none() | INSTANT)
def test_any_call_comes_back(data: CallEnded, time: datetime, received: datetime | None) -> None:
    """Both bindings carry every call exactly."""
    fact = Fact(id="x", type=facts.CALL, source="pbx", time=time, data=data, received_at=received)
    assert facts.decode(facts.encode(fact)) == fact
    assert facts.from_kafka(dict(facts.kafka_headers(fact)), facts.encode_data(data)) == fact
