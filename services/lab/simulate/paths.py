"""How an agent's work reaches us: the PBX, its trunks and the CRM of each agent, and what providers call their events."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from schemas.floor import Agent, Floor, SourceConfig
from schemas.providers import Feed, guides
from services.lab.simulate.chance import uuid4

LAB: Final = "lab"
"""Source of facts that no source of the floor file could bring; they name their agent outright."""
ANYTHING: Final = ("generic", "mapped")
"""No systems of their own: generic brings what nobody else does, and what a map reads only its writer can send."""
STEPS_OF_DEALS: Final[tuple[Feed, ...]] = ("presentations", "invoices", "payments")
TRUNKS: Final = {
    "aircall": ("74950000109", "74950000110"),
    "asterisk": ("trunk-a", "trunk-b"),
    "freeswitch": ("trunk-a", "trunk-b"),
    "mango": ("74950000101", "74950000102"),
    "megafon": ("74950000111", "74950000112"),
    "twilio": ("+14155550101", "+14155550102"),
    "plivo": ("14155550103", "14155550104"),
    "ringcentral": ("+14155550105", "+14155550106"),
    "telnyx": ("1700000000000000001", "1700000000000000002"),
    "uis": ("74950000113", "74950000114"),
    "vonage": ("14155550107", "14155550108"),
    "zadarma": ("74950000115", "74950000116"),
}
"""Trunks or numbers a source of this provider has; other providers have no line of their own."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way of one agent's facts. ``identity`` is None where the fact names the agent outright."""

    source: str
    provider: str
    identity: str | None
    currency: str
    trunks: tuple[str, ...] = ()

    def line(self, trunk: str | None) -> str:
        return f"{self.source}/{trunk}" if trunk else self.source


@cache
def telephony() -> frozenset[str]:
    """Providers that tell calls."""
    return frozenset(name for name, guide in guides().items() if "calls" in guide.feeds) - set(ANYTHING)


@cache
def of_kind(kind: str) -> frozenset[str]:
    return frozenset(name for name, guide in guides().items() if guide.kind == kind)


def phone_of(floor: Floor, agent: Agent) -> Path:
    return _path(floor, agent, "calls", telephony())


def crm_of(floor: Floor, agent: Agent) -> Path:
    """Where the agent's deals are: a CRM whose webhooks tell everything (thin ones need a read-back), else generic."""
    return _path(floor, agent, "presentations", of_kind("crm"))


def deals_of(floor: Floor, agent: Agent) -> Mapping[Feed, Path]:
    """Where each step of the agent's deals is told: money by a payment system that knows the agent, the rest by the CRM."""
    crm = crm_of(floor, agent)
    return {step: _money(floor, agent, step) or crm for step in STEPS_OF_DEALS}


def states_of(floor: Floor, agent: Agent) -> Path | None:
    """Where agent states come from; None when nobody sends them."""
    path = _path(floor, agent, "agent_state", frozenset())
    return None if path.source == LAB else path


def heard_by(floor: Floor, agent: Agent) -> Path:
    """Where transcripts of the agent's calls come from: a generic source that feeds them."""
    return _path(floor, agent, "transcripts", frozenset())


def _money(floor: Floor, agent: Agent, feed: Feed) -> Path | None:
    for source in floor.sources:
        identities = agent.identities.get(source.id)
        if source.provider in of_kind("payments") and feed in source.feeds and identities:
            return _of(floor, source, identities[0])
    return None


def _path(floor: Floor, agent: Agent, feed: Feed, providers: frozenset[str]) -> Path:
    sources = [source for source in floor.sources if feed in source.feeds]
    for source in sources:
        identities = agent.identities.get(source.id)
        if source.provider in providers and identities and _tells(source, feed):
            return _of(floor, source, identities[0], TRUNKS.get(source.provider, ()))
    for source in sources:
        if source.provider == "generic":
            identities = agent.identities.get(source.id)
            return _of(floor, source, identities[0] if identities else None, ("trunk-a", "trunk-b"))
    return Path(LAB, "", None, floor.currency, ("trunk-a", "trunk-b"))


def _of(floor: Floor, source: SourceConfig, identity: str | None, trunks: tuple[str, ...] = ()) -> Path:
    return Path(source.id, source.provider, identity, source.currency or floor.currency, trunks)


def _tells(source: SourceConfig, feed: Feed) -> bool:
    if feed != "presentations":
        return True
    counts = source.counts
    return bool(counts.presentation and counts.invoice and counts.payment)


def call_name(provider: str, random: Random, started: int) -> str:
    """What the provider calls one whole call, which began in that Unix second."""
    match provider:
        case "mango":
            return base64.b64encode(str(random.randrange(10**10, 10**11)).encode()).decode()
        case "twilio":
            return f"CA{random.getrandbits(128):032x}"
        case "bitrix24":
            return f"externalCall.{random.getrandbits(128):032x}.{random.randrange(10**9, 10**10)}"
        case "ringcentral":
            return f"s-{random.getrandbits(128):032x}"
        case "asterisk":
            return f"{started}.{random.randrange(1, 10**6)}"
        case "aircall" | "uis" | "wazo":
            return str(random.randrange(10**9, 10**10))
        case "zadarma":
            return f"out_{random.getrandbits(160):040x}"
        case "vonage":
            return f"CON-{uuid4(random)}"
    return uuid4(random)


def deal_name(random: Random) -> str:
    return str(random.randrange(10**8, 10**9))
