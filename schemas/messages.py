"""Messages on Kafka that are not facts. Each is *news about a row that exists* in PostgreSQL, never the only copy."""

from datetime import date as Date
from datetime import datetime
from typing import Any, Final

import msgspec

from schemas.steps import Step

DIRTY: Final = "srez.agent.dirty.v1"
"""``ce_type`` of a Dirty message on the facts topic."""


class Dirty(msgspec.Struct, frozen=True, kw_only=True):
    """A stored fact of this agent and day changed (revision, re-attribution): reload the agent-day."""

    agent: str
    date: Date


class FunnelChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The whole live funnel of one agent and day: the newest message wins (by ``counted``, then ``at``).

    ``counted`` is the number of facts behind it; ``money`` is kind (invoices, payments) → currency → minor units;
    ``received_at`` is the newest received_at counted, so that freshness can be measured where it is shown.
    """

    agent: str
    date: Date
    done: dict[Step, int]
    short_calls: int
    money: dict[str, dict[str, int]]
    counted: int
    at: datetime
    received_at: datetime | None = None
    last_call_at: datetime | None = None
    state: str | None = None
    state_since: datetime | None = None


class LineHealth(msgspec.Struct, frozen=True, kw_only=True):
    """State of one line as seen by its owner: rules.detectors.line_failure folds it, this is its snapshot.

    ``line`` equals the source's id for facts without a line; ``failing_since`` is the first network failure of an open
    finding, ``recovered_at`` the last one when the ratio has fallen again; ``state`` is ok, failing, recovering or no_data.
    """

    line: str
    source: str
    date: Date
    at: datetime
    last_received_at: datetime | None
    last_occurred_at: datetime | None
    attempts: int
    failures: int
    in_a_row: int
    base: float
    state: str
    failing_since: datetime | None = None
    fired_at: datetime | None = None
    recovered_at: datetime | None = None
    resolved_at: datetime | None = None
    evidence: dict[str, Any] = {}


class SliceClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of one team is frozen in PostgreSQL: read ``slices``, ``tasks``, ``coaching`` for (date, slice, team).

    ``on_time`` is False when it was closed after the next cut-off: rows, but no tasks and no messages.
    """

    date: Date
    slice: str
    team: str
    cut_off: datetime
    closed_at: datetime
    trusted: bool
    on_time: bool


class AlertChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An alert's row changed: read ``alerts``."""

    alert: str
    state: str
    at: datetime


def encode(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message)
