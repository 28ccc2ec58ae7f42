"""What one simulated agent did, as facts that are not delivered yet."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

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
from schemas.providers import Feed
from services.lab.simulate.calls import Call
from services.lab.simulate.deals import Deal
from services.lab.simulate.paths import Path, of_kind

CODELESS: Final = ("3cx", "aircall", "beeline", "genesys", "mango", "megafon", "uis", "wazo")
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


def of_deal(by: Mapping[Feed, Path], agent: str, deal: Deal) -> Iterator[Fact]:
    """A deal's presentation, invoice and payment, as far as they happened within the simulated days, by whom *by* says."""
    if deal.presented is not None:
        path, at = by["presentations"], utc(deal.presented)
        made = PresentationMade(
            deal=f"{path.source}:{deal.name}", agent=agent, identity=path.identity, at=at, call_id=deal.call_id
        )
        yield _fact(path.source, PRESENTATION, deal.name, at, made)
    if deal.invoiced is not None:
        path, at = by["invoices"], utc(deal.invoiced)
        name, invoice = _bill(path, deal, "in", "invoice")
        yield _fact(path.source, INVOICE, name, at, InvoiceIssued(invoice=invoice, **_money(path, agent, deal, at)))
    if deal.paid is not None:
        path, at = by["payments"], utc(deal.paid)
        name, payment = _bill(path, deal, "pi", "payment")
        paid = Payment(payment=payment, invoice=_bill(path, deal, "in", "invoice")[1], **_money(path, agent, deal, at))
        yield _fact(path.source, PAYMENT, name, at, paid)


def _bill(path: Path, deal: Deal, prefix: str, kind: str) -> tuple[str, str]:
    """(the provider's name of the event, ours of the bill). Payment systems give ids; in a CRM the deal is the bill."""
    if path.provider in of_kind("payments"):
        return f"{prefix}_{deal.name}", f"{path.source}:{prefix}_{deal.name}"
    return deal.name, f"{path.source}:{deal.name}:{kind}"


def _money(path: Path, agent: str, deal: Deal, at: datetime) -> dict[str, Any]:
    return {
        "deal": f"{path.source}:{deal.name}",
        "agent": agent,
        "identity": path.identity,
        "at": at,
        "amount_minor": deal.amount * 100,
        "currency": path.currency,
    }


def _fact(source: str, type_: str, name: str, time: datetime, data: Data) -> Fact:
    return Fact(id=event_id(source, type_, name), type=type_, source=source, time=time, data=data)


def utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
