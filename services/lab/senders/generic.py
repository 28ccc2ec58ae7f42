"""CloudEvents, structured, signed by Standard Webhooks (standard-webhooks §2)."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import replace

import msgspec

from schemas.facts import CallEnded, Fact, encode
from services.kit.errors import Misconfigured
from services.lab.senders.account import Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

CONTENT_TYPE = "application/cloudevents+json"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The fact itself, under the name its sender gives it; the agent by identity where the roster knows one.

    A sender outside has the customer's number, not our hash of it.
    """
    name = name_of(fact)
    known = fact.with_agent(None) if fact.identity else fact
    if isinstance(known.data, CallEnded) and known.data.customer:
        data = msgspec.structs.replace(known.data, customer=phone_number(known.data.customer))
        known = msgspec.structs.replace(known, data=data)
    body = encode(msgspec.structs.replace(known, id=name, received_at=None))
    return (signed(account, f"generic {fact.type}", name, body),)


def signed(account: Account, what: str, name: str, body: bytes, content_type: str = CONTENT_TYPE) -> Outgoing:
    request = account.post(what, body, content_type)
    secret = account.secrets.get("signing")
    if secret is None:
        return request
    return replace(request, sign=lambda now: headers(secret, f"msg_{name}", int(now), body))


def headers(secret: str, id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Raises: Misconfigured when the secret is not base64."""
    packed = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except binascii.Error as error:
        raise Misconfigured("a Standard Webhooks secret is whsec_ and base64") from error
    signature = hmac.new(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }
