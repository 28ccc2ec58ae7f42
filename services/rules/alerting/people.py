"""Who pressed a button: the people of the floor file by their id in a messenger, and what they may act upon."""

from dataclasses import dataclass
from typing import Literal

from schemas.floor import Floor


@dataclass(frozen=True, slots=True)
class Presser:
    name: str
    role: Literal["head", "lead"]
    team: str | None = None


def by_slack(floor: Floor, user: str) -> Presser | None:
    """None: the floor file does not know this user."""
    if user and user == floor.notify.head.slack:
        return Presser(floor.notify.head.name or "head", "head")
    for team in floor.teams:
        if user and user == team.slack.lead:
            return Presser(team.lead or team.title, "lead", team.id)
    found = next((one for one in floor.notify.people if user and one.slack == user), None)
    return Presser(found.name, found.role, found.team) if found else None


def by_telegram(floor: Floor, user: str) -> Presser | None:
    if user and user == floor.notify.head.telegram:
        return Presser(floor.notify.head.name or "head", "head")
    found = next((one for one in floor.notify.people if user and one.telegram == user), None)
    return Presser(found.name, found.role, found.team) if found else None


def may(who: Presser, team: str | None) -> bool:
    """A lead acts about their own team and about what is nobody's alone."""
    return who.role == "head" or team is None or who.team in (None, team)
