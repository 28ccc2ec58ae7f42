"""Whatever is sent to whatever provider: documented codes only, and what was let in can be parsed without harm."""

import asyncio
import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.providers import PROVIDERS
from services.ingest.reading import join, read
from services.ingest.source import configure
from services.ingest.storage.entry import Entry, request_of
from services.ingest.web.answer import CODES
from tests.services.ingest.conftest import SECRETS
from tests.services.ingest.events import body, call, signed
from tests.services.ingest.web.asking import Endpoint, Memory, floor_of

DOCUMENTED = {code for code, _ in CODES.values()} - {503}
"""In-process with a memory that always keeps, nothing is ever unavailable."""
MAPS = {"mapped": ", map: {rules: [{fact: call, id: id, direction: way, started_at: started, talk_s: talk}]}"}


def floor(name: str) -> str:
    """A floor with one source, called as its provider."""
    secrets = ", ".join(
        f"{secret}: {{env: HIDDEN_PATH}}" for secret in sorted({"path", *PROVIDERS[name].required_secrets})
    )
    return f"""
version: 1
floor: fuzz
timezone: Europe/Moscow
teams: [{{id: hunters}}]
sources:
  - {{id: {name}, provider: {name}, rate_per_s: 1.0e+9, secrets: {{{secrets}}}{MAPS.get(name, "")}}}
"""


tokens = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40).map(
    lambda text: text.encode("latin-1")
)
names = st.sampled_from(
    [b"content-type", b"content-encoding", b"content-length", b"authorization", b"webhook-id", b"webhook-timestamp",
     b"webhook-signature", b"ce-id", b"ce-type", b"x-twilio-signature", b"host"]
) | tokens.map(bytes.lower)  # fmt: skip
kinds = st.sampled_from(
    [b"application/json", b"application/x-www-form-urlencoded", b"application/cloudevents+json",
     b"application/cloudevents-batch+json", b"application/x-www-form-base64-encoded", b"multipart/form-data", b""]
)  # fmt: skip
bodies = st.one_of(
    st.binary(max_size=300),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(st.sampled_from(["id", "data", "event", "variables", "uuid", "auth", ""]), inner)
                 ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"json=%7B%7D&sign=x&vpbx_api_key=y", b"cdr=%7B%7D", b"auth[application_token]=x&event=", b"[" * 9000]),
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=bodies,
    headers=st.lists(st.tuples(names, tokens), max_size=5),
    kind=kinds,
    rest=st.sampled_from(["", "events/summary", SECRETS["HIDDEN_PATH"], "\0\ud800"]),
    query=st.sampled_from([b"", b"uuid=1", b"\xff=%00&access_token=", b"bodySHA256=xx"]),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "OPTIONS", "DELETE"]),
)
def test_no_input_breaks_the_endpoint(
    name: str, raw: bytes, headers: list[tuple[bytes, bytes]], kind: bytes, rest: str, query: bytes, method: str
) -> None:
    """Raw bytes on every provider: never a 5xx, never an exception."""
    memory = Memory()
    asked = Endpoint(memory, floor=floor(name)).ask(
        f"/hooks/{name}/{rest}", raw, [(b"content-type", kind), *headers], method=method, query=query
    )
    assert asyncio.run(asked).status in DOCUMENTED
    for entry in memory.entries:
        parses(name, entry)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=bodies, kind=kinds, rest=st.sampled_from(["", "events/call", "events/summary"]))
def test_no_authentic_body_breaks_its_parser(name: str, raw: bytes, kind: bytes, rest: str) -> None:
    """What was let in gives facts, something to ignore or a reason: never an internal error."""
    entry = Entry(
        name,
        datetime.now(UTC),
        "POST",
        rest,
        "",
        json.dumps({"content-type": kind.decode()}),
        raw,
        b"",
    )
    parses(name, entry)


def parses(name: str, entry: Entry) -> None:
    configured = configure(floor_of(floor(name)))[name]
    assert configured.provider is not None
    parsed = read(configured.provider, request_of(entry), configured.source)
    rejected = list(parsed.rejected)
    for leg in parsed.legs:
        joined = join(configured.provider, configured.source, leg.call, [leg])
        rejected += [joined.rejected] if joined.rejected else []
    assert [found for found in rejected if found.reason == "internal"] == []
    assert parsed.drafts or parsed.legs or parsed.ignored or rejected


def test_the_fuzz_can_get_in() -> None:
    """The doors of the fuzz open for the right key: else it would only ever see 401."""
    memory = Memory()
    raw = body(call("c1"))
    endpoint = Endpoint(memory, floor=floor("generic"))
    assert asyncio.run(endpoint.ask(f"/hooks/generic/{SECRETS['HIDDEN_PATH']}", raw, signed(raw))).status == 200
    basic = base64.b64encode(b"a:b").decode()
    assert asyncio.run(endpoint.ask("/hooks/generic/x", raw, {"authorization": f"Basic {basic}"})).status == 401
