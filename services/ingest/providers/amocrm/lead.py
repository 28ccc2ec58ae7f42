"""One lead of a webhook into facts: a presentation, an invoice, a payment, by the stage it came to.

What counts stands in the floor file (``counts.*.status``); status 142 is "won" in every pipeline. A lead gives each
kind once for ever: the id of the fact is made of the lead and the kind only.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from schemas.floor.model import Counts, CrmCounts
from services.ingest.providers import instants, money, values
from services.ingest.providers.base import Draft, Ignored, Rejected, Source
from services.kit.errors import BadInput

WON: Final = 142
Part = Draft | Ignored | Rejected

STATUSES: Final[dict[str, str]] = {"142": "won", "143": "lost"}
"""The only stages with one meaning in all accounts; every other id is the account's own (``counts``)."""

_COMES: Final = ("status", "add")
_TIMES: Final = ("updated_at", "last_modified", "created_at", "date_create")
_FULL: Final = ("responsible_user_id", "price", *_TIMES)


def parts(action: str, lead: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part]:
    """What one lead in one action gives."""
    lead_id = values.text(lead.get("id"), 60)
    status = values.integer(lead.get("status_id"), largest=2**53)
    if lead_id is None:
        yield Rejected("missing_field", f"leads[{action}]: a lead without id")
    elif not _comes_to_a_stage(action, lead, status):
        yield Ignored("not_counted", f"lead {lead_id}: {action[:20]}")
    elif not any(values.text(lead.get(name)) for name in _FULL):
        yield Ignored("needs_readback", f"lead {lead_id}: status {status}")
    else:
        kinds = [kind for kind, counts in _counted(source.config.counts) if _counts(counts, lead, status)]
        if not kinds:
            yield Ignored("not_counted", f"lead {lead_id}: status {status}")
        for kind in kinds:
            try:
                yield _draft(kind, lead_id, lead, source, received_at)
            except BadInput as error:
                yield Rejected(error.reason, str(error))


def _comes_to_a_stage(action: str, lead: Mapping[str, Any], status: int | None) -> bool:
    """An ``update`` repeats the stage a lead has had for long: it counts only when it says that the stage changed."""
    if status is None:
        return False
    before = values.integer(lead.get("old_status_id"), largest=2**53)
    return action in _COMES or (action == "update" and before is not None and before != status)


def _counted(counts: CrmCounts) -> Iterator[tuple[str, Counts]]:
    configured = [
        (facts.PRESENTATION, counts.presentation),
        (facts.INVOICE, counts.invoice),
        (facts.PAYMENT, counts.payment),
    ]
    found = [(kind, named) for kind, named in configured if named is not None]
    yield from found or [(facts.PAYMENT, Counts(won=True))]


def _counts(counts: Counts, lead: Mapping[str, Any], status: int | None) -> bool:
    pipeline = values.text(lead.get("pipeline_id"))
    by_stage = str(status) in counts.stage or f"{pipeline}:{status}" in counts.stage
    return status in counts.status or by_stage or (counts.won and status == WON)


def _draft(kind: str, lead_id: str, lead: Mapping[str, Any], source: Source, received_at: datetime) -> Draft:
    at = next((found for name in _TIMES if (found := instants.from_epoch(lead.get(name)))), received_at)
    identity = values.text(lead.get("responsible_user_id"))
    deal = f"{source.id}:{lead_id}"
    if kind == facts.PRESENTATION:
        return Draft(kind, lead_id, at, PresentationMade(deal=deal, identity=identity, at=at), once=True)
    invoice = f"{deal}:invoice"
    amount, currency = _money(kind, lead_id, lead, source)
    if kind == facts.INVOICE:
        issued = InvoiceIssued(
            invoice=invoice, deal=deal, identity=identity, at=at, amount_minor=amount, currency=currency
        )
        return Draft(kind, lead_id, at, issued, once=True)
    paid = Payment(
        payment=f"{deal}:payment",
        invoice=invoice if source.config.counts.invoice else None,
        deal=deal,
        identity=identity,
        at=at,
        amount_minor=amount,
        currency=currency,
    )
    return Draft(kind, lead_id, at, paid, once=True)


def _money(kind: str, lead_id: str, lead: Mapping[str, Any], source: Source) -> tuple[int, str]:
    """(minor units, currency). Raises: BadInput."""
    if source.currency is None:
        raise BadInput(f"lead {lead_id}: the source has no currency (sources[].currency)", "missing_field")
    counts = source.config.counts.invoice if kind == facts.INVOICE else source.config.counts.payment
    # price_with_minor_units is the price in major units too, with its decimals (100.5); price may have lost them
    names = [counts.amount] if counts and counts.amount else ["price_with_minor_units", "price"]
    found = (money.minor(values.reach(lead, name), source.currency) for name in names)
    amount = next((minor for minor in found if minor is not None), None)
    if amount is None:
        raise BadInput(f"lead {lead_id}: {names[-1]} is no amount", "bad_value")
    return amount, source.currency
