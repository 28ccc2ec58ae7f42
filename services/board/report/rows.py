"""The day report as numbers: what ``/api/v1/report`` sends and the page shows. Instants carry the floor's offset."""

from datetime import date as Date
from datetime import datetime

import msgspec

from schemas.steps import AlertKind, InvalidReason, Level, Step, TaskResult, Verdict
from services.reads.cases import CaseOutcome
from services.reads.look import LookRow
from services.rules.money.risk import Cause


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """``due`` for the minutes worked up to now, time lost to faults taken out; ``plan`` of the whole day, never lowered;
    ``plan_count``: the whole count that reaches it, as every page and message shows it."""

    step: Step
    done: int
    due: float | None
    plan: float | None
    plan_count: int | None


class MoneyReport(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` is invoices, payments (net of refunds) or refunds; ``minor`` in minor units of ``currency``."""

    kind: str
    currency: str
    minor: int


class ScopeReport(msgspec.Struct, frozen=True, kw_only=True):
    """``scope`` is ``floor:…`` or ``team:…``."""

    scope: str
    steps: list[StepReport]
    money: list[MoneyReport]


class MonthReport(msgspec.Struct, frozen=True, kw_only=True):
    """Paid from the first of the month up to this day, in the reporting currency; ``plan_minor`` null without one."""

    paid_minor: int
    plan_minor: int | None
    currency: str


class DayRisk(msgspec.Struct, frozen=True, kw_only=True):
    """By how much today's payments are expected to miss the plan of the day, minor units; ``causes`` add up to ``total``."""

    currency: str
    total: int
    causes: dict[Cause, int]
    broken: Step | None


class MonthForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Payments at the end of the month, minor units of ``currency``; ``at_risk`` and its ``causes`` null without a plan."""

    currency: str
    median: int
    low: int
    high: int
    p_plan: float | None
    at_risk: int | None
    causes: dict[Cause, int] | None
    broken: Step | None


class AgentStep(msgspec.Struct, frozen=True, kw_only=True):
    """``index`` and ``level`` as frozen at the last closed slice; no index where there was too little to judge by."""

    step: Step
    done: int
    due: float | None
    index: float | None
    level: Level | None
    trusted: bool


class AgentReport(msgspec.Struct, frozen=True, kw_only=True):
    agent: str
    team: str
    steps: list[AgentStep]
    technical_min: float


class TeamTrust(msgspec.Struct, frozen=True, kw_only=True):
    """Steps that could not be trusted, each with the reasons of the trust gate."""

    team: str
    reasons: dict[Step, list[str]]


class SliceReport(msgspec.Struct, frozen=True, kw_only=True):
    """``closed_at`` is null while the slice is not closed; ``late``: facts that came after it was frozen; ``questioned``: rows
    that would be judged differently with the technical minutes known now."""

    slice: str
    cut_off: datetime
    closed_at: datetime | None
    on_time: bool | None
    untrusted: list[TeamTrust]
    tasks: int
    late: int
    questioned: int = 0


class TaskReport(msgspec.Struct, frozen=True, kw_only=True):
    """``before``: at the slice that gave it, since midnight; ``since``: from there to its verification, as verified.
    ``expected`` is what the agent would have done without it (``low`` … ``high`` with 80 %)."""

    task: str
    agent: str
    team: str
    step: Step
    slice: str
    opened: datetime
    target: int
    verified: datetime | None
    result: TaskResult | None
    before_done: int | None
    before_due: float | None
    since_done: int | None
    since_due: float | None
    expected: float | None
    low: int | None
    high: int | None
    dismissed: bool = False
    revised: TaskResult | None = None
    """The result that counts now, where technical time became known later."""
    invalid: InvalidReason | None = None


class CaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """A coaching case opened today; ``recheck_on``: when its effect is looked at; ``stands``: false when what opened it rests
    on time found technical since; ``lifted``: the cut-off at which it was closed for that."""

    agent: str
    step: Step
    opened: datetime
    reason: str
    recheck_on: Date
    stands: bool = True
    lifted: datetime | None = None


class TaskCounts(msgspec.Struct, frozen=True, kw_only=True):
    """``given`` today; ``results`` of those verified today, given today or before."""

    given: int
    verified: int
    results: dict[TaskResult, int]


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An alert; the trouble lasted from ``began_at`` to ``ended_at``, was noticed at ``fired_at``, its alert lifted at
    ``resolved_at``. ``technical_min`` are the working minutes it took, of all ``agents`` together."""

    alert: str
    kind: AlertKind
    verdict: Verdict
    scope: str
    state: str
    owner: str | None
    fired_at: datetime
    resolved_at: datetime | None
    began_at: datetime
    ended_at: datetime | None
    technical_min: float
    agents: list[str]


class StatedReport(msgspec.Struct, frozen=True, kw_only=True):
    """Working time that the state ``technical`` took from an agent without an alert; ``ended_at`` null while it lasts."""

    agent: str
    began_at: datetime
    ended_at: datetime | None
    technical_min: int


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    webhooks: int
    rejected: int
    facts: int
    unattributed: int


class DayReport(msgspec.Struct, frozen=True, kw_only=True):
    """``over``: the working day has ended and its last slice is closed."""

    as_of: datetime
    date: Date
    working: bool
    over: bool
    scopes: list[ScopeReport]
    month: MonthReport | None
    forecast: MonthForecast | None
    at_risk: DayRisk | None
    agents: list[AgentReport]
    slices: list[SliceReport]
    task_counts: TaskCounts
    tasks: list[TaskReport]
    coaching: list[CaseReport]
    outcomes: list[CaseOutcome]
    look: list[LookRow]
    incidents: list[Incident]
    stated: list[StatedReport]
    late: int
    sources: list[SourceReport]
