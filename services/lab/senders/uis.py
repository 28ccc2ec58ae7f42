"""UIS: notifications by the template that the guide publishes, filled in as UIS does (providers' notes, uis-comagic §1–4)."""

import json
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

ACCOUNT_ZONE: Final = "Europe/Moscow"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """That the call ended; of an incoming one nobody took, also that it was lost."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    common = {
        "srez": 1,
        "token": account.secrets.get("token", ""),
        "call_session_id": _id(name_of(fact)),
        "notification_time": _local(call.ended_at, account),
        "virtual_phone_number": (call.line or "").partition("/")[2] or None,
        "contact_phone_number": phone_number(call.customer),
        "scenario_name": None,
    }
    total = (call.ended_at - call.started_at).total_seconds()
    talk = call.talk_s if call.answered_at else 0
    employee = _id(call.identity) if call.identity else None
    finished = {
        **common,
        "event": "finished",
        "direction": "in" if call.direction == "inbound" else "out",
        "employee_id": employee,
        "last_talked_employee_id": employee if call.answered_at else None,
        "talk_time_duration": int(talk),
        "wait_time_duration": int(total - talk),
        "total_time_duration": int(total),
    }
    sent = [_post(account, finished)]
    if call.direction == "inbound" and not call.answered_at:
        rang = [employee] if employee else []
        sent.append(_post(account, {**common, "event": "lost", "employee_ids": rang, "wait_time_duration": int(total)}))
    return tuple(sent)


def _post(account: Account, message: dict[str, Any]) -> Outgoing:
    return account.post(f"uis {message['event']}", json.dumps(message, ensure_ascii=False).encode(), JSON)


def _id(name: str) -> int | str:
    """Ids are numbers in the captured message."""
    return int(name) if name.isdecimal() else name


def _local(instant: datetime, account: Account) -> str:
    """``2019-12-16 14:40:47.234``."""
    local = instant.astimezone(ZoneInfo(account.source.timezone or ACCOUNT_ZONE))
    return local.strftime("%Y-%m-%d %H:%M:%S.") + f"{local.microsecond // 1000:03d}"
