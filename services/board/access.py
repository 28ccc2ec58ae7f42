"""Who asks, and what they may do. Until accounts exist, whoever sits at the machine of a loopback board is its operator."""

from collections.abc import Iterable, Mapping
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


Answering = Literal["free", "alone", "own", "none"]
ANSWERERS: Final[frozenset[Role]] = frozenset({"head", "lead", "trainer"})
"""Who is expected to answer disputes; an operator may, but is not waited for."""


def answering(
    who: Person, involved: Iterable[str], others: Iterable[Person], *, team: str | None, agent: str | None
) -> Answering:
    """Whether *who* may answer a dispute about *agent*: ``own``, somebody else must; ``alone``, there is nobody else.

    Args:
        involved: names of those whose marks are disputed and who disputed them: they do not judge themselves.
        others: people with an account that works.
    """
    if not may(who, "score", team=team, agent=agent):
        return "none"
    known = set(involved)
    if who.name not in known:
        return "free"
    able = (
        one
        for one in others
        if one.role in ANSWERERS and one.name not in known and may(one, "score", team=team, agent=agent)
    )
    return "own" if any(able) else "alone"
