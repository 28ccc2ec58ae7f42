"""Alerts with their history."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.rows import AlertRow

_alerts, _transitions = tables.alerts.c, tables.alert_transitions.c


@dataclass(frozen=True, slots=True)
class Transition:
    state: str
    verdict: str
    at: datetime
    what: str | None = None
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    row: AlertRow
    detector: str
    state: str
    owner: str | None
    team: str | None
    date: Date
    repeats: int
    """How many times the same fingerprint fired in the seven days up to this one, this one included."""
    history: tuple[Transition, ...]
    held: str | None = None
    """Why nobody was told: a word of ``services.rules.alerting``, and after a colon what holds it."""

    below: str | None = None
    """The alert in whose thread it was told."""

    @property
    def open(self) -> bool:
        return self.row.resolved_at is None

    @property
    def called_technical(self) -> bool:
        """By a person, and not taken back."""
        said = [one.what for one in self.history if one.what in ("technical", "not_technical")]
        return self.state == "invalidated" and said[-1:] == ["technical"]


async def find(
    connection: AsyncConnection,
    *,
    day: Date | None = None,
    open_too: bool = False,
    team: str | None = None,
    agent: str | None = None,
) -> list[Alert]:
    """Newest first; with *open_too* also those still open from earlier days."""
    again = tables.alerts.alias("again")
    repeats = (
        sa.select(sa.func.count())
        .where(
            again.c.fingerprint == _alerts.fingerprint,
            again.c.fired_at <= _alerts.fired_at,
            again.c.fired_at > _alerts.fired_at - sa.text("interval '7 days'"),
            sa.or_(again.c.alert == _alerts.alert, again.c.state != "invalidated"),
        )
        .scalar_subquery()
    )
    query = sa.select(tables.alerts, repeats.label("repeats"))
    if day is not None:
        of_day = _alerts.date == day
        query = query.where(
            sa.or_(of_day, sa.and_(_alerts.resolved_at.is_(None), _alerts.date < day)) if open_too else of_day
        )
    if team is not None:
        query = query.where(sa.or_(_alerts.team == team, _alerts.scope == f"team:{team}"))
    if agent is not None:
        query = query.where(_alerts.scope == f"agent:{agent}")
    rows = (await connection.execute(query.order_by(_alerts.fired_at.desc(), _alerts.alert))).all()
    history = await _history(connection, [row.alert for row in rows])
    return [_alert(row, history.get(row.alert, ())) for row in rows]


async def _history(connection: AsyncConnection, alerts: Sequence[str]) -> Mapping[str, tuple[Transition, ...]]:
    if not alerts:
        return {}
    query = sa.select(tables.alert_transitions).where(_transitions.alert.in_(alerts))
    found: dict[str, list[Transition]] = defaultdict(list)
    for row in await connection.execute(query.order_by(_transitions.alert, _transitions.transition)):
        found[row.alert].append(Transition(row.state, row.verdict, row.at, row.what, row.by, row.note))
    return {alert: tuple(steps) for alert, steps in found.items()}


def _alert(row: Any, history: tuple[Transition, ...]) -> Alert:
    shown = AlertRow(
        alert=row.alert,
        kind=row.kind,
        verdict=row.verdict,
        scope=row.scope,
        fired_at=row.fired_at,
        evidence=row.evidence or {},
        resolved_at=row.resolved_at,
    )
    return Alert(
        shown, row.detector, row.state, row.owner, row.team, row.date, int(row.repeats), history, row.held, row.below
    )
