"""One episode of a finding, as the rules see it now; storage turns it into an alert and its transitions."""

from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime
from typing import Any, Literal

from schemas.rows import alert_id
from schemas.steps import AlertKind, Verdict

TechnicalSpan = tuple[str, datetime, datetime | None]
"""(agent, from, until); until is None while it lasts."""


@dataclass(frozen=True, slots=True)
class Episode:
    """``subject`` names what is watched and never changes (the fingerprint is made of it); ``scope`` whose problem it is.

    ``phase`` is what else may change while it lasts: of a line failing, recovering, no_data; of a team the slice.
    ``ended_by`` is ``day`` when only the end of the working day closed it. ``shown``: what messages need besides.
    """

    detector: Literal["line_failure", "source_silence", "team", "team_drop"]
    subject: str
    kind: AlertKind
    verdict: Verdict
    scope: str
    date: Date
    fired_at: datetime
    evidence: dict[str, Any]
    form: str
    resolved_at: datetime | None = None
    phase: str | None = None
    ended_by: Literal["day"] | None = None
    team: str | None = None
    technical: tuple[TechnicalSpan, ...] = ()
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return f"{self.detector}|{self.subject}"

    @property
    def alert(self) -> str:
        """The same id live, after a restart and in a back-test."""
        return alert_id(self.detector, self.subject, self.fired_at)

    @property
    def stored_evidence(self) -> dict[str, Any]:
        """The phase stands beside the evidence only while the episode lasts."""
        return {**self.evidence, "phase": self.phase} if self.phase and not self.resolved_at else self.evidence
