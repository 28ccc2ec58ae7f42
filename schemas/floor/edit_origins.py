"""Puts beside the norms of a floor file where they come from: ``from: {calls: {since: …, days: 40, members: 12, …}}``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml.nodes import MappingNode, ScalarNode

from schemas.floor.model import NormEntry
from schemas.floor.nodes import Edit, addition, value
from schemas.floor.origin import Origin
from schemas.steps import Step


class Odd(Exception):
    """The nodes are not as expected: only a person can edit this."""


def origins(text: str, nodes: Sequence[Any], before: Sequence[NormEntry], after: Sequence[NormEntry]) -> Iterator[Edit]:
    """Edits of the entries that were there *before*; their nodes in the same order. Raises: Odd."""
    for node, old, new in zip(nodes, before, after, strict=False):
        changed = {step: one for step, one in new.from_.items() if old.from_.get(step) != one}
        if changed:
            yield from _entry(text, node, changed)


def _entry(text: str, node: Any, changed: Mapping[Step, Origin]) -> Iterator[Edit]:
    if not isinstance(node, MappingNode):
        raise Odd
    block = value(node, "from")
    if block is None:
        yield _added(text, node, changed)
        return
    if not isinstance(block, MappingNode):
        raise Odd
    fresh = []
    for step, origin in changed.items():
        own = value(block, step)
        if own is None:
            fresh.append(f"{step}: {_told(origin)}")
        else:
            yield from _replaced(text, own, origin)
    if fresh:
        yield addition(text, block, fresh)


def _added(text: str, node: MappingNode, changed: Mapping[Step, Origin]) -> Edit:
    """The key ``from`` of an entry without it: a line a step, behind all else in flow style, else before the last key."""
    newline = _newline(text)
    if node.flow_style:
        start = f"{newline}{' ' * (node.start_mark.column + 1)}"
        at = node.value[-1][1].end_mark.index
        return Edit(at, at, f",{start}{flow(changed, start)}")
    step = f"{newline}{' ' * (node.start_mark.column + 2)}"
    return addition(text, node, ["from:" + "".join(f"{step}{name}: {_told(one)}" for name, one in changed.items())])


def flow(found: Mapping[Step, Origin], start: str) -> str:
    """``from: {…}``, a line a step; *start* begins a line as deep as the entry."""
    return "from: {" + ",".join(f"{start}  {step}: {_told(one)}" for step, one in found.items()) + "}"


def newline_and(text: str, block: Any) -> str:
    """What begins a further line of an entry that is put into *block*, the list of norms."""
    return f"{_newline(text)}{' ' * ((block.start_mark.column if block is not None else 2) + 4)}"


def _replaced(text: str, own: Any, origin: Origin) -> Iterator[Edit]:
    """What stood there gives way: as a whole in flow style, else value by value."""
    if not isinstance(own, MappingNode):
        raise Odd
    if own.flow_style:
        yield Edit(own.start_mark.index, own.end_mark.index, _told(origin))
        return
    fresh = []
    for name, told in _values(origin).items():
        old = value(own, name)
        if isinstance(old, ScalarNode):
            yield Edit(old.start_mark.index, old.end_mark.index, told)
        else:
            fresh.append(f"{name}: {told}")
    if fresh:
        yield addition(text, own, fresh)


def _told(origin: Origin) -> str:
    return "{" + ", ".join(f"{name}: {told}" for name, told in _values(origin).items()) + "}"


def _values(origin: Origin) -> dict[str, str]:
    numbers = {name: getattr(origin, name) for name in ("per_day", "reference")}
    return {
        "since": origin.since.isoformat(),
        "until": origin.until.isoformat(),
        "days": str(origin.days),
        "members": str(origin.members),
        "applied": origin.applied.isoformat(),
        **{name: written(number) for name, number in numbers.items() if number is not None},
    }


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def written(number: float) -> str:
    """A number as people write it: 90, 85.5."""
    return str(int(number)) if number == int(number) else repr(number)
