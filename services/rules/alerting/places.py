"""How many messages of a day are left, and where an alert is told when none is (ADR 0041).

A lead gets ``notify.lead_messages`` a day at most, over all the places that they read. What is not an alert (slices, the
report) is planned and comes first; what is left are the *places* of alerts, of which an alert takes one when it is told as
a message of its own. Answers in a thread and changes of a message take none.

Law: never are more places taken than there are, and no severe alert is ever held for want of one: it is told below one that was.
"""

from datetime import datetime
from typing import Final

from schemas.floor import Floor
from services.rules.alerting.model import SEVERE, Standing, World, rank

FEWEST: Final = 2
"""Places of a day in which everything else alone fills what a lead may get: one of a lesser alert, one of a severe one."""
OF_SEVERE: Final = 2
"""Places beyond ``notify.budget`` that only severe alerts take."""
OF_HEAD: Final = 3
"""So many of the alerts that nobody takes are written to the head directly; the others name them in their threads."""


def places(floor: Floor, planned: int) -> int | None:
    """Places of a day; None: as many as there are alerts."""
    if floor.notify.budget is None:
        return None
    left = floor.notify.lead_messages - planned
    return max(FEWEST, min(floor.notify.budget + OF_SEVERE, left))


def own_place(one: Standing, world: World) -> bool:
    """Whether *one* may be a message of its own.

    The last place is never a lesser alert's, the last but one never of one who is not the whole floor once a severe one
    was told: so the first severe one of a day always has its own.
    """
    allowed = places(world.floor, world.planned)
    if allowed is None:
        return True
    own, taken = rank(one, world.floor), _own(world)
    spent = len(taken) + world.reminders
    if own < SEVERE:
        of_rank = world.floor.notify.budget or 0
        return len(taken) < (of_rank if own else max(1, of_rank - 2)) and spent < allowed - 1
    first = not any(rank(other, world.floor) >= SEVERE for other in taken)
    return spent < (allowed if own > SEVERE or first else allowed - 1)


def below(one: Standing, world: World) -> str | None:
    """The alert in whose thread *one* is told; None: it is a message of its own, or not told at all.

    A severe one stands below a severe one, of its own kind and still open if there is one. One of a line, a source or a team
    takes the place of one of a person, number or list, once each.
    """
    if own_place(one, world):
        return None
    own, taken = rank(one, world.floor), _own(world)
    if own == 0:
        return None
    if own < SEVERE:
        given = {other.below for other in world.others}
        same = (one.kind, one.team)
        taken = [
            each
            for each in taken
            if rank(each, world.floor) == 0 and (each.kind, each.team) == same and each.alert not in given
        ]
    found = max(taken, key=lambda each: _fitness(each, one, world), default=None)
    return found.alert if found else None


def aloud(world: World) -> bool:
    """Whether the whole channel hears that an alert still lasts: once a day, while there is room for it."""
    allowed = places(world.floor, world.planned)
    if allowed is None:
        return True
    taken = len(_own(world))
    return not world.reminders and taken < (world.floor.notify.budget or 0) and taken < allowed - 1


def directly(one: Standing, world: World) -> bool:
    """Whether the head is written to, or only named in the thread: told below, or too many were written to the head today."""
    allowed = places(world.floor, world.planned)
    if allowed is None or not world.floor.notify.head.slack:
        return True
    if one.below is not None:
        return False
    start = world.midnight
    written = [each for each in world.others if each.escalated_at and each.escalated_at >= start and not each.named]
    left = min(OF_HEAD, max(1, world.floor.notify.lead_messages - 1 - allowed))
    return len(written) < (left if rank(one, world.floor) >= SEVERE else max(1, left - OF_SEVERE))


def _own(world: World) -> list[Standing]:
    """Told today as messages of their own."""
    return [other for other in world.told_today if other.below is None]


def _fitness(each: Standing, one: Standing, world: World) -> tuple[bool, bool, bool, bool, int, datetime]:
    return (
        rank(each, world.floor) >= SEVERE,
        (each.kind, each.team) == (one.kind, one.team),
        each.state != "invalidated",
        each.open,
        rank(each, world.floor),
        each.told_at or each.fired_at,
    )
