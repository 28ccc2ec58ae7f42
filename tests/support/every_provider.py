"""A floor with one source of every provider that the lab can play, put together from the providers' guides."""

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

from schemas.floor import Floor
from schemas.providers import ProviderGuide, guides
from services.lab.senders import SENDERS, telnyx

ZONE = "Europe/Berlin"
VALUES = {
    "basic": "srez:password-of-tests",
    "organization_id": "00D5g000009InvtEAC",
    "public_key": telnyx.PUBLIC_KEY,
    "signing": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
"""Secrets that must look like something; any other is a text of its own."""
DEALS = {"presentation": {"status": [31]}, "invoice": {"status": [32]}, "payment": {"won": True}}
SETTINGS: dict[str, dict[str, Any]] = {
    "amocrm": {"counts": DEALS},
    "asterisk": {"timezone": ZONE},
    "genesys": {"fields": {"identity": "agent"}},
    "hubspot": {"counts": DEALS},
    "pipedrive": {"counts": DEALS},
    "plivo": {"fields": {"identity": "Agent"}},
    "retailcrm": {
        "timezone": ZONE,
        "counts": {
            "presentation": {"stage": ["offer"]},
            "invoice": {"stage": ["sent"]},
            "payment": {"stage": ["paid"]},
        },
    },
    "salesforce": {"counts": DEALS},
    "telnyx": {"fields": {"identity": "client_state.agent"}},
    "uis": {"timezone": "Europe/Moscow"},
    "vonage": {"fields": {"identity": "agent"}},
    "yookassa": {"options": {"trust_notifications": True}},
    "zadarma": {"timezone": ZONE},
}
"""What the floor file must say beside secrets and feeds."""


def source(provider: str) -> dict[str, Any]:
    """The source's entry in the floor file; its id is the provider's name."""
    guide = guides()[provider]
    return {
        "id": provider,
        "provider": provider,
        "feeds": list(guide.feeds),
        "secrets": {name: {"env": _variable(provider, name)} for name in _needed(guide)},
        "rate_per_s": 100_000,
        **SETTINGS.get(provider, {}),
    }


def environment() -> dict[str, str]:
    """Values of all secrets."""
    return {
        _variable(name, secret): VALUES.get(secret, f"{secret} of {name} in tests: long enough for any")
        for name in SENDERS
        for secret in _needed(guides()[name])
    }


def _needed(guide: ProviderGuide) -> list[str]:
    return [secret.name for secret in guide.secrets if secret.required] or [guide.secrets[0].name]


def _variable(provider: str, secret: str) -> str:
    return f"OF_{provider}_{secret}".upper()


def floor_of(agents: Mapping[str, Mapping[str, str]], hours: tuple[str, str] = ("09:00", "18:00")) -> Floor:
    """A floor that works every day. Args: agents: id → source → identity."""
    return Floor.model_validate(
        {
            "timezone": ZONE,
            "currency": "RUB",
            "day": {"start": hours[0], "end": hours[1], "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
            "teams": [{"id": "all"}],
            "agents": [
                {"id": id_, "team": "all", "identities": {source: [name] for source, name in identities.items()}}
                for id_, identities in agents.items()
            ],
            "norms": [
                {
                    "for": {"team": "all"},
                    "per_day": {
                        "calls": 10, "answered": 7, "long_calls": 4, "presentations": 3, "invoices": 2, "payments": 1.5,
                    },
                }
            ],
            "sources": [source(provider) for provider in SENDERS],
        }
    )  # fmt: skip


def everybody(per_source: int = 2) -> dict[str, dict[str, str]]:
    """Agents for ``floor_of``: so many on each telephony; CRMs and payment systems are dealt round."""
    crm = cycle([*_of_kind("crm"), "generic"])
    money = cycle(["", "", *_of_kind("payments"), ""])  # five: any CRM meets any of them
    found: dict[str, dict[str, str]] = {}
    telephony = (name for name in SENDERS if "calls" in guides()[name].feeds for _ in range(per_source))
    for number, phone in enumerate(telephony, 201):
        identities = {phone: str(number), next(crm): str(600_000 + number), next(money): f"manager-{number}"}
        found[f"{phone}-{number}"] = {source: name for source, name in identities.items() if source}
    return found


def _of_kind(kind: str) -> Iterator[str]:
    return (name for name in SENDERS if guides()[name].kind == kind)
