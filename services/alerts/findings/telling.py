"""Of episodes about the same drop one is told (rules.telling); what may still be another's to tell is held back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from schemas.floor import Floor
from services.alerts.findings.episode import Episode
from services.rules.day import WorkingDay
from services.rules.paths import SETTLE
from services.rules.telling import ORDER, causes, claim, told

CLOSING: Final = timedelta(seconds=10)
"""So long after the grace a close is waited for; after one that takes longer a message is withdrawn."""


def one_told(floor: Floor, day: WorkingDay, episodes: Sequence[Episode], now: datetime) -> list[Episode]:
    """*episodes* of one day without those that another tells; one that another takes over ends there."""
    drops = [
        (one, claim(day, one.detector, one.subject, one.fired_at, one.resolved_at, one.evidence))
        for one in episodes
        if _is(one)
    ]
    stand = told(
        floor,
        [about for _, about in drops],
        [why for one in episodes for why in causes(one.detector, one.fired_at, one.evidence)],
    )
    wait = max(SETTLE, timedelta(seconds=floor.grace_s)) + CLOSING
    cuts = {cut.at for cut in day.cut_offs}
    found = [one for one in episodes if not _is(one)]
    for one, about in drops:
        if about not in stand:
            continue
        if one.detector != "team" and one.fired_at in cuts and now < one.fired_at + wait:
            continue  # at a cut-off two of them fire at once, and are known one after the other
        taken = stand[about]
        found.append(replace(one, resolved_at=taken, ended_by="other") if taken is not None else one)
    return found


def _is(one: Episode) -> bool:
    return one.detector in ORDER
