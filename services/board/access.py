"""Who asks, and what they may do. Until accounts exist, whoever sits at the machine of a loopback board is its operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["operator", "head", "lead", "trainer", "agent", "viewer"]
Act = Literal["see", "intake", "task", "acknowledge", "coach", "score", "dispute", "alert"]
"""``intake``: identities and replays; ``task``: confirm, edit, dismiss, record the talk; ``coach``: plan and outcome of a case;
``score``: mark a call; ``alert``: acknowledge, mute, take."""

ACTS: Final[Mapping[Role, frozenset[Act]]] = {
    "operator": frozenset({"see", "intake", "task", "acknowledge", "coach", "score", "dispute", "alert"}),
    "head": frozenset({"see", "intake", "task", "coach", "score", "alert"}),
    "lead": frozenset({"see", "task", "coach", "score", "alert"}),
    "trainer": frozenset({"see", "coach", "score"}),
    "agent": frozenset({"see", "acknowledge", "dispute"}),
    "viewer": frozenset({"see"}),
}
OF_OWN_TEAM: Final[frozenset[Role]] = frozenset({"lead"})
OF_OWN: Final[frozenset[Act]] = frozenset({"acknowledge", "dispute"})
"""What an agent does only about what is theirs."""


@dataclass(frozen=True, slots=True)
class Person:
    """``name`` is what stands in records; ``team``: a lead's; ``agent``: whose account it is, on the roster."""

    name: str
    role: Role
    team: str | None = None
    agent: str | None = None


def may(person: Person, act: Act, *, team: str | None = None, agent: str | None = None) -> bool:
    """Whether *person* may do *act* about something of *team* and *agent*.

    Args:
        team, agent: whom it is about; None: about nobody in particular.
    """
    if act not in ACTS[person.role]:
        return False
    if person.role in OF_OWN_TEAM and act != "see" and team is not None:
        return team == person.team
    if person.role == "agent" and act in OF_OWN:
        return agent is not None and agent == person.agent
    return True
