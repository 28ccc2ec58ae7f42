"""What a provider calls the event behind a simulated fact: ``fact.id == event_id(source, type, name_of(fact))``."""

from typing import Final

from schemas.facts import AgentState, CallEnded, CallTranscribed, Fact, InvoiceIssued, Payment, PresentationMade

OF_THE_DEAL: Final = (":invoice", ":payment")
"""Ends of invoices and payments that have no id of their own: a CRM's deal is both."""


def name_of(fact: Fact) -> str:
    """The provider's own id: of the whole call, of the deal, invoice or payment, or ``agent-second`` of a state."""
    data = fact.data
    match data:
        case CallEnded():
            name = data.call_id
        case PresentationMade():
            name = data.deal or ""
        case InvoiceIssued():
            name = data.invoice.removesuffix(OF_THE_DEAL[0])
        case Payment():
            name = data.payment.removesuffix(OF_THE_DEAL[1])
        case CallTranscribed():
            return data.call_id
        case AgentState():
            return f"{data.agent}-{int(data.at.timestamp())}"
        case _:
            raise ValueError(f"the lab makes no {fact.type}")
    return name.removeprefix(f"{fact.source}:")
