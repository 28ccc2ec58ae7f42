"""From marks to a score (DOMAIN §10): 0 / ½ / 1 / not applicable, critical items, bans, zones."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from schemas.facts import Sample
from schemas.floor.quality import Form, Zones

Mark = float | None
"""0, 0.5 or 1; None: not applicable."""
Zone = Literal["good", "fair", "poor"]
MARKS: Final = (0.0, 0.5, 1.0)
Reason = Literal["ban", "critical"]


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` 0–100, None when nothing was applicable or *open* items are left; ``because``: what capped it, by ids."""

    value: float | None
    zone: Zone | None
    reason: Reason | None = None
    because: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


def zone(value: float, zones: Zones) -> Zone:
    return "good" if value >= zones.good else "fair" if value >= zones.fair else "poor"


def score(form: Form, marks: Mapping[str, Mark], bans: Collection[str] = ()) -> Score:
    """Of one call.

    Args:
        marks: item → mark; an item that is missing is not marked yet, and then there is no score.
        bans: ids of the bans that a person confirmed.
    """
    broken = tuple(ban.id for ban in form.bans if ban.id in bans)
    open_ = tuple(item.id for item in form.items if item.id not in marks)
    if broken:
        return Score(0.0, "poor", "ban", broken, open_)
    if open_:
        return Score(None, None, open=open_)
    applicable = [(item, mark) for item in form.items if (mark := marks[item.id]) is not None]
    whole = sum(item.weight for item, _ in applicable)
    if not whole:
        return Score(None, None)
    value = 100 * sum(item.weight * mark for item, mark in applicable) / whole
    failed = tuple(item.id for item, mark in applicable if item.critical and mark == 0)
    if failed and value > form.critical_cap:
        return Score(form.critical_cap, zone(form.critical_cap, form.zones), "critical", failed)
    return Score(value, zone(value, form.zones), None, failed)


def marks_of(persons: Mapping[str, Mark], machine: Mapping[str, Mark]) -> dict[str, Mark]:
    """A person's mark stands above the machine's, item by item; what the machine did not see is no mark."""
    return {**{item: mark for item, mark in machine.items() if mark is not None}, **persons}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One person's marks of one call. ``event``: of the fact; *sample*: how the call was chosen, None when not known."""

    event: str
    by: str
    form: tuple[str, int]
    marks: Mapping[str, Mark]
    bans: tuple[str, ...] = ()
    sample: Sample | None = None


def counted(sheets: Iterable[Sheet]) -> list[Sheet]:
    """Sheets of one form: that of the earliest sheet. Marks by different forms are not mixed into one score."""
    found = list(sheets)
    return [sheet for sheet in found if sheet.form == found[0].form]


def call_score(form: Form, sheets: Iterable[Sheet], machine: Mapping[str, Mark]) -> float | None:
    """Score of a call that several people marked: the mean of theirs."""
    values = [
        value
        for sheet in sheets
        if (value := score(form, marks_of(sheet.marks, machine), sheet.bans).value) is not None
    ]
    return sum(values) / len(values) if values else None
