"""Rows that people and programs read: the same objects in back-test files, the JSON API and messages (DESIGN §6, §10).

Ratios, targets and probabilities are rounded to 6 decimals; instants are ISO 8601 with the floor's offset.
"""

from datetime import UTC, datetime
from datetime import date as Date
from typing import Any
from uuid import uuid5

import msgspec

from schemas.acts import TaskState
from schemas.facts import NAMESPACE
from schemas.steps import AlertKind, InvalidReason, Level, MonthUnit, RevisionReason, Step, TaskResult, Verdict


class SliceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One agent × step at one cut-off; ``done``, ``target`` since local midnight, ``in_slice`` since the last cut-off."""

    date: Date
    slice: str
    agent: str
    team: str
    step: Step
    done: int
    in_slice: int
    target: float | None
    index: float | None
    p_below: float | None
    level: Level
    trusted: bool
    late: int = 0


class TaskRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task with its latest state; ``opened`` and ``verified`` are cut-off instants.

    ``state`` is told once somebody did something about it: a ``dismissed`` task has no result and gets none.
    ``invalid``: of an ``invalidated`` one, why.
    """

    task: str
    date: Date
    agent: str
    team: str
    step: Step
    opened: datetime
    target: int
    verified: datetime | None = None
    result: TaskResult | None = None
    state: TaskState | None = None
    invalid: InvalidReason | None = None


class CoachingRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``lifted``: the cut-off at which nothing was left of what opened it."""

    date: Date
    agent: str
    step: Step
    opened: datetime
    reason: str
    lifted: datetime | None = None


class AlertRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    alert: str
    kind: AlertKind
    verdict: Verdict
    scope: str
    fired_at: datetime
    evidence: dict[str, Any]
    resolved_at: datetime | None = None


class SliceRevisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen row as it would be judged with the technical minutes known now; the row itself stays as it is.

    ``technical_min``: the agent's, from local midnight to the cut-off, as known now.
    """

    date: Date
    slice: str
    agent: str
    team: str
    step: Step
    target: float | None
    index: float | None
    p_below: float | None
    level: Level
    technical_min: float
    reason: RevisionReason


class TaskRevisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A verified task as its result would be with the technical minutes known now (``technical_min`` of its interval)."""

    task: str
    date: Date
    agent: str
    step: Step
    result: TaskResult
    technical_min: float
    reason: RevisionReason


class CoachingRevisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a coaching case would still be opened, with the technical minutes known now."""

    date: Date
    agent: str
    step: Step
    opened: datetime
    stands: bool
    reason: RevisionReason


class ForecastRow(msgspec.Struct, frozen=True, kw_only=True):
    """The end of the day of ``floor:…`` or ``team:…`` as foretold at one close; ``plan`` is that of the norms."""

    date: Date
    slice: str
    scope: str
    step: Step
    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None


class MonthForecastRow(msgspec.Struct, frozen=True, kw_only=True):
    """Payments at the end of the month of ``floor:…`` or ``team:…`` as foretold at the day's last close: a count, or minor
    units of the reporting currency."""

    date: Date
    scope: str
    unit: MonthUnit
    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None


def derived_id(*parts: object) -> str:
    """UUIDv5 of the parts: the same task or alert gets the same id live, after a restart and in a back-test."""
    return str(uuid5(NAMESPACE, "|".join(str(part) for part in parts)))


def alert_id(detector: str, subject: str, fired_at: datetime) -> str:
    """Id of one episode: the same live, after a restart and in a back-test.

    *subject* is what is watched (``line:…``, ``source:…``, ``team:…``): it stays when the verdict, and so the scope, changes.
    """
    return derived_id("alert", detector, subject, fired_at.astimezone(UTC).isoformat())


def encode_row(row: msgspec.Struct) -> bytes:
    """One line of NDJSON, without the line end."""
    return msgspec.json.encode(row)
