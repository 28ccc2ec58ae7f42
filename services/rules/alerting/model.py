"""What the steps look at, and what they decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from schemas.alert_acts import Matcher
from schemas.floor import Floor

HoldWord = Literal["grouped", "silenced", "maintenance", "inhibited", "again", "budget", "quiet"]
OPEN = ("firing", "acknowledged")


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert as it stands. ``told_at``: when its first message was written; ``below``: the alert in whose thread.

    ``named``: the head was named in the thread instead of being written to.
    ``agents``: whose time it takes; ``teams``: those of which it takes the time of at least half.
    """

    alert: str
    fingerprint: str
    kind: str
    verdict: str
    scope: str
    detector: str
    team: str | None
    state: str
    fired_at: datetime
    resolved_at: datetime | None = None
    told_at: datetime | None = None
    raised_at: datetime | None = None
    escalated_at: datetime | None = None
    owner: str | None = None
    held: str | None = None
    below: str | None = None
    named: bool = False
    teams: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Silence:
    silence: str
    match: Matcher
    starts: datetime
    until: datetime

    def holds(self, one: Standing, now: datetime) -> bool:
        about = {
            "kind": one.kind,
            "team": one.team,
            "scope": one.scope,
            "detector": one.detector,
            "fingerprint": one.fingerprint,
        }
        return self.starts <= now < self.until and self.match.matches(**about)


@dataclass(frozen=True, slots=True)
class World:
    """Everything around one alert. ``others``: alerts of today and those still open, without this one."""

    floor: Floor
    now: datetime
    others: tuple[Standing, ...] = ()
    silences: tuple[Silence, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Agents per team."""
    planned: int = 0
    """Messages of the day that are not alerts, to the lead who gets most of them."""
    reminders: int = 0
    """How often the whole channel was told today that an alert still lasts."""

    @property
    def midnight(self) -> datetime:
        """Where the floor's day of *now* begins."""
        return self.now.astimezone(self.floor.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def told_today(self) -> tuple[Standing, ...]:
        """Whose first message was written on the floor's day of *now*."""
        start = self.midnight
        return tuple(one for one in self.others if one.told_at is not None and one.told_at >= start)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nobody is told. ``by``: the silence or the alert that holds it."""

    word: HoldWord
    by: str = ""

    def __str__(self) -> str:
        return f"{self.word}:{self.by}" if self.by else self.word


Rank = Literal[0, 1, 2, 3]
"""0: of one person, list or number; 1: of a line, a source, a team; 2: severe; 3: the whole floor stands."""
SEVERE: Final = 2


def rank(one: Standing, floor: Floor) -> Rank:
    """Severe: it takes the time of half a team and of ``notify.severe_agents`` people, or the whole floor has dropped."""
    if one.kind == "outage" and one.verdict == "floor":
        return 3
    if one.kind == "efficiency" and one.scope.startswith("floor:"):
        return 2
    if one.kind == "outage" and one.teams and len(one.agents) >= floor.notify.severe_agents:
        return 2
    return 0 if one.verdict in ("workplace", "agent", "list", "number") else 1
