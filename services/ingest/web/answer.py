"""Ready-made answers: what each outcome is told (DESIGN §6). One table, documented in OpenAPI from here."""

import contextlib
from dataclasses import dataclass
from typing import Any

import msgspec

from services.ingest.providers.base import Reply

RETRY_AFTER_S = 5

CODES: dict[str, tuple[int, str]] = {
    "accepted": (200, "journaled; or what this provider wants to hear"),
    "unauthorized": (401, "signature or secret is missing or wrong; nothing was kept"),
    "unknown_source": (404, "no such source in the floor file"),
    "method": (405, "this source is not posted to like that"),
    "slow": (408, "the body did not arrive in time"),
    "too_large": (413, "more than 1 MiB, as sent or inflated"),
    "rate": (429, "over the source's rate"),
    "busy": (503, "too many requests in progress"),
    "unavailable": (503, "not known to be durable: send it again"),
    "misconfigured": (503, "this source lacks its secret; see the log and /readyz"),
}
_RETRY = {"slow", "busy", "unavailable", "misconfigured"}
_CLOSE = {"slow", "too_large"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The two ASGI messages of a response, built once."""

    start: dict[str, Any]
    body: dict[str, Any]

    async def send(self, send: Any) -> None:
        # A sender that has left meanwhile is uvicorn's matter, but uvloop tells of a closed socket by raising.
        with contextlib.suppress(OSError, RuntimeError):
            await send(self.start)
            await send(self.body)


def build(status: int, body: bytes, content_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    pairs = [(b"content-length", str(len(body)).encode())]
    if body:
        pairs.append((b"content-type", content_type.encode()))
    pairs += [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    return Answer(
        {"type": "http.response.start", "status": status, "headers": pairs},
        {"type": "http.response.body", "body": body},
    )


def of_reply(reply: Reply) -> Answer:
    return build(reply.status, reply.body, reply.content_type, reply.headers)


def of_outcome(outcome: str, *headers: tuple[str, str]) -> Answer:
    status, _ = CODES[outcome]
    more = list(headers)
    if outcome in _RETRY:
        more.append(("Retry-After", str(RETRY_AFTER_S)))
    if outcome in _CLOSE:
        more.append(("Connection", "close"))
    return build(status, msgspec.json.encode({"error": outcome}), "application/json", tuple(more))
