"""Changes a floor file where it has to change and nowhere else: comments, order and alignment stay as people wrote them.

The place is found by the marks of the YAML nodes; what comes out is parsed again and must be the floor that was meant.
"""

import json
import re
from typing import Final

from ruamel.yaml.nodes import MappingNode, SequenceNode

from schemas.floor.load import FloorError, Problem, parse
from schemas.floor.model import Floor
from schemas.floor.nodes import addition, compose, edited, items, scalar, value

_PLAIN: Final = re.compile(r"[A-Za-z][\w-]*(?<!-)")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def give_identity(text: str, agent: str, source: str, identity: str) -> str:
    """The text of a floor file in which *agent* is also *identity* for *source*; the same text when that is so already.

    Raises: FloorError for a text that does not parse, an agent it lacks, or a way of writing that only a person can edit.
    """
    before = parse(text)
    if agent not in before.agent_by_id:
        raise FloorError([Problem(1, "agents", f"no agent {agent!r}")])
    if identity in before.agent_by_id[agent].identities.get(source, ()):
        return text
    after = _inserted(text, agent, source, identity)
    if after is None or not _is_meant(before, after, agent, source, identity):
        what = f"add {json.dumps(identity, ensure_ascii=False)} to {source} by hand: the file is written in a way of its own"
        raise FloorError([Problem(1, f"agents[{agent}].identities", what)])
    return after


def _inserted(text: str, agent: str, source: str, identity: str) -> str | None:
    """*text* with the identity put in, or None where the nodes are not as expected."""
    root = compose(text)
    agents = value(root, "agents")
    node = next((one for one in items(agents) if scalar(value(one, "id")) == agent), None)
    quoted = json.dumps(identity, ensure_ascii=False)
    if not isinstance(node, MappingNode):
        return None
    identities = value(node, "identities")
    if identities is None:
        return edited(text, [addition(text, node, [f"identities: {{{_key(source)}: [{quoted}]}}"])])
    if not isinstance(identities, MappingNode):
        return None
    own = value(identities, source)
    if own is None:
        return edited(text, [addition(text, identities, [f"{_key(source)}: [{quoted}]"])])
    if isinstance(own, SequenceNode):
        return edited(text, [addition(text, own, [quoted])])
    start, end = own.start_mark.index, own.end_mark.index
    return f"{text[:start]}[{text[start:end]}, {quoted}]{text[end:]}"


def _is_meant(before: Floor, text: str, agent: str, source: str, identity: str) -> bool:
    """Whether *text* is *before* with that identity and nothing else. Raises: FloorError for another's identity."""
    try:
        after = parse(text)
    except FloorError as error:
        if any("belongs to" in problem.what or "no source" in problem.what for problem in error.problems):
            raise
        return False
    known = before.agent_by_id[agent]
    wanted = {*known.identities.get(source, ()), identity}
    found = after.agent_by_id.get(agent)
    if found is None or set(found.identities.get(source, ())) != wanted:
        return False
    changed = known.model_copy(
        update={"identities": {**known.identities, source: found.identities[source]}},
    )
    agents = tuple(changed if one.id == agent else one for one in before.agents)
    return after == before.model_copy(update={"agents": agents})


def _key(source: str) -> str:
    """The source as a key: quoted where YAML would read something else."""
    return source if _PLAIN.fullmatch(source) and source.lower() not in _WORDS else json.dumps(source)
