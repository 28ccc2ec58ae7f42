"""How provider tests read: a fixture or a real body into the one fact it makes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.facts import CallEnded
from schemas.floor import SourceConfig
from services.ingest.providers.base import Draft, Parsed, Provider, Request, Source

RECEIVED = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
REAL = Path(__file__).parents[5] / "shared" / "providers" / "payloads"


def source(provider: Provider, **config: Any) -> Source:
    """A source named ``src``; a customer's number shows as ``#number`` so that a plain one would be seen."""
    return Source(
        SourceConfig(id="src", provider=provider.name, **config),
        timezone="Europe/Moscow",
        currency="RUB",
        customer=lambda number: f"#{number}" if number else None,
    )


def request(
    body: bytes | str = b"", path: str = "", query: str = "", method: str = "POST", url: str = "", **headers: str
) -> Request:
    raw = body.encode() if isinstance(body, str) else body
    return Request(method, path, query, {k.replace("_", "-"): v for k, v in headers.items()}, raw, RECEIVED, url)


def parse(provider: Provider, body: bytes | str, path: str = "", query: str = "", **config: Any) -> Parsed:
    return provider.parse(request(body, path, query), source(provider, **config))


def drafts(provider: Provider, *bodies: bytes | str, path: str = "", **config: Any) -> list[Draft]:
    """Facts of all bodies together: single ones, then one per joined call that is over."""
    parsed = [parse(provider, body, path, **config) for body in bodies]
    found = [draft for one in parsed for draft in one.drafts]
    legs = [leg for one in parsed for leg in one.legs]
    for call in dict.fromkeys(leg.call for leg in legs):
        known = [leg for leg in legs if leg.call == call]
        draft = provider.join(source(provider, **config), call, known)
        found += [draft] if draft else []
    return found


def call(provider: Provider, *bodies: bytes | str, path: str = "", **config: Any) -> CallEnded:
    """The one call that the bodies make."""
    found = drafts(provider, *bodies, path=path, **config)
    assert len(found) == 1
    data = found[0].data
    assert isinstance(data, CallEnded)
    assert found[0].time == data.ended_at
    return data


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def real(name: str) -> bytes:
    """A real body, read in place; the test is skipped where the checkout stands alone."""
    file = REAL / name
    if not file.is_file():
        pytest.skip(f"real payloads are not beside this checkout (../shared/providers/payloads/{name})")
    return file.read_bytes()
