"""The end of the demo, told to a person."""

from collections import Counter
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from services.local.counted import counted
from services.local.demo.checks import Check, Outcome

MOST = 12


def told(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    counts, report, truth = outcome.counts, outcome.report, outcome.truth
    yield ""
    yield "What was seen"
    yield f"  webhooks   {report.requests} sent, {report.accepted} accepted, {counts['journal']} in the journal"
    yield (
        f"  facts      {counts['facts']}; {len(truth.duplicated)} came twice and count once, {len(truth.late)} came late, "
        f"{counts['unattributed']} of an extension that is on nobody's line"
    )
    yield f"  odd        {counts['rejected']} rejected and kept, {counts['ignored']} with nothing to count"
    for row in outcome.closes:
        untrusted = sum(bool(reasons) for steps in row["trust"].values() for reasons in steps.values())
        doubted = f", {counted(untrusted, 'team step')} not trusted" if untrusted else ""
        yield (
            f"  slice      {row['slice']}  closed {row['closed_at'].astimezone(zone):%H:%M}"
            f"{'' if row['on_time'] else ', late'}{doubted}"
        )
    yield from _tasks(outcome)
    for row in outcome.coaching:
        yield f"  trainer    {row['agent']} · {_plain(row['step'])} · {_plain(row['reason'])}"
    for row in outcome.alerts:
        end = f"–{row['resolved_at'].astimezone(zone):%H:%M}" if row["resolved_at"] else ", still open"
        yield f"  alert      {row['fired_at'].astimezone(zone):%H:%M}{end}  {row['verdict']} · {row['scope']}"
    yield f"  messages   {counts['sent']} sent"


def _tasks(outcome: Outcome) -> Iterator[str]:
    for row in outcome.tasks[:MOST]:
        result = _plain(row["result"] or "open")
        yield f"  task       {row['slice']}  {row['agent']}: {row['target']} {_plain(row['step'])} → {result}"
    if len(outcome.tasks) > MOST:
        results = Counter(row["result"] or "open" for row in outcome.tasks)
        yield f"  tasks      {len(outcome.tasks)} in all: " + ", ".join(
            f"{n} {_plain(name)}" for name, n in results.items()
        )


def verdict(checks: Sequence[Check]) -> Iterator[str]:
    yield ""
    yield "Held against what really happened"
    for check in checks:
        yield f"  {'✓' if check.passed else '✗'} {check.what}{f' ({check.detail})' if check.detail else ''}"


def _plain(word: str) -> str:
    """A word of the tables as people write it: ``not_enough_data`` → ``not enough data``."""
    return word.replace("_", " ")
