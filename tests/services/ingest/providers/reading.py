"""How provider tests read: a fixture or a real body into the one fact it makes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.facts import CallEnded
from schemas.floor import SourceConfig
from services.ingest.providers.base import READBACK, Draft, Leg, Parsed, Provider, Request, Source
from services.ingest.storage.legs import Known, whole

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


def read_back(provider: Provider, path: str, body: bytes | str, **config: Any) -> Parsed:
    """What the journaled answer to a ReadBack (``kind/id``) gives."""
    return provider.parse(request(body, path, method=READBACK), source(provider, **config))


def drafts(provider: Provider, *bodies: bytes | str, path: str = "", **config: Any) -> list[Draft]:
    """Facts of all bodies together: single ones, then one per joined call that is over."""
    parsed = [parse(provider, body, path, **config) for body in bodies]
    found = [draft for one in parsed for draft in one.drafts]
    legs: dict[tuple[str, str], dict[str, Leg]] = {}
    for leg in (leg for one in parsed for leg in one.legs):
        legs.setdefault(("src", leg.call), {})[leg.leg] = leg
    known = {call: Known(list(told.values()), RECEIVED, call) for call, told in legs.items()}
    for (_, call), all_ in whole(known, known).items():
        made = provider.join(source(provider, **config), call, all_.legs)
        found += [made] if made else []
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
