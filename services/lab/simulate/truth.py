"""What really happened on a simulated floor, for those who check what Srez makes of it.

Counted while the day is made, before anything is delivered twice, late or broken.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from schemas.facts import CallEnded, Fact
from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.lab.simulate.agent_days import Player
from services.lab.simulate.calls import wanted
from services.lab.simulate.delivery import Delivered
from services.lab.simulate.faults import Fault
from services.lab.simulate.scenario import Scenario
from services.rules.causes import is_network_failure
from services.rules.day import WorkingDay, date_of, local_instant
from services.rules.exposure import scheduled
from services.rules.funnel import steps_of, thresholds
from services.rules.norms import norms_of
from services.rules.spans import at, minutes

AFTER = "after"
"""Name for what happened after the last cut-off: it counts in the day and in no slice."""


class AgentTruth(msgspec.Struct, frozen=True, kw_only=True):
    """``skill`` per step; ``expected``: the first day's counts at that skill and pace, without faults and states."""

    team: str
    skill: dict[Step, float]
    expected: dict[Step, float]


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Distinct facts of one step and day; ``slices`` by the name of the cut-off."""

    day: int
    slices: dict[str, int]


class OutageTruth(msgspec.Struct, frozen=True, kw_only=True):
    """``agents``: those at least half of whose attempts in the window were on the line (all of a silent source's)."""

    scope: str
    source: str
    line: str | None
    started: datetime
    ended: datetime
    attempts: int
    failures: int
    fourth_failure: datetime | None
    agents: list[str]


class TechnicalTruth(msgspec.Struct, frozen=True, kw_only=True):
    agent: str
    started: datetime
    ended: datetime
    reason: str


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    scenario: str
    seed: int
    floor: str
    dates: list[str]
    agents: dict[str, AgentTruth]
    counts: dict[str, dict[str, dict[Step, Count]]]
    """date → agent → step."""
    outages: list[OutageTruth]
    technical: list[TechnicalTruth]
    facts: int
    deliveries: int
    unattributed: list[str]
    duplicated: list[str]
    late: list[str]
    odd: int

    def json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def truth_of(
    floor: Floor,
    scenario: Scenario,
    seed: int,
    days: Sequence[WorkingDay],
    players: Sequence[Player],
    faults: Sequence[Fault],
    facts: Sequence[Fact],
    arrived: Delivered,
) -> Truth:
    zone = floor.zone
    return Truth(
        scenario=scenario.name,
        seed=seed,
        floor=floor.floor,
        dates=[day.date.isoformat() for day in days],
        agents={player.agent.id: _agent(floor, scenario, days[0], player) for player in players},
        counts={day.date.isoformat(): _counts(floor, day, players, facts) for day in days},
        outages=[_outage(floor, fault, facts) for fault in faults],
        technical=[_technical(player, day, zone) for day in days for player in players if player.technical],
        facts=len(facts),
        deliveries=len(arrived.deliveries),
        unattributed=[fact.id for fact in facts if fact.agent is None],
        duplicated=list(arrived.duplicated),
        late=list(arrived.late),
        odd=len(arrived.odd),
    )


def _agent(floor: Floor, scenario: Scenario, day: WorkingDay, player: Player) -> AgentTruth:
    skill = {step: player.cast.of(step) for step in STEPS}
    want = wanted(norms_of(floor, player.agent, day.weekday))
    planned = scheduled(floor, day, player.agent)
    share = minutes(planned, at(day.starts), at(day.ends)) / day.of(player.agent.team).standard_min
    expected = {step: round(want[step] * skill[step] * scenario.pace * share, 6) for step in STEPS}
    return AgentTruth(team=player.agent.team, skill=skill, expected=expected)


def _counts(
    floor: Floor, day: WorkingDay, players: Sequence[Player], facts: Sequence[Fact]
) -> dict[str, dict[Step, Count]]:
    names = [*(cut.name for cut in day.cut_offs), AFTER]
    empty: dict[str, dict[Step, dict[str, int]]] = {
        player.agent.id: {step: dict.fromkeys(names, 0) for step in STEPS} for player in players
    }
    by = {player.agent.id: thresholds(floor, player.agent.team) for player in players}
    for fact in facts:
        if fact.agent is None or date_of(fact.time, floor.zone) != day.date:
            continue
        slice_ = next((cut.name for cut in day.cut_offs if fact.time <= cut.at), AFTER)
        for step in steps_of(fact.type, fact.data, by[fact.agent]):
            empty[fact.agent][step][slice_] += 1
    return {agent: {step: _count(parts) for step, parts in steps.items()} for agent, steps in empty.items()}


def _count(parts: Mapping[str, int]) -> Count:
    return Count(day=sum(parts.values()), slices=dict(parts))


def _outage(floor: Floor, fault: Fault, facts: Sequence[Fact]) -> OutageTruth:
    start, end = (datetime.fromtimestamp(second, UTC) for second in (fault.start, fault.end))
    calls = [
        fact
        for fact in facts
        if isinstance(fact.data, CallEnded) and fact.source == fault.source and start <= fact.data.started_at < end
    ]
    on_line = [fact for fact in calls if fault.line is not None and fact.line == fault.line]
    failed = [fact for fact in on_line if _is_failure(floor, fact)]
    return OutageTruth(
        scope=fault.scope,
        source=fault.source,
        line=fault.line,
        started=start.astimezone(floor.zone),
        ended=end.astimezone(floor.zone),
        attempts=len(on_line),
        failures=len(failed),
        fourth_failure=failed[3].time.astimezone(floor.zone) if len(failed) > 3 else None,
        agents=_affected(floor, fault, calls, on_line),
    )


def _is_failure(floor: Floor, fact: Fact) -> bool:
    call = fact.data
    return isinstance(call, CallEnded) and is_network_failure(
        call.disposition, call.sip_status, call.q850, floor.outages.causes
    )


def _affected(floor: Floor, fault: Fault, calls: Sequence[Fact], on_line: Sequence[Fact]) -> list[str]:
    if fault.line is None:
        return [agent.id for agent in floor.agents if fault.source in agent.identities]
    found = []
    for agent in floor.agents:
        mine = sum(fact.agent == agent.id for fact in calls)
        if mine and 2 * sum(fact.agent == agent.id for fact in on_line) >= mine:
            found.append(agent.id)
    return found


def _technical(player: Player, day: WorkingDay, zone: ZoneInfo) -> TechnicalTruth:
    one = player.technical[0]
    return TechnicalTruth(
        agent=player.agent.id,
        started=local_instant(day.date, one.start, zone).astimezone(zone),
        ended=local_instant(day.date, one.end, zone).astimezone(zone),
        reason=one.reason,
    )
