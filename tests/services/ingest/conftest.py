"""A floor with one source of each kind that ingest needs, on a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.kit.postgres import pool

FLOOR = """
version: 1
floor: test
timezone: Europe/Moscow
currency: RUB
teams:
  - {id: hunters}
agents:
  - {id: ivan, team: hunters, identities: {own: ["222"], fs: ["1042"]}}
  - {id: maria, team: hunters, identities: {own: ["223"]}}
sources:
  - {id: own, provider: generic, secrets: {signing: {env: OWN_SIGNING}}, rate_per_s: 100000}
  - {id: fs, provider: freeswitch, secrets: {basic: {env: FS_BASIC}}, rate_per_s: 100000}
  - {id: hidden, provider: generic, secrets: {path: {env: HIDDEN_PATH}}, rate_per_s: 100000}
  - {id: slow, provider: generic, secrets: {path: {env: HIDDEN_PATH}}, rate_per_s: 2}
  - {id: unset, provider: generic, secrets: {signing: {env: NOT_SET_ANYWHERE}}}
"""
SECRETS = {
    "OWN_SIGNING": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "FS_BASIC": "switch:pässword",
    "HIDDEN_PATH": "s3cret-path",
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def connections(postgres_dsn: str) -> AsyncIterator[Any]:
    """A pool on this test's own database."""
    made = await pool(postgres_dsn, size=6)
    yield made
    await made.close()


async def apply_floor(connections: Any, text: str = FLOOR) -> None:
    await connections.execute(
        "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, $3)", datetime.now(UTC), text, b""
    )
