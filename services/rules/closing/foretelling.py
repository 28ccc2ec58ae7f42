"""The end of the day, and of the month, as they look at the cut-off; kept to be held against what came (DOMAIN §11).

For the floor and its teams, the day per step with a norm (``plan`` is that of the norms, docs/decisions/0024-money-at-risk.md),
the month at the day's last close (docs/decisions/0032-months-foretold-are-kept.md).
"""

from collections.abc import Iterable, Mapping, Sequence

from schemas.rows import ForecastRow, MonthForecastRow
from schemas.steps import STEPS, MonthUnit, Step
from services.rules.closing.rows import rounded
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.forecast import Course, Forecast, courses_of, end_of_day, plan_of_step, together
from services.rules.judging import Due
from services.rules.money.books import Books
from services.rules.money.outlook import lag_of, outlooks


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


def foretold_month(view: FloorView, cut: CutOff, books: Books) -> list[MonthForecastRow]:
    """Sorted as floor and teams stand in the floor file; nothing where too little is known."""
    day = view.today
    exposures = {agent.id: view.exposure(agent, day.date) for agent in view.floor.agents}
    found = []
    for one in outlooks(view.floor, day, exposures, books, lag_of(books, day.date), cut.at):
        units: tuple[tuple[MonthUnit, Forecast | None], ...] = (
            ("payments", one.month.count),
            ("minor", one.month.minor),
        )
        found += [_month_row(view, one.scope, unit, said) for unit, said in units if said is not None]
    return found


def _month_row(view: FloorView, scope: str, unit: MonthUnit, said: Forecast) -> MonthForecastRow:
    return MonthForecastRow(
        date=view.today.date,
        scope=scope,
        unit=unit,
        done=said.done,
        plan=rounded(said.plan),
        median=said.median,
        low=said.low,
        high=said.high,
        p_plan=rounded(said.p_plan),
    )
