"""A deal of a CRM into facts: a presentation, an invoice, a payment, by where it has come.

What counts stands in the floor file (``sources[].counts``): a stage, a status, "won", a field, a tag, an event; when
nothing is said, a won deal is a payment. A deal gives each kind once for ever: the id of the fact is made of the deal
and the kind only (ADR 0009).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from schemas.floor.model import Counts, CrmCounts
from services.ingest.providers import money, values
from services.ingest.providers.base import Draft, Ignored, Parsed, ReadBack, Rejected, Source
from services.kit.errors import BadInput

Part = Draft | Ignored | Rejected
ANYTHING: Final = "*"
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as one event or one reading shows it.

    ``at``: when it came to this stage (aware). ``amounts``: candidates in major units, the first that is an amount is
    taken; ``currency``: of the deal, else the source's. ``fields``: the raw deal, for ``counts.*.amount`` and ``.field``.
    ``changed``: the fields that have just come to their value, where the CRM tells; only these count by ``.field``.
    ``parent``: the deal that this one (an invoice with an id of its own) belongs to.
    """

    id: str
    at: datetime
    stage: str | None = None
    pipeline: str | None = None
    won: bool = False
    event: str | None = None
    tags: Sequence[str] = ()
    identity: str | None = None
    amounts: Sequence[object] = ()
    currency: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    changed: Collection[str] | None = None
    parent: str | None = None


def collect(found: Iterable[Part | ReadBack]) -> Parsed:
    """What was found, sorted into its kinds; the same object is asked for once."""
    known = list(found)
    return Parsed(
        drafts=tuple(part for part in known if isinstance(part, Draft)),
        ignored=tuple(part for part in known if isinstance(part, Ignored)),
        rejected=tuple(part for part in known if isinstance(part, Rejected)),
        readbacks=tuple(dict.fromkeys(part for part in known if isinstance(part, ReadBack))),
    )


def parts(deal: Deal, source: Source) -> Iterator[Part]:
    """Every fact the deal gives where it stands; Ignored ``not_counted`` when none."""
    found = kinds(deal, source)
    if not found:
        yield Ignored("not_counted", f"deal {deal.id}: {deal.event or 'stage'} {deal.stage or ''}".strip())
    for kind in found:
        try:
            yield draft(kind, deal, source)
        except BadInput as error:
            yield Rejected(error.reason, str(error))


def firsts(states: Iterable[Deal], source: Source) -> Iterator[Part]:
    """Of all that one deal has been: each kind once, where it first came to what counts; else why nothing did."""
    found = [part for deal in sorted(states, key=lambda deal: deal.at) for part in parts(deal, source)]
    kinds = {part.type: part for part in reversed(found) if isinstance(part, Draft)}
    refused = list(dict.fromkeys(part for part in found if isinstance(part, Rejected)))
    yield from sorted(kinds.values(), key=lambda draft: draft.time)
    yield from refused
    if not kinds and not refused:
        yield next((part for part in reversed(found)), Ignored("not_counted", "a deal without a stage"))


def named_fields(source: Source) -> tuple[str, ...]:
    """The fields of a deal that the floor file counts by, in a stable order."""
    return tuple(dict.fromkeys(name for _, counts in _configured(source.config.counts) for name in counts.field))


def named_amounts(source: Source) -> tuple[str, ...]:
    """The fields of a deal that the floor file takes amounts from, in a stable order."""
    found = (counts.amount for _, counts in _configured(source.config.counts))
    return tuple(dict.fromkeys(name for name in found if name))


def kinds(deal: Deal, source: Source) -> list[str]:
    """Types of the facts that the deal gives where it stands."""
    return [kind for kind, counts in _configured(source.config.counts) if _counts(counts, deal)]


def _configured(counts: CrmCounts) -> list[tuple[str, Counts]]:
    named = [
        (facts.PRESENTATION, counts.presentation),
        (facts.INVOICE, counts.invoice),
        (facts.PAYMENT, counts.payment),
    ]
    return [(kind, found) for kind, found in named if found is not None] or [(facts.PAYMENT, Counts(won=True))]


def _counts(counts: Counts, deal: Deal) -> bool:
    stages = {deal.stage, f"{deal.pipeline}:{deal.stage}"}
    return (
        (counts.won and deal.won)
        or any(stage in stages for stage in counts.stage)
        or any(str(status) in stages for status in counts.status)
        or (deal.event is not None and deal.event in counts.event)
        or any(tag in deal.tags for tag in counts.tag)
        or any(
            _holds(values.text(values.reach(deal.fields, name)), wanted)
            for name, wanted in counts.field.items()
            if deal.changed is None or name in deal.changed
        )
    )


def _holds(value: str | None, wanted: Sequence[str]) -> bool:
    return value is not None and (value in wanted or ANYTHING in wanted)


def draft(kind: str, deal: Deal, source: Source) -> Draft:
    """The fact of type *kind*. Raises: BadInput when its amount or currency is missing."""
    name = f"{source.id}:{deal.id}"
    whole = f"{source.id}:{deal.parent or deal.id}"
    if kind == facts.PRESENTATION:
        made = PresentationMade(deal=whole, identity=deal.identity, at=deal.at)
        return Draft(kind, deal.id, deal.at, made, once=True)
    invoice = f"{name}:invoice"
    amount, currency = _money(kind, deal, source)
    if kind == facts.INVOICE:
        issued = InvoiceIssued(
            invoice=invoice, deal=whole, identity=deal.identity, at=deal.at, amount_minor=amount, currency=currency
        )
        return Draft(kind, deal.id, deal.at, issued, once=True)
    paid = Payment(
        payment=f"{name}:payment",
        invoice=invoice if source.config.counts.invoice else None,
        deal=whole,
        identity=deal.identity,
        at=deal.at,
        amount_minor=amount,
        currency=currency,
    )
    return Draft(kind, deal.id, deal.at, paid, once=True)


def _money(kind: str, deal: Deal, source: Source) -> tuple[int, str]:
    """(minor units, currency). Raises: BadInput."""
    currency = deal.currency or source.currency
    if currency is None:
        raise BadInput(f"deal {deal.id}: no currency (give sources[].currency)", "missing_field")
    if not _CURRENCY.fullmatch(currency):
        raise BadInput(f"deal {deal.id}: {currency[:20]!r} is no currency", "bad_value")
    currency = currency.upper()
    counts = source.config.counts.invoice if kind == facts.INVOICE else source.config.counts.payment
    path = counts.amount if counts else None
    named = [values.reach(deal.fields, path)] if path else deal.amounts
    amount = next((minor for one in named if (minor := money.minor(one, currency)) is not None), None)
    if amount is None:
        raise BadInput(f"deal {deal.id}: {path or 'its price'} is no amount", "bad_value")
    return amount, currency
