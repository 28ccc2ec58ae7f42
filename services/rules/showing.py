"""Which calls show what a team's issue is about: of its window, those that got as far as the step before the first broken one
and no further (DOMAIN §9: every alert has calls to check by).

Where none did, the rung before is looked at, down to the pauses between calls: a team that lost its long calls has no
presentations to lose. What the CRM has of no known call is named by its deal or invoice. Live and back-test name the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from schemas.facts import INVOICE, PRESENTATION
from schemas.floor import Floor
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.rules.closing.evidence import Closing, TeamIssue
from services.rules.day import CutOff, WorkingDay
from services.rules.deeds import Call, Deed, OfAgent, broken

CALLS: Final = 5
"""So many calls are named, of different people as far as possible."""
WITNESSES: Final = 10
"""Of so many people of a team calls are looked at: of a large floor not every fact of the day is read at a close."""


def witnesses(closing: Closing) -> dict[str, list[str]]:
    """Team with an issue → those of it with the most that got to the step before the first broken one and not to it."""
    issues = {issue.team: (issue, step) for issue in closing.issues if (step := first_broken(issue))}
    rows: dict[str, list[SliceRow]] = {team: [] for team in issues}
    for row in closing.rows:
        if row.team in rows:
            rows[row.team].append(row)
    return {team: _most_lost(rows[team], issue.dropped, step) for team, (issue, step) in issues.items()}


def _most_lost(rows: Sequence[SliceRow], dropped: bool, step: Step) -> list[str]:
    """Args: dropped: counted is the slice, else the day. Of dials, of which there is no step before, what is due counts."""
    before = STEPS[STEPS.index(step) - 1] if step != STEPS[0] else None
    counts: dict[str, dict[Step, int]] = {}
    due: dict[str, float] = {}
    for row in rows:
        counts.setdefault(row.agent, {})[row.step] = row.in_slice if dropped else row.done
        if row.step == step:
            due[row.agent] = row.target or 0.0

    def order(agent: str) -> tuple[float, int, str]:
        own = counts[agent]
        reached = own.get(before, 0) if before else due.get(agent, 0.0)
        return own.get(step, 0) - reached, -own.get(STEPS[0], 0), agent

    return sorted(counts, key=order)[:WITNESSES]


def first_broken(issue: TeamIssue) -> Step | None:
    """The first step of the funnel that the issue names."""
    named = {one["step"] for key in ("steps", "drops") for one in issue.evidence.get(key, ())}
    return next((step for step in STEPS if step in named), None)


def with_samples(
    closing: Closing, floor: Floor, day: WorkingDay, cut: CutOff, known: Mapping[str, OfAgent]
) -> list[TeamIssue]:
    """The same issues, with ``calls`` in their evidence and ``calls_of``, the rung on which they broke; ``deals`` where only
    the CRM knows; ``no_calls`` says why there are none.

    Args:
        known: what ``witnesses`` did today (``deeds.of_agents``).
    """
    shown = witnesses(closing)
    found = []
    for issue in closing.issues:
        step = first_broken(issue)
        if step is not None:
            since = day.previous(cut.name) if issue.dropped else day.starts
            own = [known[agent] for agent in shown[issue.team] if agent in known]
            told = _samples(step, own, floor, issue.team, since)
            issue = replace(issue, evidence={**issue.evidence, **told})
        found.append(issue)
    return found


def _samples(step: Step, own: Sequence[OfAgent], floor: Floor, team: str, since: datetime) -> dict[str, Any]:
    calls = [[call for call in one.calls if call.deed.at > since and call.deed.call] for one in own]
    for rung in STEPS[STEPS.index(step) :: -1]:
        if names := _turns([_of(rung, each, floor, team) for each in calls]):
            return {"calls": names, "calls_of": rung}
        if names := _turns([_loose(rung, each, since) for each in own]):
            return {"calls": [], "deals": names, "calls_of": rung}
    return {"calls": [], "no_calls": "none_fit" if any(calls) else "none_made"}


def _of(rung: Step, calls: Sequence[Call], floor: Floor, team: str) -> list[str]:
    """Calls of one agent that broke on *rung*: of answers the dials that nobody answered, the newest first."""
    if rung == "answered":
        missed = [call for call in calls if call.deed.talk_s is None and call.deed.outbound]
        return [call.deed.call or "" for call in reversed(missed)][:CALLS]
    by, long_s = floor.quality.hearing, float(floor.long_call_of(team))
    return [call.deed.call or "" for call, _ in broken(rung, calls, long_s, by, CALLS)]


def _loose(rung: Step, own: OfAgent, since: datetime) -> list[str]:
    """Presentations without an invoice, or invoices without a payment, that came of no known call; the newest first."""
    kind = {"invoices": PRESENTATION, "payments": INVOICE}.get(rung)
    further = {_name(one, kind) for one in own.loose if one.type != kind and one.type != PRESENTATION}
    known = own.by_deal if rung == "invoices" else own.by_invoice
    names = [_name(one, kind) for one in own.loose if one.type == kind and one.at > since]
    return [name for name in reversed(dict.fromkeys(names)) if name and name not in further and name not in known]


def _name(one: Deed, of: str | None) -> str:
    """A presentation is known by its deal, an invoice by its number."""
    return (one.deal if of == PRESENTATION else one.invoice) or ""


def _turns(found: Iterable[Sequence[str]]) -> list[str]:
    """The first of everybody, then the second: at most ``CALLS``, in that order."""
    names = (name for turn in zip_longest(*found) for name in turn if name)
    return list(dict.fromkeys(names))[:CALLS]
