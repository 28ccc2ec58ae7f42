"""The end of the day as it looks at the cut-off, kept so that it can be held against what came (DOMAIN §11).

For the floor and its teams, per step with a norm. ``plan`` is that of the norms: the month's plan in money belongs to the
board, which knows payments of the whole month (docs/decisions/0024-money-at-risk.md).
"""

from collections.abc import Iterable, Mapping, Sequence

from schemas.rows import ForecastRow
from schemas.steps import STEPS, Step
from services.rules.closing.rows import rounded
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.forecast import Course, courses_of, end_of_day, plan_of_step, together
from services.rules.judging import Due


def foretold(view: FloorView, cut: CutOff, dues: Sequence[Due]) -> list[ForecastRow]:
    """Sorted as floor and teams stand in the floor file, then by step."""
    found: dict[tuple[str, Step], list[Course]] = {}
    beside: dict[tuple[str, Step], int] = {}
    courses: dict[str, Mapping[Step, Course]] = {}
    for one in dues:
        scopes = (f"floor:{view.floor.floor}", f"team:{one.team}")
        if one.expected is None:
            for scope in scopes:
                beside[scope, one.step] = beside.get((scope, one.step), 0) + one.done
            continue
        if one.agent not in courses:
            courses[one.agent] = _courses(view, one.agent, cut)
        for scope in scopes:
            found.setdefault((scope, one.step), []).append(courses[one.agent][one.step])
    shown = [f"floor:{view.floor.floor}", *(f"team:{team.id}" for team in view.floor.teams)]
    return [
        _row(view, cut, scope, step, found[scope, step], beside.get((scope, step), 0))
        for scope in shown
        for step in STEPS
        if (scope, step) in found
    ]


def _courses(view: FloorView, agent: str, cut: CutOff) -> Mapping[Step, Course]:
    known, done = view.floor.agent_by_id[agent], view.evidence.done.get(agent, {})
    own = view.exposure(known, view.today.date)
    return courses_of(done, view.norms(known), own, view.today.of(known.team), cut.at)


def _row(view: FloorView, cut: CutOff, scope: str, step: Step, courses: Iterable[Course], beside: int) -> ForecastRow:
    whole, by = together(courses, beside), view.floor.judgement
    said = end_of_day(whole, plan_of_step(whole), cv=by.team.prior_cv, overdispersion=by.overdispersion)
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
