"""How the measured rates are shown: tables for people, JSON for the rest."""

from collections.abc import Iterator, Sequence

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from services.lab.accuracy.drifts import DriftOf
from services.lab.accuracy.drops import Drops
from services.lab.accuracy.forecasts import Forecasts
from services.lab.accuracy.habits import HabitOf
from services.lab.accuracy.months import Months
from services.lab.accuracy.rates import Expected
from services.lab.accuracy.trial import Rate, Report, Tried
from services.lab.accuracy.worth import wrong as wrong_of_worth


def as_json(report: Report) -> bytes:
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def pages(report: Report) -> Iterator[Group]:
    """A title and a table each."""
    for tried in report.floors:
        yield _page(f"{tried.floor}: {tried.what}", _rates(tried))
    yield _page(
        "forecast of the day, people as the prior has them: ended inside the interval", _interval(report.forecast)
    )
    yield _page("forecast of the day, told at the middle cut-off: chance of the plan", _plan(report.forecast))
    yield _page("forecast of the month, known lag and amounts: ended inside the interval", _month(report.month))
    yield _page("drift (CUSUM), people on norm: slices to a false alarm", _false_drift(report.worth.drift))
    yield _page("drift (CUSUM), slices until it is told", _true_drift(report.worth.drift))
    yield _page("drops of one person's calls, against earlier today and against past days", _drops(report.worth.drop))
    yield _page("drops of a team of 20, told by the close", _team_drops(report.worth.drop))
    yield _page("habits worth a look: people pointed at", _habits(report.worth.habits))


def conclusion(report: Report) -> str:
    """Whether the rules do what they should."""
    rates = [rate for tried in report.floors for rate in tried.rates]
    wrong = [f"{rate.measure}, {rate.kind}" for rate in rates if rate.agrees is False]
    wrong += [f"{rate.measure}, {rate.kind}, naive rule" for rate in rates if rate.naive_agrees is False]
    wrong += [f"forecast at {one.slice}" for one in report.forecast.interval if not one.agrees]
    wrong += [f"plan with a chance of {one.said:.1%}" for one in report.forecast.plan if not one.agrees]
    wrong += [] if report.month.agrees else ["forecast of the month"]
    wrong += wrong_of_worth(report.worth)
    return f"not as expected: {'; '.join(wrong)}" if wrong else "whatever has a known value agrees with it"


def _page(title: str, table: Table) -> Group:
    return Group(Text(title, style="bold"), table)


def _rates(tried: Tried) -> Table:
    shown = _table("people", "", "Srez, %", "expected", "naive rule, %", "expected")
    last: Rate | None = None
    for rate in tried.rates:
        first = last is None or last.kind != rate.kind
        if last and first:
            shown.add_section()
        shown.add_row(
            rate.kind if first else "",
            rate.measure,
            str(rate.core),
            _known(rate.expected, rate.agrees),
            str(rate.naive),
            _known(rate.naive_expected, rate.naive_agrees),
        )
        last = rate
    return shown


def _interval(found: Forecasts) -> Table:
    shown = _table("told at", "inside, %", "expected")
    for one in found.interval:
        shown.add_row(one.slice, str(one.inside), _known(one.expected, one.agrees))
    return shown


def _month(found: Months) -> Table:
    shown = _table("told", "inside, %", "expected")
    for what, share in (("count", found.count), ("money", found.minor)):
        shown.add_row(what, str(share), _known(found.expected, found.expected.agrees(share)))
    return shown


def _plan(found: Forecasts) -> Table:
    shown = _table("said, %", "reached, %", "agrees", "days")
    for one in found.plan:
        shown.add_row(f"{100 * one.said:.1f}", str(one.reached), _mark(one.agrees), str(one.reached.of))
    return shown


def _false_drift(found: Sequence[DriftOf]) -> Table:
    shown = _table("floor", "step", "due", "φ", "slices", "promised", "in 200 slices")
    for one in found:
        due, phi, promised = f"{one.due:g}", f"{one.overdispersion:g}", f"≥ {one.promised} {_mark(one.agrees)}"
        shown.add_row(one.floor, one.step, due, phi, str(one.on_norm), promised, one.on_norm.per(200))
    return shown


def _true_drift(found: Sequence[DriftOf]) -> Table:
    shown = _table("floor", "step", "at 70 %", "at 50 %")
    for one in found:
        shown.add_row(one.floor, one.step, str(one.at_70), str(one.at_50))
    return shown


def _drops(found: Drops) -> Table:
    shown = _table("floor", "pace", "today, slice, %", "past, slice, %", "expected", "day, %")
    for one in found.people:
        expected = _known(one.expected, one.agrees)
        shown.add_row(one.floor, one.course, str(one.against_day), str(one.against_past), expected, str(one.day))
    return shown


def _team_drops(found: Drops) -> Table:
    shown = _table("pace", "drop, slice, %", "expected", "drop, day, %", "drop or common cause, day, %")
    for one in found.teams:
        expected = _known(one.expected, one.agrees)
        shown.add_row(one.course, str(one.slice), expected, str(one.day), str(one.or_cause))
    return shown


def _habits(found: Sequence[HabitOf]) -> Table:
    shown = _table("habit", "honest, %", "expected", "plain offender, %")
    for one in found:
        shown.add_row(one.habit, str(one.honest), _known(one.expected, one.agrees), str(one.offender))
    return shown


def _table(*columns: str) -> Table:
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        shown.add_column(column)
    return shown


def _known(expected: Expected | None, agrees: bool | None) -> str:
    return "" if expected is None else f"{expected.text} {_mark(agrees)}"


def _mark(agrees: bool | None) -> str:
    return "yes" if agrees else "[bold red]NO[/]"
