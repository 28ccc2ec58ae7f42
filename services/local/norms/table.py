"""The proposal for a person's eyes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.table import Table

from schemas.floor import Floor
from services.local.counted import counted, noun
from services.local.norms.paper import Paper, named
from services.rules.calibration import Calibrated
from services.rules.intraday import Curve
from services.rules.proposal import Proposal

WHY = {
    "few_days": "too few days",
    "few_events": "too few results",
    "few_agents": "too few people",
    "reference_away": "the best were away on the days that count",
}
KEPT = {
    "personal": "kept: one person's norm is a person's decision",
    "nobody": "kept: it governs nobody",
    "no_facts": "kept: nothing is known of it",
    "zero": "kept: none is due",
    "nothing_done": "kept: none was done",
}
LEFT_OUT = {
    "technical": "with a quarter or more of technical time",
    "unscheduled": "without working time (absent, or worked unplanned)",
    "no_facts": "with nothing known of the agent, or of that step yet",
    "short": "shorter than review.min_exposed_min",
    "untrusted": "with incomplete data",
}
BARS = "▁▂▃▄▅▆▇█"
NAMES = 4
"""So many of the reference are named in the table; the file has all."""


def show(console: Console, paper: Paper, floor: Floor) -> None:
    least, most = floor.review.window_days
    console.print(
        f"{floor.title}: {counted(paper.days, 'working day')}, {paper.from_} … {paper.until}"
        + (f" (at least {least} make a reference, at most {most} are looked at)" if paper.days < least else ""),
        highlight=False,
    )
    for title, own in groupby(paper.norms, key=lambda one: named(one.for_, one.weekdays)):
        rows = list(own)
        console.print()
        console.print(_table(title, rows))
        for line in _beneath(rows):
            console.print(line, style="dim", highlight=False)
    console.print()
    _curves(console, paper.curves)
    _calibrated(console, paper.judgement)


def _table(title: str, rows: Iterable[Proposal]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, padding=(0, 2, 0, 0)
    )
    table.add_column("step", no_wrap=True)
    for name in ("now", "proposed", "mean", "best", "days", "results"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for one in rows:
        moved = one.per_day is not None and one.per_day != one.now
        table.add_row(
            one.step,
            _number(one.now),
            f"[bold]{_number(one.per_day)}[/bold]" if moved else _number(one.per_day),
            _number(one.mean),
            _number(one.reference),
            str(one.days),
            str(one.events),
            _why(one),
        )
    return table


def _why(one: Proposal) -> str:
    if one.kept:
        return KEPT[one.kept]
    parts = []
    if one.fallback:
        parts.append(f"floor's median instead of the best: {', '.join(WHY[why] for why in one.fallback)}")
    else:
        names = [best.agent for best in one.performers]
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        parts.append(f"best: {', '.join(names[:NAMES])}{more}")
    if one.now is None:
        parts.append("the first norm")
    elif one.capped:
        parts.append(f"{_number(one.exact)} held to {(one.per_day or 0) / one.now - 1:+.1%}")
    elif one.per_day == one.now:
        parts.append("stays")
    return "; ".join(parts)


def _beneath(rows: Iterable[Proposal]) -> Iterator[str]:
    """Whose work it is of, and how much was left out: of the step that lost most, among those that have a proposal; where
    there is none, why nothing is known."""
    rows = list(rows)
    rows = [one for one in rows if not one.kept] or [one for one in rows if one.kept == "no_facts"]
    members = sorted({agent for one in rows for agent in one.members})
    if members:
        most = max(one.hours for one in rows)
        yield f"from {counted(len(members), 'person', 'people')}, up to {most:,.0f} {noun(round(most), 'hour')}"
    worst: Counter[str] = Counter()
    for one in rows:
        for reason, count in one.left_out.items():
            worst[reason] = max(worst[reason], count)
    if worst:
        told = ", ".join(f"{count} {LEFT_OUT[reason]}" for reason, count in sorted(worst.items()))
        yield f"left out, agent-days: {told}"


def _curves(console: Console, curves: Iterable[Curve]) -> None:
    learned = [one for one in curves if not one.flat]
    if not learned:
        return
    first, last = min(learned[0].weights), max(learned[0].weights)
    console.print(f"When results come, half hours from {first} to {last} (after norms apply, targets follow them)")
    top = max(weight for one in learned for weight in one.weights.values())
    for one in learned:
        bars = "".join(BARS[min(7, int(weight / top * 8))] for weight in one.weights.values())
        peak = max(one.weights, key=lambda clock: one.weights[clock])
        console.print(f"  {one.step:<14}{bars}  most at {peak}", highlight=False)


def _calibrated(console: Console, found: Iterable[Calibrated]) -> None:
    rows = list(found)
    if not rows:
        return
    table = Table(
        title="How people differ: after norms apply, judging goes by it", title_justify="left", title_style="bold",
        header_style="dim", box=None, padding=(0, 2, 0, 0),
    )  # fmt: skip
    for name in ("team", "step"):
        table.add_column(name, no_wrap=True)
    for name in ("CV of pace", "overdispersion", "mean / norm", "people", "days", "results"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for one in rows:
        lacks = f"the defaults stay: {', '.join(WHY[why] for why in one.lacks)}" if one.lacks else ""
        numbers = (_number(value) for value in (one.prior_cv, one.overdispersion, one.mean))
        table.add_row(one.team, one.step, *numbers, str(one.agents), str(one.days), str(one.events), lacks)
    console.print()
    console.print(table)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return (
        f"{value:.3g}" if value < 100 else f"{value:.0f}" if value == round(value) or value >= 1000 else f"{value:.1f}"
    )
