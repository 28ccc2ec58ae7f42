"""Where a CRM's deal stands when a fact of it happens, by what the floor file counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas.facts import Data, Fact, InvoiceIssued, Payment, PresentationMade
from services.lab.senders.account import Account
from services.lab.simulate.names import name_of

UNKNOWN_PRICE: Final = 0
_DECIMALS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "XAF": 0, "XOF": 0, "KWD": 3, "BHD": 3, "TND": 3}
"""Of currencies whose minor unit is not a hundredth."""
_KINDS: Final[Mapping[type[Data], str]] = {
    PresentationMade: "presentation",
    InvoiceIssued: "invoice",
    Payment: "payment",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """``stage``: as the floor file names it, without its pipeline; None where only "won" is counted. Money in minor units."""

    deal: str
    stage: str | None
    won: bool
    amount_minor: int
    currency: str | None

    @property
    def amount(self) -> Decimal:
        """In major units, as CRMs write it."""
        return Decimal(self.amount_minor).scaleb(-_DECIMALS.get(self.currency or "", 2))


def standing(fact: Fact, account: Account) -> Standing | None:
    """None for what is no deal's fact, or is not counted by a stage."""
    kind = _KINDS.get(type(fact.data))
    counts = getattr(account.source.counts, kind) if kind else None
    if counts is None:
        return None
    named = [stage.rpartition(":")[2] for stage in counts.stage] + [str(status) for status in counts.status]
    if not named and not counts.won:
        return None
    money = fact.data if isinstance(fact.data, InvoiceIssued | Payment) else None
    return Standing(
        deal=name_of(fact),
        stage=named[0] if named else None,
        won=counts.won,
        amount_minor=money.amount_minor if money else UNKNOWN_PRICE,
        currency=money.currency if money else account.source.currency,
    )
