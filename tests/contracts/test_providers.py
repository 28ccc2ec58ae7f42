"""One suite over all providers: what the core relies on, whoever wrote the adapter."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from schemas import facts
from schemas.floor import SourceConfig
from services.board.words import en_sources, ru_sources
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import IGNORED, Parsed, Provider, Request, Source, Unauthorized
from services.kit.errors import BadInput

ROOT = Path(__file__).parents[2]
ADAPTERS = ROOT / "services" / "ingest" / "providers"
FIXTURES = ROOT / "tests" / "services" / "ingest" / "providers"
RECEIVED = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
REJECTIONS = {"unparseable", "unknown_event", "missing_field", "bad_value", "too_large", "too_deep"}
EXTREMES = ["", " ", "0", "-1", "NaN", "1e999", "9" * 5_000, "\x00", "\ud800", "x" * 100_000, "٣", "0x10", "null"]
VALUES = [*EXTREMES, None, True, -1, 0.5, 10**400, [], {}, [[]], [{}], {"a": [1]}]

FOLDERS = {"3cx": "threecx"}
"""Names that no Python package can have, and their folders."""

by_name = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)


def source(provider: Provider) -> Source:
    config = SourceConfig(
        id="src",
        provider=provider.name,
        counts={"presentation": {"status": [45648904]}, "payment": {"won": True}},
        map=YAML(typ="safe").load(FIXTURES / "mapped" / "map.yaml") if provider.name == "mapped" else None,
    )
    return Source(config, "Europe/Moscow", "RUB", lambda number: f"#{len(number)}" if number else None)


def posted(body: bytes, path: str = "", query: str = "", content_type: str = "") -> Request:
    return Request("POST", path, query, {"content-type": content_type}, body, RECEIVED, "https://x.example/hooks/src")


def folder(provider: Provider) -> str:
    return FOLDERS.get(provider.name, provider.name)


def bodies(provider: Provider) -> list[bytes]:
    """Every fixture of the provider."""
    return [file.read_bytes() for file in sorted((FIXTURES / folder(provider)).glob("fixtures/*")) if file.is_file()]


def read(provider: Provider, request: Request) -> Parsed | str:
    """What parse says, or the reason of its BadInput; anything else it raises fails the test."""
    try:
        parsed = provider.parse(request, source(provider))
    except BadInput as error:
        return known(error.reason)
    check(provider, parsed)
    return parsed


def known(reason: str) -> str:
    assert reason in REJECTIONS
    return reason


def check(provider: Provider, parsed: Parsed) -> None:
    """What the core and the database need of a parsed request."""
    assert parsed.drafts or parsed.legs or parsed.ignored or parsed.rejected
    for part in parsed.ignored:
        assert part.reason in IGNORED
    for refused in parsed.rejected:
        known(refused.reason)
    if parsed.readbacks:
        assert "needs_readback" in {part.reason for part in parsed.ignored}
    for wanted in parsed.readbacks:
        assert re.fullmatch(r"[a-z_]{1,40}", wanted.kind)
        assert re.fullmatch(r"[\w.-]{1,100}", wanted.id, re.ASCII), "it becomes part of an address"
    drafts = list(parsed.drafts)
    for leg in parsed.legs:
        assert 0 < len(leg.call) <= 200
        assert 0 < len(leg.leg) <= 200
        assert "\\u0000" not in json.dumps(leg.data, allow_nan=False)
        made = provider.join(source(provider), leg.call, [replace(leg, data=json.loads(json.dumps(leg.data)))])
        assert made is not None or parsed.ignored, "a leg that alone is nothing to count says so"
        drafts += [made] if made else []
    for draft in drafts:
        encoded = facts.encode_data(draft.data)
        assert facts.decode_data(draft.type, encoded) == draft.data
        assert b"\\u0000" not in encoded
        assert draft.data.agent is None or provider.name == "generic"
        assert draft.time.utcoffset() is not None
        assert facts.event_id("src", draft.type, draft.provider_id)
        if isinstance(draft.data, facts.CallEnded) and provider.name != "generic":
            call = draft.data
            assert call.started_at <= (call.answered_at or call.started_at) <= call.ended_at == draft.time
            assert call.call_id.startswith("src:")
            assert call.line == "src" or (call.line or "").startswith("src/")
            assert call.disposition in ("answered", "voicemail") or (call.talk_s == 0 and call.answered_at is None)


@by_name
def test_it_is_described(provider: Provider) -> None:
    """A README of quirks with a checklist, every line of it done, todo or exempt with a reason."""
    text = (ADAPTERS / folder(provider) / "README.md").read_text("utf-8")
    lines = re.findall(r"^- \[(.*?)\] (.+)$", text, re.MULTILINE)
    assert len(lines) >= 6
    for state, said in lines:
        assert state in ("done", "todo", "exempt")
        assert state != "exempt" or ":" in said


@by_name
def test_it_is_named_as_its_folder(provider: Provider) -> None:
    """The name in floor files, the key of the dict and the folder are one word (but where FOLDERS says otherwise)."""
    assert PROVIDERS[provider.name] is provider
    assert (ADAPTERS / folder(provider) / "__init__.py").is_file()


@by_name
def test_nothing_unauthenticated_gets_in(provider: Provider) -> None:
    """Whatever the body and the secrets, without a proof verify refuses — and never breaks in another way."""
    secrets = dict.fromkeys(("path", "basic", *provider.required_secrets), ("some-secret",))
    for body in [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"a[b]" * 9_999, *bodies(provider)]:
        for configured in ({}, secrets, dict.fromkeys(secrets, ("",))):
            for path in ("", "wrong", "wrong/events"):
                with pytest.raises(Unauthorized):
                    provider.verify(posted(body, path), source(provider), configured, (RECEIVED,))


@by_name
def test_the_same_event_twice_is_the_same_event(provider: Provider) -> None:
    """A retry, later and with the same body, gives the same ids and the same content."""
    for body in bodies(provider):
        first, later = posted(body), replace(posted(body), received_at=RECEIVED + timedelta(hours=1))
        assert read(provider, first) == read(provider, first)
        one, two = read(provider, first), read(provider, later)
        assert isinstance(one, Parsed)
        assert one == two


@by_name
def test_redacted_requests_read_the_same(provider: Provider) -> None:
    """Replay reads what the journal kept."""
    for body in bodies(provider):
        kept = provider.redact(posted(body))
        assert read(provider, kept) == read(provider, posted(body))


@by_name
@given(body=st.binary(max_size=300), path=st.text(max_size=20), query=st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_raw_bytes(provider: Provider, body: bytes, path: str, query: str) -> None:
    """No bytes break it."""
    request = posted(body, path, query)
    read(provider, request)
    provider.redact(request)


@by_name
def test_bombs(provider: Provider) -> None:
    """Deep and wide bodies are refused or read, within bounds."""
    for body in (
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"variables":{"uuid":' + b"[" * 100_000,
        b"cdr=" + b"%7B" * 100_000,
        b"json=" + b"[" * 100_000,
        b"a[b]" + b"[c]" * 100_000 + b"=1",
        b"a=1&" * 250_000,
        b'{"a":' + b"9" * 1_000_000 + b"}",
        b'{"a":"' + b"x" * 1_000_000,
    ):
        request = posted(body)
        read(provider, request)
        provider.redact(request)


@by_name
def test_damaged_fixtures(provider: Provider) -> None:
    """A real shape with any one value replaced by nonsense, cut short, or with flipped bytes: read or refused, never broken."""
    chance = random.Random(20261123)
    for body in bodies(provider):
        for damaged in [*_with_nonsense(body, chance), *_bent(body, chance)]:
            read(provider, posted(damaged))


def _bent(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(40):
        at = chance.randrange(len(body))
        yield body[:at]
        yield body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        yield body[:at] + body[at:] * 2


def _with_nonsense(body: bytes, chance: random.Random) -> Iterator[bytes]:
    if body.lstrip().startswith((b"{", b"[")):
        whole = json.loads(body)
        for path in _paths(whole):
            for value in chance.sample(VALUES, 6):
                changed = json.loads(body)
                node = changed
                for step in path[:-1]:
                    node = node[step]
                node[path[-1]] = value
                yield json.dumps(changed).encode()
        return
    pairs = body.split(b"&")
    for number, pair in enumerate(pairs):
        name = pair.partition(b"=")[0]
        for value in chance.sample(EXTREMES, 6):
            other = name + b"=" + value.encode("utf-8", "surrogatepass").replace(b"%", b"%25")
            yield b"&".join([*pairs[:number], other, *pairs[number + 1 :]])
        yield b"&".join([*pairs[:number], *pairs[number + 1 :]])


def _paths(node: object, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in members:
        yield (*before, key)
        yield from _paths(inner, (*before, key))


def test_the_board_has_a_word_for_each_reason() -> None:
    """Why a webhook was not counted or not understood is said in both languages."""
    for words in (en_sources.WORDS, ru_sources.WORDS):
        assert {f"ignored.{reason}" for reason in IGNORED} == {key for key in words if key.startswith("ignored.")}
        assert {f"reason.{reason}" for reason in REJECTIONS} <= words.keys()
