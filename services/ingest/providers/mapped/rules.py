"""The rules of a map over one request: every element of every rule becomes a fact, a rejection, or is passed over."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from schemas.floor.mapping import Mapping, Rule
from services.ingest.providers.base import Draft, Rejected, Request, Source
from services.ingest.providers.mapped import body, call, sale
from services.ingest.providers.mapped.element import Element, Finding, search
from services.kit.errors import BadInput

MAX_ELEMENTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """``result`` is None when ``when`` was not true. ``number`` counts the elements of the rule."""

    rule: Rule
    number: int
    result: Draft | Rejected | None
    findings: tuple[Finding, ...]


def outcomes(request: Request, source: Source, how: Mapping) -> Iterator[Outcome]:
    """Raises: BadInput when the body as a whole cannot be read."""
    whole = body.decode(request, how)
    context = body.around(whole, request)
    for place, rule in enumerate(how.rules):
        try:
            elements = _elements(rule, whole, context)
        except BadInput as error:
            refused = Rejected(error.reason, f"rule {place} ({rule.fact}): each: {error}")
            yield Outcome(rule, 0, refused, ())
            continue
        for number, found in enumerate(elements):
            element = Element(body.seen(found, context), source, how.time_format)
            yield _outcome(rule, f"rule {place} ({rule.fact}), element {number}", number, element)


def _outcome(rule: Rule, place: str, number: int, element: Element) -> Outcome:
    result: Draft | Rejected | None = None
    try:
        if element.holds(rule.when):
            result = call.draft(rule, element) if rule.fact == "call" else sale.draft(rule, element)
    except BadInput as error:
        result = Rejected(error.reason, f"{place}: {error}")
    return Outcome(rule, number, result, tuple(element.findings))


def _elements(rule: Rule, whole: Any, context: dict[str, Any]) -> list[Any]:
    """Members of the list that ``each`` finds; what is no list is its only member.

    Raises: BadInput (bad_value, too_large).
    """
    found = search(rule.each, body.seen(whole, context)) if rule.each else whole
    if found is None:
        return []
    members = found if isinstance(found, list) else [found]
    if len(members) > MAX_ELEMENTS:
        raise BadInput(f"more than {MAX_ELEMENTS} elements", "too_large")
    return [member for member in members if member is not context]  # ``*`` finds the request, too
