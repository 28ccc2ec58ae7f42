"""Puts what was learned of a team's people into a floor file: numbers change where they stand, all else stays as written."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from schemas.floor.learned import Learned
from schemas.floor.load import FloorError, Problem, parse
from schemas.floor.model import Floor
from schemas.floor.nodes import Edit, addition, compose, edited, items, value

NUMBERS = ("prior_cv", "overdispersion", "mean")


def give_learned(text: str, learned: Sequence[Learned]) -> str:
    """The text of a floor file with these; others stay. The same text when they are there already.

    Raises: FloorError for a text that does not parse, or a way of writing that only a person can edit.
    """
    before = parse(text)
    have = {(one.for_.team, one.step): one for one in before.judgement.learned}
    want = {**have, **{(one.for_.team, one.step): one for one in learned}}
    if have == want:
        return text
    try:
        after = edited(text, _edits(text, before, learned))
        found = parse(after)
        same = found == before.model_copy(update={"judgement": found.judgement})
        rest = found.judgement == before.judgement.model_copy(update={"learned": found.judgement.learned})
        done = same and rest and {(one.for_.team, one.step): one for one in found.judgement.learned} == want
    except (_Odd, FloorError):
        done = False
    if not done:
        raise FloorError(
            [Problem(1, "judgement.learned", "change it by hand: the file is written in a way of its own")]
        )
    return after


class _Odd(Exception):
    """The nodes are not as expected."""


def _edits(text: str, before: Floor, learned: Sequence[Learned]) -> Iterator[Edit]:
    judgement = value(compose(text), "judgement")
    block = value(judgement, "learned")
    nodes = items(block)
    places = {(one.for_.team, one.step): at for at, one in enumerate(before.judgement.learned)}
    fresh = []
    for one in learned:
        at = places.get((one.for_.team, one.step))
        if at is None:
            fresh.append(_flow(one))
        else:
            yield from _numbers(text, nodes[at], one)
    if fresh:
        yield _further(text, judgement, block, fresh)


def _numbers(text: str, node: Any, one: Learned) -> Iterator[Edit]:
    more = []
    for name in NUMBERS:
        old = value(node, name)
        if isinstance(old, ScalarNode):
            yield Edit(old.start_mark.index, old.end_mark.index, f"{getattr(one, name):g}")
        else:
            more.append(f"{name}: {getattr(one, name):g}")
    if more:
        yield addition(text, node, more)


def _further(text: str, judgement: Any, block: Any, fresh: list[str]) -> Edit:
    if isinstance(block, SequenceNode):
        return addition(text, block, fresh)
    if isinstance(judgement, MappingNode) and block is None:
        return addition(text, judgement, [f"learned: [{', '.join(fresh)}]"])
    if judgement is not None:
        raise _Odd
    newline = "\r\n" if "\r\n" in text else "\n"
    start = "" if text.endswith("\n") else newline
    lines = "".join(f"    - {one}{newline}" for one in fresh)
    return Edit(len(text), len(text), f"{start}judgement:{newline}  learned:{newline}{lines}")


def _flow(one: Learned) -> str:
    numbers = ", ".join(f"{name}: {getattr(one, name):g}" for name in NUMBERS)
    return f"{{for: {{team: {json.dumps(one.for_.team, ensure_ascii=False)}}}, step: {one.step}, {numbers}}}"
