"""Telephony providers over HTTP: handshakes, signatures and tokens, and what of them is kept."""

import base64
import hashlib
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ingest.providers.plivo import signature as plivo
from tests.services.ingest.web.asking import Endpoint, Memory

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ENVIRONMENT = {
    "PLIVO": "plivo-token",
    "RINGCENTRAL": "our-token",
    "TELNYX": base64.b64encode(KEY.public_key().public_bytes_raw()).decode(),
    "VONAGE": "an-invented-signature-secret-of-forty-eight-bytes",
}
FLOOR = """
timezone: Europe/Moscow
currency: RUB
teams: [{id: one}]
agents: [{id: ann, team: one}]
norms: [{for: {floor: main}, per_day: {calls: 80}}]
sources:
  - {id: plivo, provider: plivo, secrets: {auth_token: {env: PLIVO}}, public_url: "https://pbx.example/hooks/plivo"}
  - {id: rc, provider: ringcentral, secrets: {validation_token: {env: RINGCENTRAL}}}
  - {id: telnyx, provider: telnyx, secrets: {public_key: {env: TELNYX}}}
  - {id: vonage, provider: vonage, secrets: {signature_secret: {env: VONAGE}}}
"""


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def endpoint(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return Endpoint(memory, floor=FLOOR)


def bearer(sent: bytes) -> dict[str, str]:
    claims = {"iat": int(time.time()), "iss": "Vonage", "payload_hash": hashlib.sha256(sent).hexdigest()}
    return {"authorization": "Bearer " + jwt.encode(claims, ENVIRONMENT["VONAGE"], algorithm="HS256")}


async def test_ringcentral_handshake(endpoint: Endpoint, memory: Memory) -> None:
    """The header comes back, small, and nothing is kept; with a body our token is needed, and is not kept either."""
    answer = await endpoint.ask("/hooks/rc", b"", {"validation-token": "theirs"})
    assert (answer.status, answer.headers["validation-token"]) == (200, "theirs")
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.body) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) < 1024
    assert (await endpoint.ask("/hooks/rc", b"{}", {"validation-token": "theirs"})).status == 401
    assert (await endpoint.ask("/hooks/rc", b"", {"validation-token": "x" * 600})).status == 401
    assert (await endpoint.ask("/hooks/rc", b"")).status == 401
    assert (await endpoint.ask("/hooks/rc", method="GET")).status == 405
    assert memory.entries == []
    for header in ("validation-token", "verification-token"):
        answer = await endpoint.ask("/hooks/rc", b"{}", {header: "our-token", "x-other": "1"})
        assert (answer.status, answer.headers.get("validation-token")) == (200, None)
    assert [json.loads(entry.headers) for entry in memory.entries] == [{"x-other": "1"}] * 2


async def test_vonage_post_and_get(endpoint: Endpoint, memory: Memory) -> None:
    """Signed is accepted with an empty answer; unsigned is 401; the token is not kept."""
    body, query = b'{"status":"busy"}', b"status=busy&uuid=a%2Fb"
    answer = await endpoint.ask("/hooks/vonage", body, bearer(body))
    assert (answer.status, answer.body) == (200, b"")
    text = b'{"status":"busy","uuid":"a/b"}'
    assert (await endpoint.ask("/hooks/vonage", method="GET", query=query, headers=bearer(text))).status == 200
    assert (await endpoint.ask("/hooks/vonage", body)).status == 401
    assert (await endpoint.ask("/hooks/vonage", body + b" ", bearer(body))).status == 401
    assert (
        await endpoint.ask("/hooks/vonage", method="GET", query=query + b"&x=1", headers=bearer(text))
    ).status == 401
    assert [(entry.method, entry.headers) for entry in memory.entries] == [("POST", "{}"), ("GET", "{}")]


async def test_plivo_behind_a_proxy(endpoint: Endpoint, memory: Memory) -> None:
    """The signature covers the public URL; the answer is an empty XML response."""
    text = plivo.text_v3("POST", "https://pbx.example/hooks/plivo?a=1", [("CallUUID", "1"), ("CallStatus", "busy")])
    headers = {
        "host": "10.0.0.5",
        "x-plivo-signature-v3": plivo.sign(ENVIRONMENT["PLIVO"], text, "n"),
        "x-plivo-signature-v3-nonce": "n",
    }
    answer = await endpoint.ask("/hooks/plivo", b"CallUUID=1&CallStatus=busy", headers, query=b"a=1")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"<Response/>", "text/xml")
    assert (await endpoint.ask("/hooks/plivo", b"CallUUID=2&CallStatus=busy", headers, query=b"a=1")).status == 401
    assert (await endpoint.ask("/hooks/plivo", b"CallUUID=1&CallStatus=busy", query=b"a=1")).status == 401
    assert len(memory.entries) == 1


async def test_telnyx_signature_and_replay(endpoint: Endpoint, memory: Memory) -> None:
    """Fresh is accepted, ten minutes old is not."""
    for age_s, status in ((0, 200), (600, 401)):
        timestamp = str(int(time.time()) - age_s)
        signature = base64.b64encode(KEY.sign(f"{timestamp}|{{}}".encode())).decode()
        headers = {"telnyx-timestamp": timestamp, "telnyx-signature-ed25519": signature}
        assert (await endpoint.ask("/hooks/telnyx", b"{}", headers)).status == status
    assert len(memory.entries) == 1
