"""Steps of the funnel, in order (DOMAIN §3)."""

from typing import Final, Literal, get_args

Step = Literal["calls", "answered", "long_calls", "presentations", "invoices", "payments"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)

Level = Literal["ok", "watch", "soft", "hard", "not_enough_data"]
TaskResult = Literal["done", "not_done", "not_enough_data", "invalidated"]
InvalidReason = Literal["interval", "ground"]
"""Why a task is ``invalidated``: faults took too much of the time it was given for; or, with the minutes known now, the slice
that gave it would not give it (docs/decisions/0043-what-has-lost-its-ground.md)."""
RevisionReason = Literal["technical", "withdrawn", "others", "states"]
"""Why something frozen would be judged differently now: time found technical, or found not to be, since; the own time is
the same but that of others is not (common cause, limits); other states of the agent that came late."""
MonthUnit = Literal["payments", "minor"]
"""The month is told as a count of payments, and in minor units of the reporting currency."""
AlertKind = Literal["outage", "efficiency", "data"]
Verdict = Literal["line", "number", "list", "floor", "workplace", "offer_or_crm", "agent", "undetermined"]
