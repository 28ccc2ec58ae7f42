"""The Forecast page as values a template only has to place."""

from collections.abc import Callable
from dataclasses import dataclass

from services.board.ahead import AgeGroup, Ahead, Foresight
from services.board.today import Today
from services.board.view.month import MonthsShown, months_view
from services.board.words import Words
from services.rules.deviation import EXACT
from services.rules.forecast import Forecast, whole
from services.rules.money.record import Record
from services.rules.money.risk import AtRisk, Cause
from services.rules.money.units import about

Say = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Plot:
    """A dot with its interval on an axis that rows share; places are 0–100."""

    title: str
    label: str
    low: float
    point: float
    high: float
    mark: float | None
    done: str
    plan: str
    median: str
    interval: str
    chance: str


@dataclass(frozen=True, slots=True)
class CauseShown:
    cause: Cause
    title: str
    sum: str
    width: float


@dataclass(frozen=True, slots=True)
class RiskShown:
    """``causes`` is empty where nothing is at risk; ``total`` is None where it cannot be told."""

    title: str
    period: str
    total: str | None
    causes: tuple[CauseShown, ...]


@dataclass(frozen=True, slots=True)
class AgeShown:
    title: str
    count: str
    sum: str
    chance: str


@dataclass(frozen=True, slots=True)
class RecordShown:
    slice: str
    said: str
    share: str
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForecastView:
    day: tuple[Plot, ...]
    month: tuple[Plot, ...]
    count: tuple[Plot, ...]
    parts: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    unlinked: str
    others: str
    risks: tuple[RiskShown, ...]
    ages: tuple[AgeShown, ...]
    lag: str
    records: tuple[RecordShown, ...]
    record_hint: str
    months: MonthsShown


def forecast_view(today: Today, found: Foresight, w: Words) -> ForecastView:
    currency = today.floor.currency
    money, by = _money(currency, w), today.floor.forecast
    everybody = found.scopes[0]
    parts = everybody.month.minor_parts
    linked = ""
    if found.payments > found.linked:
        said = w(
            "forecast.linked", linked=w.num(found.linked), payments=w.num(found.payments), days=w.num(by.pace_days)
        )
        linked = f"{said} {w('forecast.linked_hint')}"
    others = ", ".join(w.money(minor, other) for other, minor in sorted(found.others.items()))
    return ForecastView(
        day=_plots(today, [(one, one.day) for one in found.scopes], w, w.num),
        month=_plots(today, [(one, one.month.minor) for one in found.scopes], w, money),
        count=_plots(today, [(one, one.month.count) for one in found.scopes], w, w.num),
        parts=tuple(
            (w(f"forecast.part.{name}"), money(minor))
            for name in ("paid", "open", "ahead", "unlinked")
            if parts and ((minor := getattr(parts, name)) > 0 or name != "unlinked")
        ),
        missing=tuple(
            w(
                f"forecast.missing.{one}",
                days=w.num(by.pace_days),
                invoices=w.num(by.min_invoices),
                paid=w.num(by.min_paid),
                payments=w.num(by.min_payments),
            )
            for one in everybody.month.missing
        ),
        unlinked=linked,
        others=w("forecast.others", sums=others) if others else "",
        risks=tuple(shown for one in found.scopes for shown in _risks(today, one, w)),
        ages=tuple(_age(one, currency, w, known="lag" not in everybody.month.missing) for one in found.ages),
        lag=w("forecast.lag_hint", n=found.lag.known, days=w.num(by.lag_days)) if found.lag.known else "",
        records=tuple(_record(one, w) for one in found.records),
        record_hint=w("forecast.record.hint", days=w.num(by.record_days)),
        months=months_view(found.months, today.date, w.num if found.months.unit == "payments" else money, w),
    )


def causes(risk: AtRisk, currency: str, w: Words) -> tuple[CauseShown, ...]:
    """Those that take something, in order."""
    return tuple(
        CauseShown(cause, _cause(cause, risk, w), w.money(minor, currency), 100 * minor / risk.total)
        for cause, minor in risk.causes.items()
        if minor
    )


def _money(currency: str, w: Words) -> Say:
    return lambda minor: w.money(about(minor, currency), currency)


def _cause(cause: Cause, risk: AtRisk, w: Words) -> str:
    if cause == "conversion" and risk.broken:
        return w("forecast.cause.conversion_of", step=w(f"step.{risk.broken}").lower())
    return w(f"forecast.cause.{cause}")


def _title(today: Today, one: Ahead, w: Words) -> str:
    return one.team.title if one.team else w("scope.floor")


def _plots(today: Today, rows: list[tuple[Ahead, Forecast | None]], w: Words, say: Say) -> tuple[Plot, ...]:
    """Each row has its own axis from zero: a team and the floor would not be seen on one."""
    found = []
    for one, forecast in rows:
        if forecast is None:
            continue
        top = max(forecast.high, forecast.plan or 0, 1) * 1.08
        median, low, high = (say(value) for value in (forecast.median, forecast.low, forecast.high))
        label = w("forecast.chart_label", median=median, low=low, high=high)
        if forecast.plan is not None:
            label = w("forecast.chart_plan", median=median, low=low, high=high, plan=say(whole(forecast.plan)))
        chance = w("forecast.no_plan")
        if forecast.plan is not None and forecast.p_plan is not None:
            reached = forecast.done >= forecast.plan - EXACT
            chance = w("forecast.met") if reached else w.sure(forecast.p_plan)
        found.append(
            Plot(
                title=_title(today, one, w),
                label=label,
                low=_place(forecast.low, top),
                point=_place(forecast.median, top),
                high=_place(forecast.high, top),
                mark=None if forecast.plan is None else _place(forecast.plan, top),
                done=say(forecast.done),
                plan="—" if forecast.plan is None else say(whole(forecast.plan)),
                median=median,
                interval=low if low == high else f"{low} – {high}",
                chance=chance,
            )
        )
    return tuple(found)


def _place(value: float, top: float) -> float:
    return round(100 * max(0.0, value) / top, 2)


def _risks(today: Today, one: Ahead, w: Words) -> list[RiskShown]:
    currency = today.floor.currency
    shown = []
    for period, risk in (("day", one.day_risk), ("month", one.month_risk)):
        if risk is None and one.team is not None:
            continue
        shown.append(
            RiskShown(
                title=_title(today, one, w),
                period=w(f"forecast.risk.{period}"),
                total=None if risk is None else w.money(risk.total, currency),
                causes=causes(risk, currency, w) if risk else (),
            )
        )
    return shown


def _age(one: AgeGroup, currency: str, w: Words, *, known: bool) -> AgeShown:
    """*known*: whether it is known how long invoices wait; else no chance is named."""
    title = w("forecast.age.older", n=one.since)
    if one.to is not None:
        title = w("forecast.age.range", n=one.to, since=w.num(one.since))
    return AgeShown(title, w.num(one.count), w.money(one.minor, currency), w.sure(one.chance) if known else "—")


def _record(one: Record, w: Words) -> RecordShown:
    return RecordShown(
        slice=one.slice,
        said=w("forecast.record.said", n=one.days, hit=w("forecast.record.times", n=one.inside)),
        share=f"{w.share(one.inside / one.days)} ({w.share(one.low)} – {w.share(one.high)})",
        kept=tuple(
            w("forecast.record.promised", said=w.sure(kept.said), met=w.num(kept.met), of=w.num(kept.of))
            for kept in one.kept
        ),
    )
