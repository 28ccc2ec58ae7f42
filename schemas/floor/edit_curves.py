"""Puts curves of the day into a floor file: weights change where they stand, comments and all else stay as written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml.nodes import MappingNode, ScalarNode

from schemas.floor.load import FloorError, Problem, parse
from schemas.floor.nodes import Edit, addition, compose, edited, scalar, value
from schemas.steps import Step

Weights = Mapping[str, float]
"""Start of a half hour → weight."""


def give_curves(text: str, curves: Mapping[Step, Weights]) -> str:
    """The text of a floor file in which these steps have these curves and no others; the same text when they have.

    A half hour that a curve no longer names stays, with the weight 1, which means the same.

    Raises: FloorError for a text that does not parse, or a way of writing that only a person can edit.
    """
    before = parse(text)
    meant = {step: _told(weights, before.curves.get(step, {})) for step, weights in curves.items()}
    if all(before.curves.get(step) == weights for step, weights in meant.items()):
        return text
    try:
        after = edited(text, _edits(text, meant))
        done = parse(after) == before.model_copy(update={"curves": {**before.curves, **meant}})
    except (_Odd, FloorError):
        done = False
    if not done:
        raise FloorError([Problem(1, "curves", "change them by hand: the file is written in a way of its own")])
    return after


class _Odd(Exception):
    """The nodes are not as expected."""


def _told(weights: Weights, before: Weights) -> dict[str, float]:
    return {**dict.fromkeys(before, 1.0), **weights}


def _edits(text: str, curves: Mapping[Step, Weights]) -> Iterator[Edit]:
    block = value(compose(text), "curves")
    if block is not None and not isinstance(block, MappingNode):
        raise _Odd
    fresh = [f"{step}: {_flow(weights)}" for step, weights in curves.items() if value(block, step) is None]
    for step, weights in curves.items():
        if (node := value(block, step)) is not None:
            yield from _of_step(text, node, weights)
    if not fresh:
        return
    if block is not None:
        yield addition(text, block, fresh)
    else:
        yield _at_the_end(text, fresh)


def _of_step(text: str, node: Any, weights: Weights) -> Iterator[Edit]:
    if not isinstance(node, MappingNode):
        raise _Odd
    named = {scalar(key): found for key, found in node.value}
    for clock, found in named.items():
        if not isinstance(found, ScalarNode) or clock is None:
            raise _Odd
        yield Edit(found.start_mark.index, found.end_mark.index, _number(weights[clock]))
    more = [f'"{clock}": {_number(weight)}' for clock, weight in weights.items() if clock not in named]
    if more:
        yield addition(text, node, more)


def _at_the_end(text: str, entries: Sequence[str]) -> Edit:
    newline = "\r\n" if "\r\n" in text else "\n"
    start = "" if text.endswith("\n") else newline
    return Edit(len(text), len(text), f"{start}curves:{newline}" + "".join(f"  {one}{newline}" for one in entries))


def _flow(weights: Weights) -> str:
    return "{" + ", ".join(f'"{clock}": {_number(weight)}' for clock, weight in weights.items()) + "}"


def _number(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)
