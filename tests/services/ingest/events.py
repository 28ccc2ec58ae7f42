"""Events as a generic sender posts them."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from services.ingest.providers.generic.standard_webhooks import sign
from tests.services.ingest.conftest import SECRETS

MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""09:00 on the test floor."""


def call(
    id_: str, *, identity: str | None = "222", minute: float = 20, talk_s: float = 60, **more: Any
) -> dict[str, Any]:
    ended = MORNING + timedelta(minutes=minute)
    data = {
        "call_id": f"own:{id_}",
        "identity": identity,
        "direction": "outbound",
        "started_at": (ended - timedelta(seconds=talk_s + 10)).isoformat(),
        "ended_at": ended.isoformat(),
        "talk_s": talk_s,
        "disposition": "answered",
        **more,
    }
    return {
        "specversion": "1.0",
        "id": id_,
        "type": "srez.call.ended.v1",
        "source": "/own",
        "time": ended.isoformat(),
        "data": data,
    }


def body(*events: dict[str, Any]) -> bytes:
    return json.dumps(events[0] if len(events) == 1 else list(events)).encode()


def signed(
    raw: bytes, *, stamp: int | None = None, secret: str = SECRETS["OWN_SIGNING"], many: bool = False
) -> dict[str, str]:
    """Headers of one attempt."""
    at = int(time.time()) if stamp is None else stamp
    kind = "application/cloudevents-batch+json" if many else "application/cloudevents+json"
    return {
        "content-type": kind,
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": sign(secret, "msg_1", at, raw),
    }
