"""What a provider calls the event behind a simulated fact: ``fact.id == event_id(source, type, name_of(fact))``."""

from schemas.facts import AgentState, CallEnded, Fact, InvoiceIssued, Payment, PresentationMade


def name_of(fact: Fact) -> str:
    """The provider's own id: of the whole call, of the deal, or ``agent-second`` of a state."""
    data = fact.data
    match data:
        case CallEnded():
            name = data.call_id
        case PresentationMade() | InvoiceIssued() | Payment():
            name = data.deal or ""
        case AgentState():
            return f"{data.agent}-{int(data.at.timestamp())}"
        case _:
            raise ValueError(f"the lab makes no {fact.type}")
    return name.removeprefix(f"{fact.source}:")
