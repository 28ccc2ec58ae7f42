"""The steps of an alert, in order: fingerprint → group → silence → inhibit → dedup → budget → quiet, then route.

Each step says why nobody is told now, or nothing. The first that holds decides; the reason stands on the board, and an alert
that is held is asked about again until it is told or over. What is told already only changes its message, which notifies
nobody; reminders go through silence and inhibit again. Routing, delivery and the log are the shell's:
``services/alerts/routing.py``, ``services/alerts/delivery``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from schemas.floor import Floor
from services.rules.alerting.model import SEVERE, Hold, Silence, Standing, World, rank
from services.rules.alerting.places import below, own_place
from services.rules.day import date_of, local_instant, working_day

Step = Callable[[Standing, World], Hold | None]


def fingerprint(detector: str, subject: str) -> str:
    """What makes two episodes the same fault; never a list of people."""
    return f"{detector}|{subject}"


def group(one: Standing, world: World) -> Hold | None:
    """Alerts of one kind about one scope are one trouble: the first that was told speaks for the others while it lasts.

    Several lines failing at once with the verdict ``floor`` are one message about the floor.
    """
    same = (other for other in world.others if other.open and other.told_at and _trouble(other) == _trouble(one))
    leader = min(same, key=lambda other: (other.told_at, other.alert), default=None)
    return Hold("grouped", leader.alert) if leader else None


def silence(one: Standing, world: World) -> Hold | None:
    """A person's silence, or the maintenance of the floor file."""
    found = next((each for each in world.silences if each.holds(one, world.now)), None)
    if found:
        return Hold("silenced", found.silence)
    planned = maintenance(world.floor, world.now)
    number = next((number for number, each in planned if each.holds(one, world.now)), None)
    return Hold("maintenance", str(number)) if number is not None else None


def inhibit(one: Standing, world: World) -> Hold | None:
    """Technical trouble holds what is said about people: efficiency of the floor, of a team half of which it hits, and
    whatever is said about one person whose time it takes.

    A floor that stands holds what is said about its single lines and workplaces too.
    """
    technical = [other for other in world.others if other.open and other.kind in ("outage", "data")]
    for other in sorted(technical, key=lambda each: (each.fired_at, each.alert)):
        if one.kind == "efficiency" and (
            _of_all(other, world.floor) or (one.team is not None and one.team in other.teams)
        ):
            return Hold("inhibited", other.alert)
        if _person(one) in other.agents and _person(other) is None:
            return Hold("inhibited", other.alert)
        if one.kind == "outage" and rank(other, world.floor) == 3 > rank(one, world.floor):
            return Hold("inhibited", other.alert)
    return None


def dedup(one: Standing, world: World) -> Hold | None:
    """The same fault so soon after its end is the same fault: it waits until it has lasted, then is told as one more time."""
    wait = timedelta(seconds=world.floor.notify.again_s)
    if world.now - one.fired_at >= wait or rank(one, world.floor) == 3:
        return None
    ended = (
        other.resolved_at
        for other in world.others
        if other.fingerprint == one.fingerprint and other.told_at and other.resolved_at and other.state == "resolved"
    )
    return Hold("again") if any(one.fired_at - end < wait for end in ended) else None


def budget(one: Standing, world: World) -> Hold | None:
    """No more messages a day than a lead reads. What is severe is never held by it: it is told below another."""
    told = own_place(one, world) or below(one, world) or rank(one, world.floor) >= SEVERE
    return None if told else Hold("budget")


def quiet(one: Standing, world: World) -> Hold | None:
    """Quiet hours hold everything but an outage while the floor works."""
    return Hold("quiet") if quiet_until(world.floor, one.kind, world.now) else None


STEPS: Final[tuple[Step, ...]] = (group, silence, inhibit, dedup, budget, quiet)
OF_REMINDERS: Final[tuple[Step, ...]] = (silence, inhibit, quiet)


def hold(one: Standing, world: World, steps: tuple[Step, ...] = STEPS) -> Hold | None:
    """Why nobody is told of *one* now; None: it goes out."""
    return next((found for step in steps if (found := step(one, world))), None)


def reminder_due(one: Standing, floor: Floor, now: datetime) -> bool:
    """Still firing, and nobody has taken it, ``notify.repeat_s`` after it was last said."""
    last = one.raised_at or one.told_at
    every = timedelta(seconds=floor.notify.repeat_s)
    return one.state == "firing" and last is not None and every > timedelta() and now - last >= every


def escalation_due(one: Standing, floor: Floor, now: datetime) -> bool:
    """Nobody has taken it ``notify.ack_within_s`` after it was told, and the head has not heard of it."""
    within = timedelta(seconds=floor.notify.ack_within_s)
    waited = one.told_at is not None and now - one.told_at >= within
    return one.state == "firing" and waited and one.escalated_at is None and within > timedelta()


def maintenance(floor: Floor, now: datetime) -> list[tuple[int, Silence]]:
    """(number in the floor file, window) of those planned around *now*."""
    from_day = date_of(now, floor.zone)
    found = []
    for number, plan in enumerate(floor.notify.maintenance, 1):
        for date in (from_day - timedelta(days=1), from_day):
            name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[date.weekday()]
            if (plan.on and date not in plan.on) or (plan.weekdays and name not in plan.weekdays):
                continue
            starts, ends = plan.time
            begin = local_instant(date, starts, floor.zone)
            end = local_instant(date + timedelta(days=starts >= ends), ends, floor.zone)
            found.append((number, Silence(str(number), plan.matcher, begin, end)))
    return found


def quiet_until(floor: Floor, kind: str, now: datetime) -> datetime | None:
    """End of the quiet hours when a message of *kind* has to wait for it. Outages of a floor at work never wait."""
    if floor.notify.quiet_hours is None or (kind == "outage" and _at_work(floor, now)):
        return None
    starts, ends = floor.notify.quiet_hours
    today = date_of(now, floor.zone)
    for ahead in (-1, 0):
        date = today + timedelta(days=ahead)
        begin = local_instant(date, starts, floor.zone)
        end = local_instant(date + timedelta(days=starts >= ends), ends, floor.zone)
        if begin <= now < end:
            return end
    return None


def _at_work(floor: Floor, now: datetime) -> bool:
    """A working day that is not over; before its beginning too, while somebody's calls already fail."""
    day = working_day(floor, date_of(now, floor.zone))
    return day.working and now < day.over


def _trouble(one: Standing) -> tuple[str, str]:
    return one.kind, "floor:" if one.kind == "outage" and one.verdict == "floor" else one.scope


def _of_all(one: Standing, floor: Floor) -> bool:
    return one.kind == "data" or rank(one, floor) == 3


def _person(one: Standing) -> str | None:
    what, _, name = one.scope.partition(":")
    return name if what == "agent" else None
