"""Gives an identity to an agent in the text of a floor file. Pure."""

from collections.abc import Collection

from schemas.commands import Assign, Problem
from schemas.floor import FloorError, parse
from schemas.floor.edit import give_identity


class Refused(Exception):
    """What was asked for cannot be done; ``problem`` and ``detail`` are told to whoever asked."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem: Problem = problem
        self.detail = detail


def assigned(text: str, wanted: Assign, providers: Collection[str]) -> str:
    """The text of the next version; the same when nothing has to change. Raises: Refused."""
    try:
        floor = parse(text, providers)
    except FloorError as error:
        raise Refused("invalid", str(error.problems[0])) from error
    if wanted.agent not in floor.agent_by_id:
        raise Refused("no_agent", wanted.agent)
    if wanted.source not in floor.source_by_id:
        raise Refused("no_source", wanted.source)
    owner = floor.agent_by_identity.get((wanted.source, wanted.identity))
    if owner not in (None, wanted.agent):
        raise Refused("belongs", str(owner))
    try:
        after = give_identity(text, wanted.agent, wanted.source, wanted.identity)
        parse(after, providers)
    except FloorError as error:
        raise Refused("by_hand", str(error.problems[0])) from error
    return after
