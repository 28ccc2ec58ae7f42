"""Bitrix24 telephony: ONVOXIMPLANTCALLEND as a PHP-style form with the application's token (bitrix24 §1–4).

CRM events are thin (an id only) and want a read-back from a portal, which the lab does not play.
"""

from typing import Final
from zoneinfo import ZoneInfo

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

TYPES: Final = {"outbound": "1", "inbound": "2", "internal": "1"}
CODES: Final = {
    "answered": ("200", "Success call"),
    "no_answer": ("304", "Skipped call"),
    "busy": ("486", "Busy"),
    "rejected": ("603", "Declined"),
    "canceled": ("603-S", "Call canceled"),
    "failed": ("404", "Invalid number"),
    "congestion": ("503", "Service unavailable"),
    "voicemail": ("200", "Success call"),
}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    code, reason = CODES[call.disposition]
    started = call.answered_at or call.started_at
    data = {
        "CALL_ID": name_of(fact),
        "CALL_TYPE": TYPES[call.direction],
        "PHONE_NUMBER": f"+{phone_number(call.customer)}",
        "PORTAL_NUMBER": (call.line or "").partition("/")[2] or "REST_APP:",
        "PORTAL_USER_ID": call.identity or "",
        "CALL_DURATION": str(int(call.talk_s)),
        "CALL_START_DATE": started.astimezone(ZoneInfo("Europe/Moscow")).isoformat(),
        "COST": "0",
        "COST_CURRENCY": "",
        "CALL_FAILED_CODE": code,
        "CALL_FAILED_REASON": reason,
        "CRM_ACTIVITY_ID": "7953",
    }
    auth = {
        "domain": "example.bitrix24.ru",
        "client_endpoint": "https://example.bitrix24.ru/rest/",
        "server_endpoint": "https://oauth.bitrix.info/rest/",
        "member_id": "a223c6b9410f85df78e9377d6c4f7213",
        "application_token": account.secrets.get("application_token", ""),
    }
    form = {"event": "ONVOXIMPLANTCALLEND", "event_handler_id": "1061"}
    form |= {f"data[{name}]": value for name, value in data.items()}
    form |= {"ts": str(int(fact.time.timestamp()))} | {f"auth[{name}]": value for name, value in auth.items()}
    return (account.form("bitrix24 ONVOXIMPLANTCALLEND", form),)
