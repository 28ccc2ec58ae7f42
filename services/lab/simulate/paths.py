"""How an agent's work reaches us: the PBX, its trunks and the CRM of each agent, and what providers call their events."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Final

from schemas.floor import Agent, Floor, SourceConfig
from services.lab.simulate.chance import uuid4

LAB: Final = "lab"
"""Source of facts that no source of the floor file could bring; they name their agent outright."""
TELEPHONY: Final = ("freeswitch", "mango", "bitrix24", "twilio", "plivo", "ringcentral", "telnyx", "vonage")
CRM: Final = ("amocrm", "hubspot", "pipedrive", "salesforce")
NO_IDS: Final[tuple[str, ...]] = ()
TRUNKS: Final = {
    "freeswitch": ("trunk-a", "trunk-b"),
    "mango": ("74950000101", "74950000102"),
    "twilio": ("+14155550101", "+14155550102"),
    "plivo": ("14155550103", "14155550104"),
    "ringcentral": ("+14155550105", "+14155550106"),
    "telnyx": ("1700000000000000001", "1700000000000000002"),
    "vonage": ("14155550107", "14155550108"),
}
"""Trunks or numbers a source of this provider has; other providers have no line of their own."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way of one agent's facts. ``identity`` is None where the fact names the agent outright."""

    source: str
    provider: str
    identity: str | None
    trunks: tuple[str, ...] = ()

    def line(self, trunk: str | None) -> str:
        return f"{self.source}/{trunk}" if trunk else self.source


def phone_of(floor: Floor, agent: Agent) -> Path:
    return _path(floor, agent, "calls", TELEPHONY)


def crm_of(floor: Floor, agent: Agent) -> Path:
    """Where the agent's deals are: a CRM whose webhooks tell everything (thin ones need a read-back), else generic."""
    return _path(floor, agent, "presentations", CRM)


def states_of(floor: Floor, agent: Agent) -> Path | None:
    """Where agent states come from; None when nobody sends them."""
    path = _path(floor, agent, "agent_state", NO_IDS)
    return None if path.source == LAB else path


def _path(floor: Floor, agent: Agent, feed: str, providers: Iterable[str]) -> Path:
    sources = [source for source in floor.sources if feed in source.feeds]
    for source in sources:
        identities = agent.identities.get(source.id)
        if source.provider in providers and identities and _tells(source, feed):
            return Path(source.id, source.provider, identities[0], TRUNKS.get(source.provider, ()))
    for source in sources:
        if source.provider == "generic":
            identities = agent.identities.get(source.id)
            return Path(source.id, source.provider, identities[0] if identities else None, ("trunk-a", "trunk-b"))
    return Path(LAB, "", None, ("trunk-a", "trunk-b"))


def _tells(source: SourceConfig, feed: str) -> bool:
    if feed != "presentations":
        return True
    counts = source.counts
    return bool(counts.presentation and counts.invoice and counts.payment)


def call_name(provider: str, random: Random) -> str:
    """What the provider calls one whole call."""
    match provider:
        case "mango":
            return base64.b64encode(str(random.randrange(10**10, 10**11)).encode()).decode()
        case "twilio":
            return f"CA{random.getrandbits(128):032x}"
        case "bitrix24":
            return f"externalCall.{random.getrandbits(128):032x}.{random.randrange(10**9, 10**10)}"
        case "ringcentral":
            return f"s-{random.getrandbits(128):032x}"
        case "vonage":
            return f"CON-{uuid4(random)}"
    return uuid4(random)


def deal_name(random: Random) -> str:
    return str(random.randrange(10**8, 10**9))
