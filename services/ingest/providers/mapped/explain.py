"""``srez normalize --explain``: a table of what each expression found, what was understood, and why not.

Times are shown in the source's zone.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.ingest.providers.base import Draft, Rejected, Request, Source
from services.ingest.providers.mapped.element import Finding
from services.ingest.providers.mapped.rules import Outcome, outcomes
from services.kit.errors import BadInput

_HEAD: Final = ("key", "expression", "found", "understood as")
_WIDEST: Final = (14, 40, 40)


def lines(request: Request, source: Source) -> Iterator[str]:
    """Never raises on a body."""
    how = source.config.map
    if how is None:
        yield "the floor file gives this source no map"
        return
    try:
        told = list(outcomes(request, source, how))
    except BadInput as error:
        yield f"the body cannot be read: {error}"
        return
    for place, rule in enumerate(how.rules):
        of_rule = [outcome for outcome in told if outcome.rule is rule]
        where = f" in {rule.each}" if rule.each else ""
        yield f"rule {place}, {rule.fact}: {len(of_rule)} element(s){where}"
        for outcome in of_rule:
            yield from _table(outcome, ZoneInfo(source.timezone))


def _table(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    rows = [_HEAD, *(_row(finding, zone) for finding in outcome.findings)]
    widths = [min(widest, max(len(row[at]) for row in rows)) for at, widest in enumerate(_WIDEST)]
    yield f"  element {outcome.number}"
    for row in rows:
        cells = [_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield f"    {'  '.join([*cells, row[-1]])}".rstrip()
    match outcome.result:
        case None:
            yield "    → passed over"
        case Rejected() as refused:
            yield f"    → rejected ({refused.reason}): {refused.detail.partition(': ')[2]}"
        case Draft() as draft:
            yield f"    → {draft.type} {draft.provider_id}"


def _row(finding: Finding, zone: ZoneInfo) -> tuple[str, str, str, str]:
    understood = "—" if finding.understood is None else _ours(finding.understood, zone)
    why = f" ({finding.why})" if finding.why else ""
    return finding.key, finding.expression or "—", _theirs(finding), f"{understood}{why}"


def _theirs(finding: Finding) -> str:
    if not finding.expression:
        return "—"
    try:
        return json.dumps(finding.raw, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return type(finding.raw).__name__


def _ours(value: Any, zone: ZoneInfo) -> str:
    match value:
        case datetime():
            return value.astimezone(zone).isoformat()
        case timedelta():
            return f"{value.total_seconds():g} s"
        case bool():
            return "true" if value else "false"
    return str(value)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
