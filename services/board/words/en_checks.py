"""Words of the calls to check an alert by."""

from typing import Final

WORDS: Final[dict[str, str]] = {
    "checks.title": "What to check it by",
    "checks.calls": "calls",
    "checks.last": "the last that came before the silence",
    "checks.calls.calls": "calls after which it took longest until the next was dialled",
    "checks.calls.answered": "dialled, but nobody answered",
    "checks.calls.long_calls": "answered, but no long conversation came of it",
    "checks.calls.presentations": "long conversations without a presentation",
    "checks.calls.invoices": "presented, but no invoice",
    "checks.calls.payments": "invoiced, but not paid",
    "checks.deals.invoices": "deals presented without an invoice; their calls are not known",
    "checks.deals.payments": "invoices not paid; their calls are not known",
    "checks.none.none_made": "no calls: the team made none in that time",
    "checks.none.none_fit": "no calls: none of that time shows it",
    "checks.none.not_named": "no calls: this slice was closed by a version that named none",
    "checks.none.no_last": "what came last was not written down",
    "checks.none.none_before": "the source never sent anything before",
}
