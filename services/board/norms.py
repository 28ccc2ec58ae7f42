"""Norms as they stand, where each comes from, and in which versions of the floor they changed: rows of ``/api/v1/norms``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import msgspec

from schemas.floor import Floor, NormEntry
from schemas.floor.days import WEEKDAYS, Weekday
from schemas.floor.origin import Origin, Source
from schemas.steps import STEPS, Step

Versions = Sequence[tuple[int, datetime, Floor]]


class NormRow(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one norm: counts of a full standard shift. ``for_kind`` is agent, role, team or floor.

    ``source``: review, changed (by hand since a review) or hand; the rest is the review's, null without one.
    """

    for_kind: str
    for_name: str
    weekdays: list[Weekday] | None
    step: Step
    per_day: float | None
    reference: float | None
    source: Source
    reference_source: Source | None
    since: Date | None = None
    until: Date | None = None
    days: int | None = None
    members: int | None = None
    applied: Date | None = None
    reviewed_per_day: float | None = None
    reviewed_reference: float | None = None


Key = tuple[str, str, tuple[Weekday, ...]]
"""Whom a norm is for: kind, id, weekdays in order, () for all."""


@dataclass(frozen=True, slots=True)
class Change:
    """``line``: per_day or reference; None: not there."""

    key: Key
    step: Step
    line: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class ChangedIn:
    """A version in which norms changed; ``first``: the first of all, which changed nothing."""

    version: int
    applied_at: datetime
    floor: Floor
    changes: tuple[Change, ...]
    first: bool


def whom(entry: NormEntry) -> Key:
    kind, name = next((kind, name) for kind, name in entry.for_ if name is not None)
    return kind, name, tuple(day for day in WEEKDAYS if day in (entry.weekdays or ()))


def rows(floor: Floor) -> list[NormRow]:
    """In the order of the floor file, steps in the order of the funnel."""
    return [
        _row(entry, step)
        for entry in floor.norms
        for step in STEPS
        if step in entry.per_day or step in entry.reference
    ]  # fmt: skip


def _row(entry: NormEntry, step: Step) -> NormRow:
    kind, name, weekdays = whom(entry)
    return NormRow(
        for_kind=kind,
        for_name=name,
        weekdays=list(weekdays) or None,
        step=step,
        per_day=entry.per_day.get(step),
        reference=entry.reference.get(step),
        source=entry.source(step, "per_day" if step in entry.per_day else "reference"),
        reference_source=entry.source(step, "reference") if step in entry.reference else None,
        **_review(entry.from_.get(step)),
    )


def _review(origin: Origin | None) -> dict[str, Any]:
    if origin is None:
        return {}
    return {
        "since": origin.since,
        "until": origin.until,
        "days": origin.days,
        "members": origin.members,
        "applied": origin.applied,
        "reviewed_per_day": origin.per_day,
        "reviewed_reference": origin.reference,
    }


def changed_in(versions: Versions, most: int = 20) -> list[ChangedIn]:
    """Versions in which norms changed, newest first; the first version of all is the last."""
    found = []
    for at, (number, applied_at, floor) in enumerate(versions):
        changes = () if not at else tuple(_changes(_numbers(versions[at - 1][2]), _numbers(floor)))
        if changes or not at:
            found.append(ChangedIn(number, applied_at, floor, changes, not at))
    return found[::-1][:most]


Numbers = Mapping[tuple[Key, Step, str], float]


def _numbers(floor: Floor) -> Numbers:
    return {
        (whom(entry), step, line): number
        for entry in floor.norms
        for line in ("per_day", "reference")
        for step, number in getattr(entry, line).items()
    }


def _changes(before: Numbers, after: Numbers) -> list[Change]:
    places = [*after, *(place for place in before if place not in after)]
    return [
        Change(*place, before.get(place), after.get(place))
        for place in places
        if before.get(place) != after.get(place)
    ]  # fmt: skip
