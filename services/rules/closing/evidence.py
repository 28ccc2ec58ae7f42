"""What a close is given and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Any

from schemas.rows import ForecastRow, MonthForecastRow, SliceRow
from schemas.steps import Step
from services.rules.exposure import States
from services.rules.money.books import Books
from services.rules.rung import Answers
from services.rules.spans import Spans
from services.rules.tasks import Case, Task, Verified
from services.rules.trust import Doubts, TrustEvidence

Counts = Mapping[str, Mapping[Step, int]]
"""Agent → step → count."""

__all__ = ["Closing", "Counts", "Doubts", "Evidence", "TeamIssue"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at cut-off + grace of facts received by then.

    ``done``: since local midnight up to the cut-off; ``in_slice``: since the previous cut-off.
    ``since_task``: task → its step's count in (opened, cut-off]. ``answers``: agent → path → (attempts, answered) today.
    ``books``: at the day's last close, what the month is foretold by; None at the others.
    ``states`` and ``technical``: per date, then agent; today's, and those of every date an open task reaches back to.
    """

    done: Counts
    in_slice: Counts
    since_task: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, Answers] = field(default_factory=dict)
    states: Mapping[Date, Mapping[str, States]] = field(default_factory=dict)
    technical: Mapping[Date, Mapping[str, Spans]] = field(default_factory=dict)
    trust: TrustEvidence = field(default_factory=TrustEvidence)
    books: Books | None = None


@dataclass(frozen=True, slots=True)
class TeamIssue:
    """State of a team's common cause at this slice; ``firing`` has separate limits to enter and to leave.

    ``dropped``: no common cause, but less on some step (``evidence["drops"]``) than the team itself did before this slice.
    """

    team: str
    firing: bool
    evidence: Mapping[str, Any]
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    rows: list[SliceRow]
    opened: list[Task]
    verified: list[Verified]
    cases: list[Case]
    issues: list[TeamIssue]
    trust: dict[str, dict[Step, tuple[str, ...]]]
    forecasts: list[ForecastRow] = field(default_factory=list)
    months: list[MonthForecastRow] = field(default_factory=list)
    lifted: list[str] = field(default_factory=list)
    """Coaching cases, opened earlier, that end here: nothing is left of what opened them."""
