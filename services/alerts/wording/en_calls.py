"""English words of the calls to check an alert by."""

from typing import Final

TEXT: Final[dict[str, str]] = {
    "details.calls.calls": "Calls to check — after these it took longest until the next was dialled: {calls}.",
    "details.calls.answered": "Calls to check — dialled, but nobody answered: {calls}.",
    "details.calls.long_calls": "Calls to check — answered, but no long conversation came of it: {calls}.",
    "details.calls.presentations": "Calls to check — long, but without a presentation: {calls}.",
    "details.calls.invoices": "Calls to check — presented, but no invoice: {calls}.",
    "details.calls.payments": "Calls to check — invoiced, but not paid: {calls}.",
    "details.deals.invoices": "Deals to check — presented, no invoice, their calls are not known: {deals}.",
    "details.deals.payments": "Invoices to check — not paid, their calls are not known: {deals}.",
    "details.no_calls.none_made": "No calls to check: the team made none in that time.",
    "details.no_calls.none_fit": "No calls to check: none of that time shows it.",
    "details.no_calls.not_named": "No calls to check: this slice was closed by a version that named none.",
    "details.no_calls.no_last": "What came last was not written down.",
    "details.no_calls.none_before": "What came last cannot be said: the source never sent anything before.",
    "details.last": "The last that came before the silence: {last}.",
}
