"""Three detectors may see the same drop of a team or the floor; one of them tells it (DOMAIN §6; ADR 0026).

Order: ``team`` (below the norm as a whole), ``efficiency_drop`` (against the hour of the week), ``team_drop`` (against the
slice before). What was told before another of higher order fired is not taken back: it ends there, and the other goes on.
A team short of answers whose calls run over a number, a list or a line that is answered less is told by that (ADR 0036).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from schemas.floor import Floor
from services.rules.attribution import WHOLE
from services.rules.day import WorkingDay

ORDER: Final = ("team", "efficiency_drop", "team_drop")


@dataclass(frozen=True, slots=True)
class Claim:
    """One episode. ``since``: the beginning of what it is about: of a ``team_drop`` the slice's, of others its firing."""

    detector: str
    subject: str
    since: datetime
    fired_at: datetime
    resolved_at: datetime | None
    of_answers: bool = False
    """Whether it is fewer answers, first of all, that it is about."""


Cause = tuple[str, datetime]
"""(team, when what it is answered less over fired)."""


def claim(
    day: WorkingDay,
    detector: str,
    subject: str,
    fired_at: datetime,
    resolved_at: datetime | None,
    evidence: Mapping[str, Any] | None = None,
) -> Claim:
    since = fired_at
    if detector == "team_drop":
        since = max((cut.at for cut in day.cut_offs if cut.at < fired_at), default=day.starts)
    steps: Sequence[Mapping[str, Any]] = (evidence or {}).get("steps") or ()
    of_answers = detector == "team" and bool(steps) and steps[0]["step"] == "answered"
    return Claim(detector, subject, since, fired_at, resolved_at, of_answers)


def causes(detector: str, fired_at: datetime, evidence: Mapping[str, Any]) -> list[Cause]:
    """What a finding explains of teams."""
    return (
        [(team, fired_at) for team in evidence.get("teams", ())] if detector in ("answer_rate", "bad_numbers") else []
    )


def told(floor: Floor, claims: Iterable[Claim], by: Sequence[Cause] = ()) -> dict[Claim, datetime | None]:
    """Claims that are told → when one of higher order, or a cause, takes over (None: none does). The others are told by
    another."""
    found: dict[Claim, datetime | None] = {}
    for one in sorted(claims, key=lambda own: (ORDER.index(own.detector), own.fired_at, own.subject)):
        over = [
            replace(other, resolved_at=ends or other.resolved_at)
            for other, ends in found.items()
            if ORDER.index(other.detector) < ORDER.index(one.detector)
        ]
        caused = [at for team, at in by if one.of_answers and one.subject == f"team:{team}"]
        later = {at for at in (*(other.fired_at for other in over), *caused) if _within(one, at)}
        taken = next(
            (
                moment
                for moment in sorted(later | {one.fired_at})
                if _covered(floor, one, moment, over) or any(at <= moment for at in caused)
            ),
            None,
        )
        if taken != one.fired_at:
            found[one] = taken
    return found


def _within(one: Claim, moment: datetime) -> bool:
    return moment > one.fired_at and (one.resolved_at is None or moment <= one.resolved_at)


def _covered(floor: Floor, one: Claim, moment: datetime, over: Sequence[Claim]) -> bool:
    """Whether at *moment* the same subject, or the floor, or teams with half of the floor's people, are told already."""
    since = one.since if moment == one.fired_at else moment
    subjects = {
        other.subject
        for other in over
        if other.fired_at <= moment and (other.resolved_at is None or other.resolved_at > since)
    }
    if one.subject in subjects or WHOLE in subjects:
        return True
    if one.subject != WHOLE or not subjects:
        return False
    people = Counter(f"team:{agent.team}" for agent in floor.agents)
    return 2 * sum(people[subject] for subject in subjects) >= len(floor.agents)
