"""What one simulated agent did, as facts that are not delivered yet."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from schemas.facts import (
    CALL,
    INVOICE,
    PAYMENT,
    PRESENTATION,
    STATE,
    AgentState,
    CallEnded,
    Data,
    Fact,
    InvoiceIssued,
    Payment,
    PresentationMade,
    StateName,
    event_id,
)
from services.lab.simulate.calls import Call
from services.lab.simulate.deals import Deal
from services.lab.simulate.paths import Path

CODELESS: Final = ("mango",)
"""Providers whose webhooks carry no Q.850 cause and no SIP status; a fault looks like a miss there."""


def of_call(phone: Path, agent: str, trunk: str | None, call: Call, name: str, customer: int) -> Fact:
    ending = call.ending
    codeless = phone.provider in CODELESS
    if codeless and ending is not None and ending.disposition in ("failed", "congestion"):
        ending = replace(ending, disposition="no_answer")
    ended = utc(call.ended)
    data = CallEnded(
        call_id=f"{phone.source}:{name}",
        agent=agent,
        identity=phone.identity,
        direction="outbound",
        started_at=utc(call.started),
        answered_at=utc(call.started + call.ring_s) if call.answered else None,
        ended_at=ended,
        talk_s=call.talk_s,
        ring_s=call.ring_s,
        disposition=ending.disposition if ending else "answered",
        q850=None if codeless else (ending.q850 if ending else 16),
        sip_status=None if codeless else (ending.sip if ending else 200),
        hangup_by=ending.by if ending else ("agent" if customer % 3 else "customer"),
        line=phone.line(trunk),
        did=trunk if phone.provider == "mango" else None,
        customer=f"k1:{customer:016x}",
    )
    return _fact(phone.source, CALL, name, ended, data)


def of_state(path: Path, agent: str, state: StateName, reason: str | None, second: int) -> Fact:
    data = AgentState(agent=agent, identity=path.identity, state=state, reason=reason, at=utc(second))
    return _fact(path.source, STATE, f"{agent}-{second}", data.at, data)


def of_deal(crm: Path, agent: str, deal: Deal, currency: str) -> Iterator[Fact]:
    """A deal's presentation, invoice and payment, as far as they happened within the simulated days."""
    name, identity, minor = f"{crm.source}:{deal.name}", crm.identity, deal.amount * 100
    if deal.presented is not None:
        at = utc(deal.presented)
        made = PresentationMade(deal=name, agent=agent, identity=identity, at=at, call_id=deal.call_id)
        yield _fact(crm.source, PRESENTATION, deal.name, at, made)
    if deal.invoiced is not None:
        at = utc(deal.invoiced)
        issued = InvoiceIssued(
            invoice=f"{name}:invoice",
            deal=name,
            agent=agent,
            identity=identity,
            at=at,
            amount_minor=minor,
            currency=currency,
        )
        yield _fact(crm.source, INVOICE, deal.name, at, issued)
    if deal.paid is not None:
        at = utc(deal.paid)
        paid = Payment(
            payment=f"{name}:payment",
            invoice=f"{name}:invoice",
            deal=name,
            agent=agent,
            identity=identity,
            at=at,
            amount_minor=minor,
            currency=currency,
        )
        yield _fact(crm.source, PAYMENT, deal.name, at, paid)


def _fact(source: str, type_: str, name: str, time: datetime, data: Data) -> Fact:
    return Fact(id=event_id(source, type_, name), type=type_, source=source, time=time, data=data)


def utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
