"""Puts norms into a floor file: the numbers change where they stand, comments and all else stay as people wrote them."""

import json
from collections.abc import Mapping, Sequence
from datetime import date as Date
from typing import Any, NamedTuple

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from schemas.floor.days import Weekday
from schemas.floor.edit_origins import Odd, flow, newline_and, origins, written
from schemas.floor.load import FloorError, Problem, parse
from schemas.floor.model import Floor, NormEntry, Segment
from schemas.floor.nodes import Edit, addition, compose, edited, items, value
from schemas.floor.origin import Origin
from schemas.steps import Step


class Reviewed(NamedTuple):
    """The review a norm comes from; see Origin."""

    since: Date
    until: Date
    days: int
    members: int
    applied: Date


class Norm(NamedTuple):
    """One step of one segment; ``reference`` None leaves that line as it is, ``reviewed`` None what is said of its origin."""

    for_: Segment
    weekdays: tuple[Weekday, ...] | None
    step: Step
    per_day: float
    reference: float | None = None
    reviewed: Reviewed | None = None


def give_norms(text: str, norms: Sequence[Norm]) -> str:
    """The text of a floor file with these norms; the same text when they are there already.

    Raises: FloorError for a text that does not parse, or a way of writing that only a person can edit.
    """
    before = parse(text)
    meant = before.model_copy(update={"norms": with_norms(before.norms, norms)})
    if meant == before:
        return text
    try:
        after = edited(text, _edits(text, before, norms))
        done = _same(parse(after), meant)
    except (Odd, FloorError):
        done = False
    if not done:
        raise FloorError([Problem(1, "norms", "change them by hand: the file is written in a way of its own")])
    return after


def _same(one: Floor, other: Floor) -> bool:
    """Whatever the order of the norms: a new entry stands before the last one."""
    if len(one.norms) != len(other.norms) or any(entry not in other.norms for entry in one.norms):
        return False
    return one == other.model_copy(update={"norms": one.norms})


def place(entries: Sequence[NormEntry], norm: Norm, line: str) -> int | None:
    """Which entry has, or should get, that step's *line*: the one that has it, else one that has the norm, else any of
    the same segment and weekdays."""
    same = [
        number
        for number, entry in enumerate(entries)
        if entry.for_ == norm.for_ and set(entry.weekdays or ()) == set(norm.weekdays or ())
    ]
    for name in (line, "per_day"):
        for number in same:
            if norm.step in getattr(entries[number], name):
                return number
    return same[0] if same else None


def with_norms(entries: Sequence[NormEntry], norms: Sequence[Norm]) -> tuple[NormEntry, ...]:
    """*entries* once these norms, and where they come from, are put in."""
    out = list(entries)
    reviewed: dict[tuple[int, Step], tuple[Reviewed, dict[str, float]]] = {}
    for norm in norms:
        for line, number in _lines(norm):
            at = place(out, norm, line)
            if at is None:
                at = len(out)
                out.append(NormEntry.model_validate({"for": norm.for_, "per_day": {}, "weekdays": norm.weekdays}))
            out[at] = out[at].model_copy(update={line: {**getattr(out[at], line), norm.step: number}})
            if norm.reviewed is not None:
                reviewed.setdefault((at, norm.step), (norm.reviewed, {}))[1][line] = number
    for (at, step), (review, numbers) in reviewed.items():
        found = Origin.model_validate({**review._asdict(), **numbers})
        if at >= len(entries) or not _told_already(entries[at], step, found, numbers):
            out[at] = out[at].model_copy(update={"from_": {**out[at].from_, step: found}})
    return tuple(out)


def _told_already(entry: NormEntry, step: Step, origin: Origin, numbers: Mapping[str, float]) -> bool:
    """Whether *entry* has these numbers of this review already, applied on whatever day."""
    had = entry.from_.get(step)
    same = had is not None and had.model_copy(update={"applied": origin.applied}) == origin
    return same and all(getattr(entry, line).get(step) == number for line, number in numbers.items())


def _lines(norm: Norm) -> list[tuple[str, float]]:
    found = [("per_day", norm.per_day)]
    return found if norm.reference is None else [*found, ("reference", norm.reference)]


def _edits(text: str, before: Floor, norms: Sequence[Norm]) -> list[Edit]:
    root = compose(text)
    block = value(root, "norms")
    nodes = items(block)
    edits: list[Edit] = []
    more: dict[tuple[int, str], list[str]] = {}
    for norm in norms:
        for line, number in _lines(norm):
            at = place(before.norms, norm, line)
            if at is None:
                continue
            old = value(value(nodes[at], line), norm.step)
            if isinstance(old, ScalarNode):
                edits.append(Edit(old.start_mark.index, old.end_mark.index, written(number)))
            else:
                more.setdefault((at, line), []).append(f"{norm.step}: {written(number)}")
    edits += _additions(text, nodes, more)
    edits += origins(text, nodes, before.norms, with_norms(before.norms, norms))
    fresh = _fresh(text, block, before, norms)
    return [*edits, _further(text, block, fresh)] if fresh else edits


def _additions(text: str, nodes: Sequence[Any], more: dict[tuple[int, str], list[str]]) -> list[Edit]:
    """Steps for lines that do not have them yet, and lines for entries that do not have those."""
    found: list[Edit] = []
    for (at, line), entries in more.items():
        mapping = value(nodes[at], line)
        if isinstance(mapping, MappingNode):
            found.append(addition(text, mapping, entries))
        elif mapping is None and isinstance(nodes[at], MappingNode):
            found.append(addition(text, nodes[at], [f"{line}: {{{', '.join(entries)}}}"]))
        else:
            raise Odd
    return found


def _fresh(text: str, block: Any, before: Floor, norms: Sequence[Norm]) -> list[str]:
    """Entries of segments that have none, in flow style."""
    out = with_norms(before.norms, norms)[len(before.norms) :]
    found = []
    for entry in out:
        whom = next(f"{kind}: {json.dumps(name, ensure_ascii=False)}" for kind, name in entry.for_ if name is not None)
        days = f"weekdays: [{', '.join(entry.weekdays)}], " if entry.weekdays else ""
        lines = [
            f"{line}: {{{', '.join(f'{step}: {written(number)}' for step, number in getattr(entry, line).items())}}}"
            for line in ("per_day", "reference")
            if getattr(entry, line)
        ]
        start = newline_and(text, block)
        told = f",{start}{flow(entry.from_, start)}" if entry.from_ else ""
        found.append(f"{{for: {{{whom}}}, {days}{', '.join(lines)}{told}}}")
    return found


def _further(text: str, block: Any, entries: list[str]) -> Edit:
    if isinstance(block, SequenceNode):
        return addition(text, block, entries)
    if block is not None:
        raise Odd
    newline = "\r\n" if "\r\n" in text else "\n"
    start = "" if text.endswith("\n") else newline
    return Edit(len(text), len(text), f"{start}norms:{newline}" + "".join(f"  - {one}{newline}" for one in entries))
