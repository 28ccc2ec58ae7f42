"""Holds what the product made of the day against what really happened (the lab's truth)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from services.lab.feeder import FeedReport
from services.lab.simulate.truth import Truth
from services.local.counted import counted

MINUTE = timedelta(seconds=60)
PAGES = ("/", "/report", "/quality", "/api/v1/floor", "/api/v1/slices", "/api/v1/tasks", "/api/v1/alerts")


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything the checks and the summary look at."""

    report: FeedReport
    truth: Truth
    counts: Mapping[str, int]
    closes: Sequence[Mapping[str, Any]]
    slices: Sequence[Mapping[str, Any]]
    tasks: Sequence[Mapping[str, Any]]
    coaching: Sequence[Mapping[str, Any]]
    alerts: Sequence[Mapping[str, Any]]
    cut_offs: Sequence[str]
    allowance: timedelta
    """One real second as a span of the floor's time: what a hurried clock adds to every reaction."""


def checks(outcome: Outcome) -> Iterator[Check]:
    report, truth, counts = outcome.report, outcome.truth, outcome.counts
    yield Check("every webhook was accepted", report.well, f"{report.accepted} of {report.requests}")
    yield Check("accepted = journal", report.accepted == counts["journal"], counted(counts["journal"], "row"))
    facts = counts["facts"]
    yield Check(
        "every fact once", facts == truth.facts, f"{counted(facts, 'fact')}, {len(truth.duplicated)} came twice"
    )
    strangers = len(truth.unattributed)
    yield Check("unknown extensions are kept apart", counts["unattributed"] == strangers, counted(strangers, "fact"))
    closed = [row["slice"] for row in outcome.closes]
    yield Check("every slice was closed", closed == list(outcome.cut_offs), ", ".join(closed))
    yield _recount(outcome)
    yield from _outages(outcome)
    yield Check("the day was reported once", counts["reports"] == 1, f"{counts['reports']} day reports")
    undelivered = counts["dead"] + counts["waiting"]
    told = f"{counts['sent']} sent" + (f", {undelivered} not" if undelivered else "")
    yield Check("every message was delivered", undelivered == 0, told)


def _recount(outcome: Outcome) -> Check:
    """Frozen count + what came late = what really happened up to the cut-off, for each agent, step and slice."""
    wrong = []
    day = outcome.truth.counts[outcome.truth.dates[0]]
    for row in outcome.slices:
        upto = outcome.cut_offs[: outcome.cut_offs.index(row["slice"]) + 1]
        expected = sum(day[row["agent"]][row["step"]].slices[name] for name in upto)
        if row["done"] + row["late"] != expected:
            wrong.append(f"{row['slice']} {row['agent']} {row['step']}: {row['done']}+{row['late']}, really {expected}")
    told = "; ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
    passed = bool(outcome.slices) and not wrong
    return Check("slices = an independent recount", passed, told or counted(len(outcome.slices), "number"))


def _outages(outcome: Outcome) -> Iterator[Check]:
    found = {row["scope"]: row for row in outcome.alerts if row["kind"] == "outage"}
    for outage in outcome.truth.outages:
        row = found.pop(outage.scope, None)
        if row is None:
            yield Check(f"{outage.scope} was reported", False, "no alert")
        elif outage.fourth_failure is not None:
            passed = row["verdict"] == "line" and row["fired_at"] - outage.fourth_failure <= MINUTE + outcome.allowance
            after = (row["fired_at"] - outage.fourth_failure).total_seconds()
            detail = f"verdict {row['verdict']}, {after:.0f} s after the fourth failed call"
            yield Check(f"{outage.scope} was reported as a line", passed, detail)
    yield Check("no outage that was none", not found, ", ".join(found))


async def pages(board_url: str) -> Check:
    """Do the board's pages answer?"""
    wrong = []
    async with httpx.AsyncClient(base_url=board_url, timeout=10, follow_redirects=True) as client:
        for page in PAGES:
            try:
                status = (await client.get(page)).status_code
            except httpx.HTTPError as error:
                wrong.append(f"{page}: {type(error).__name__}")
            else:
                if status != 200:
                    wrong.append(f"{page}: {status}")
    return Check("the board answers", not wrong, ", ".join(wrong) or counted(len(PAGES), "page"))
