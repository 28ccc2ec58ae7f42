"""Pipedrive v2: a deal that was changed, with the former values of what changed (pipedrive §1–4)."""

import json
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from schemas.facts import Fact
from services.lab.senders.account import JSON, Account, Outgoing
from services.lab.senders.stages import Standing, standing

FIRST_STAGE: Final = 1
LAST_STAGE: Final = 5
COMPANY: Final = "9900001"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """One change; a deal that is won keeps the stage it was in."""
    at = standing(fact, account)
    if at is None:
        return ()
    stage = int(at.stage) if at.stage and at.stage.isdigit() else None
    before = {"stage_id": FIRST_STAGE} if stage is not None else {"status": "open", "won_time": None}
    event = {
        "data": _deal(fact, at, stage),
        "previous": {**before, "update_time": _iso(fact.time)},
        "meta": _meta(fact, at.deal),
    }
    return (account.post("pipedrive change.deal", json.dumps(event, ensure_ascii=False).encode(), JSON),)


def _deal(fact: Fact, at: Standing, stage: int | None) -> dict[str, Any]:
    won = at.won and stage is None
    return {
        "id": _number(at.deal),
        "title": f"Сделка {at.deal}",
        "owner_id": _number(fact.identity or ""),
        "creator_user_id": _number(fact.identity or ""),
        "stage_id": LAST_STAGE if stage is None else stage,
        "pipeline_id": 1,
        "status": "won" if won else "open",
        "value": float(at.amount),
        "currency": at.currency or "RUB",
        "custom_fields": {},
        "label_ids": [],
        "lost_reason": None,
        "won_time": _iso(fact.time) if won else None,
        "update_time": _iso(fact.time),
        "visible_to": "3",
    }


def _meta(fact: Fact, deal: str) -> dict[str, Any]:
    user = fact.identity or ""
    return {
        "action": "change",
        "entity": "deal",
        "entity_id": deal,
        "company_id": COMPANY,
        "correlation_id": str(uuid5(NAMESPACE_URL, f"correlation {fact.id}")),
        "id": str(uuid5(NAMESPACE_URL, f"event {fact.id}")),
        "is_bulk_edit": False,
        "timestamp": fact.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": "general",
        "user_id": user,
        "permitted_user_ids": [user],
        "version": "2.0",
        "webhook_id": "55002",
        "webhook_owner_id": user,
        "change_source": "app",
        "attempt": 1,
        "host": "example.pipedrive.com",
    }


def _number(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
