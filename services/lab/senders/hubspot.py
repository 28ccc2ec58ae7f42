"""HubSpot: what a workflow's "send a webhook" posts, a whole deal, signed v3 and, in the older header, v2 (hubspot §1–4).

A subscription's events name neither owner nor amount and want a read-back from HubSpot, which the lab does not play.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from schemas.facts import Fact
from services.lab.senders.account import JSON, Account, Outgoing
from services.lab.senders.stages import Standing, standing

WON_STAGE: Final = "closedwon"
PORTAL: Final = 77001122


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The deal at its new stage."""
    at = standing(fact, account)
    if at is None:
        return ()
    body = json.dumps(_deal(fact, at), ensure_ascii=False, separators=(",", ":")).encode()
    return (signed(account, "hubspot workflow", body),)


def signed(account: Account, what: str, body: bytes) -> Outgoing:
    request = account.post(what, body, JSON)
    return replace(request, sign=lambda now: _signatures(account, request, int(now * 1000)))


def signature_v2(secret: str, method: str, url: str, body: bytes) -> str:
    """Hex SHA-256 of secret + method + address + body."""
    return hashlib.sha256(f"{secret}{method}{url}".encode() + body).hexdigest()


def signature_v3(secret: str, method: str, url: str, body: bytes, timestamp: int) -> str:
    """Base64 HMAC-SHA256 of method + address + body + milliseconds."""
    text = f"{method}{url}".encode() + body + str(timestamp).encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def _signatures(account: Account, request: Outgoing, timestamp: int) -> dict[str, str]:
    secret = account.secrets.get("client_secret", "")
    rest = request.path.removeprefix(f"/hooks/{account.id}")
    url = f"{account.source.public_url}{rest}" if account.source.public_url else f"{account.base_url}{request.path}"
    return {
        "x-hubspot-request-timestamp": str(timestamp),
        "x-hubspot-signature": signature_v2(secret, "POST", url, request.body),
        "x-hubspot-signature-version": "v2",
        "x-hubspot-signature-v3": signature_v3(secret, "POST", url, request.body, timestamp),
    }


def _deal(fact: Fact, at: Standing) -> dict[str, Any]:
    properties = {
        "dealname": f"Сделка {at.deal}",
        "dealstage": at.stage or WON_STAGE,
        "pipeline": "default",
        "hubspot_owner_id": fact.identity or "",
        "amount": str(at.amount) if at.amount_minor else "",
        "deal_currency_code": at.currency or "",
        "hs_is_closed_won": "true" if at.won else "false",
        "hs_lastmodifieddate": str(_ms(fact.time)),
    }
    return {
        "portalId": PORTAL,
        "objectType": "DEAL",
        "objectTypeId": "0-3",
        "objectId": int(at.deal) if at.deal.isdigit() else at.deal,
        "version": 7,
        "isDeleted": False,
        "properties": {name: _property(name, value, fact.time) for name, value in properties.items() if value},
    }


def _property(name: str, value: str, at: datetime) -> dict[str, Any]:
    version = {"name": name, "value": value, "timestamp": _ms(at), "source": "CRM_UI", "sourceVid": []}
    return {"versions": [version], "value": value, "timestamp": _ms(at), "source": "CRM_UI"}


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
