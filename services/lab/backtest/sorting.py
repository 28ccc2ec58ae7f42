"""One pass over the versions of a day: every one is looked at once, and put where the closes will ask for it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.facts import INVOICE, PAYMENT, PRESENTATION, AgentState, CallEnded
from schemas.floor import Floor
from schemas.steps import Step
from services.lab.backtest.read import Version
from services.rules.causes import is_network_failure
from services.rules.day import CutOff, WorkingDay
from services.rules.funnel import Thresholds, steps_of, thresholds

Steps = tuple[Step, ...]
Paths = dict[str, dict[str, tuple[int, int]]]
"""Agent → path → (attempts, answered)."""


@dataclass(slots=True)
class Sorted:
    """A slice is named by its position; the number of slices stands for what is after the last.

    ``on_time``: per slice, agent → steps → versions that happened in it and were known at its close. ``behind``: (happened,
    known from, agent, steps) of those that came later. ``replaced``: (happened, version, steps) of those that another version
    took the place of. ``answers``: per slice that first knows them. ``delays``: per slice, source → seconds from a call to
    its arrival. ``known`` and ``lost``: facts, and those nobody on the roster did, by the first slice that knows them.
    ``of_agent``: in order of time, what counts or may be heard.
    """

    on_time: list[dict[str, dict[Steps, int]]]
    answers: list[Paths]
    delays: list[dict[str, list[float]]]
    known: list[int]
    lost: list[int]
    outside: int = 0
    behind: list[tuple[int, int, str, Steps]] = field(default_factory=list)
    replaced: list[tuple[int, Version, Steps]] = field(default_factory=list)
    calls: list[Version] = field(default_factory=list)
    """Outbound attempts."""
    failed: list[bool] = field(default_factory=list)
    """Of each of ``calls``, whether the network failed it."""
    states: list[Version] = field(default_factory=list)
    marks: list[Version] = field(default_factory=list)
    of_agent: dict[str, list[tuple[Version, Steps]]] = field(default_factory=lambda: defaultdict(list))


def sort(floor: Floor, day: WorkingDay, versions: Sequence[Version]) -> Sorted:
    """
    Args:
        versions: of the day, in order of time.
    """
    cuts, known = [cut.at for cut in day.cut_offs], [known_by(cut, floor) for cut in day.cut_offs]
    size = len(cuts)
    found = Sorted(
        on_time=[{} for _ in range(size)],
        answers=[{} for _ in range(size + 1)],
        delays=[defaultdict(list) for _ in range(size)],
        known=[0] * (size + 1),
        lost=[0] * (size + 1),
    )
    by_team = {team.id: thresholds(floor, team.id) for team in floor.teams}
    limits: dict[str, Thresholds] = {agent.id: by_team[agent.team] for agent in floor.agents}
    happened = 0
    for version in versions:
        while happened < size and version.at > cuts[happened]:
            happened += 1
        learned = bisect_left(known, version.received)
        final, agent, data = version.replaced is None, version.agent, version.data
        if final:
            found.known[learned] += 1
            found.outside += happened == size
            found.lost[learned] += agent is None and is_unattributed(version)
        steps: Steps = steps_of(version.type, data, limits[agent]) if agent is not None else ()
        if type(data) is CallEnded:
            _call(found, version, data, floor, happened, learned)
        elif type(data) is AgentState:
            found.states.append(version)
        elif version.type in (PRESENTATION, INVOICE):
            found.marks.append(version)
        if agent is None:
            continue
        if steps or (type(data) is CallEnded and data.direction != "internal"):
            found.of_agent[agent].append((version, steps))
        if not steps:
            continue
        if not final:
            found.replaced.append((happened, version, steps))
        elif learned > happened:
            found.behind.append((happened, learned, agent, steps))
        elif happened < size:
            own = found.on_time[happened].get(agent)
            if own is None:
                own = found.on_time[happened][agent] = {}
            own[steps] = own.get(steps, 0) + 1
    return found


def _call(found: Sorted, version: Version, call: CallEnded, floor: Floor, happened: int, learned: int) -> None:
    if learned <= happened < len(found.delays):
        found.delays[happened][version.source].append((version.received - version.at).total_seconds())
    if call.direction != "outbound":
        return
    answered = call.disposition == "answered"
    found.calls.append(version)
    found.failed.append(
        not answered and is_network_failure(call.disposition, call.sip_status, call.q850, floor.outages.causes)
    )
    if version.agent is not None and version.replaced is None:
        own = found.answers[max(happened, learned)].setdefault(version.agent, {})
        attempts, reached = own.get(path := call.campaign or version.line, (0, 0))
        own[path] = (attempts + 1, reached + answered)


def is_unattributed(version: Version) -> bool:
    """Nobody on the roster did it, though somebody must have: a call that reached nobody has nobody to be found."""
    if version.agent is not None:
        return False
    if isinstance(version.data, CallEnded):
        return version.data.direction == "outbound" or (
            version.data.direction == "inbound" and version.identity is not None
        )
    return True


def known_by(cut: CutOff, floor: Floor) -> datetime:
    """Facts received by then belong to the frozen slice."""
    return cut.at + timedelta(seconds=floor.grace_s)


def may_be_heard(version: Version) -> bool:
    """Whether the calls to hear are chosen from it: calls, and what came of them."""
    return type(version.data) is CallEnded or version.type in (PRESENTATION, INVOICE, PAYMENT)
