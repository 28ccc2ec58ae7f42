"""The end of the day as it looks at the cut-off, kept so that it can be held against what came (DOMAIN §11).

For the floor and its teams, per step with a norm. ``plan`` is that of the norms: the month's plan in money belongs to the
board, which knows payments of the whole month (docs/decisions/0024-money-at-risk.md).
"""

from collections.abc import Iterable, Sequence

from schemas.rows import ForecastRow
from schemas.steps import STEPS, Step
from services.rules.closing.rows import rounded
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.forecast import Course, course, end_of_day, plan_of_step, together
from services.rules.judging import Due
from services.rules.norms import norms_of


def foretold(view: FloorView, cut: CutOff, dues: Sequence[Due]) -> list[ForecastRow]:
    """Sorted as floor and teams stand in the floor file, then by step."""
    found: dict[tuple[str, Step], list[Course]] = {}
    beside: dict[tuple[str, Step], int] = {}
    day, norms = view.today, {agent.id: norms_of(view.floor, agent, view.today.weekday) for agent in view.floor.agents}
    for one in dues:
        for scope in (f"floor:{view.floor.floor}", f"team:{one.team}"):
            if one.expected is None:
                beside[scope, one.step] = beside.get((scope, one.step), 0) + one.done
                continue
            own = view.exposure(view.floor.agent_by_id[one.agent], day.date)
            at_cut = course(one.done, norms[one.agent][one.step], own, day.of(one.team), cut.at, one.step)
            found.setdefault((scope, one.step), []).append(at_cut)
    scopes = [f"floor:{view.floor.floor}", *(f"team:{team.id}" for team in view.floor.teams)]
    return [
        _row(view, cut, scope, step, found[scope, step], beside.get((scope, step), 0))
        for scope in scopes
        for step in STEPS
        if (scope, step) in found
    ]


def _row(view: FloorView, cut: CutOff, scope: str, step: Step, courses: Iterable[Course], beside: int) -> ForecastRow:
    whole, by = together(courses, beside), view.floor.judgement
    kind, _, name = scope.partition(":")
    phi = by.of(name, step).overdispersion if kind == "team" else by.overdispersion
    said = end_of_day(whole, plan_of_step(whole), cv=by.team.prior_cv, overdispersion=phi)
    return ForecastRow(
        date=view.today.date,
        slice=cut.name,
        scope=scope,
        step=step,
        done=said.done,
        plan=rounded(said.plan),
        median=said.median,
        low=said.low,
        high=said.high,
        p_plan=rounded(said.p_plan),
    )
