"""The live funnel of one agent on one day. Folding facts in any order, with repetitions, gives the same."""

from array import array
from datetime import UTC, datetime
from datetime import date as Date
from typing import Final, get_args

from schemas.facts import INVOICE, PAYMENT, REFUND, AgentState, CallEnded, Fact, InvoiceIssued, Payment, StateName
from schemas.messages import FunnelChanged
from schemas.steps import STEPS
from services.aggregator.live.counted import Counted, short_id
from services.rules.funnel import Thresholds, is_short, steps_of

STATES: Final[tuple[StateName, ...]] = get_args(StateName)
_INDEX: Final = {step: index for index, step in enumerate(STEPS)}
_KIND: Final = {INVOICE: ("invoices", 1), PAYMENT: ("payments", 1), REFUND: ("payments", -1)}


class AgentDay:
    """``done`` follows STEPS; ``money`` is kind → currency → minor units; states are kept as seconds and codes."""

    __slots__ = (
        "by",
        "counted",
        "done",
        "last_call_s",
        "money",
        "received_s",
        "short_calls",
        "state_codes",
        "states_s",
    )

    def __init__(self, by: Thresholds, counted: Counted | None = None) -> None:
        self.by = by
        self.counted = counted or Counted()
        self.done = [0] * len(STEPS)
        self.short_calls = 0
        self.money: dict[str, dict[str, int]] | None = None
        self.last_call_s = 0.0
        self.received_s = 0.0
        self.states_s: array[float] | None = None
        self.state_codes = b""

    def apply(self, fact: Fact) -> bool:
        """Count *fact* unless it was counted already. Raises: ValueError when its id is not a UUID."""
        if not self.counted.add(short_id(fact.id)):
            return False
        data = fact.data
        for step in steps_of(fact.type, data, self.by):
            self.done[_INDEX[step]] += 1
        if isinstance(data, CallEnded):
            self.short_calls += is_short(data.direction, data.disposition, data.talk_s, self.by)
            self.last_call_s = max(self.last_call_s, fact.time.timestamp())
        elif isinstance(data, InvoiceIssued | Payment):
            kind, sign = _KIND[fact.type]
            self.add_money(kind, data.currency, sign * data.amount_minor)
        elif isinstance(data, AgentState):
            self.add_state(fact.time.timestamp(), data.state)
        if fact.received_at is not None:
            self.received_s = max(self.received_s, fact.received_at.timestamp())
        return True

    def add_money(self, kind: str, currency: str, amount_minor: int) -> None:
        if self.money is None:
            self.money = {}
        amounts = self.money.setdefault(kind, {})
        amounts[currency] = amounts.get(currency, 0) + amount_minor

    def add_state(self, at_s: float, state: str) -> None:
        if self.states_s is None:
            self.states_s = array("d")
        self.states_s.append(at_s)
        self.state_codes += bytes((STATES.index(state),))

    def states(self) -> list[tuple[datetime, StateName]]:
        """In order of time."""
        pairs = sorted(zip(self.states_s or (), self.state_codes, strict=True))
        return [(datetime.fromtimestamp(at_s, UTC), STATES[code]) for at_s, code in pairs]

    def message(self, agent: str, date: Date, at: datetime) -> FunnelChanged:
        newest = self.states()[-1] if self.states_s else None
        return FunnelChanged(
            agent=agent,
            date=date,
            done=dict(zip(STEPS, self.done, strict=True)),
            short_calls=self.short_calls,
            money=self.money or {},
            counted=len(self.counted),
            at=at,
            received_at=_instant(self.received_s),
            last_call_at=_instant(self.last_call_s),
            state=newest[1] if newest else None,
            state_since=newest[0] if newest else None,
        )


def _instant(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
