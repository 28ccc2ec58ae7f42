"""Puts a simulated floor together: who plays what, which lines fail, what arrives when, and the truth about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Final

from schemas.facts import CALL, Fact, PresentationMade, encode
from schemas.floor import Floor
from services.lab.simulate.agent_days import Player, play
from services.lab.simulate.chance import stream
from services.lab.simulate.delivery import Odd, deliver
from services.lab.simulate.faults import faults
from services.lab.simulate.paths import phone_of
from services.lab.simulate.scenario import Cast, Scenario
from services.lab.simulate.transcripts import transcripts
from services.lab.simulate.truth import Truth, truth_of
from services.rules.day import WorkingDay, working_day

DATE: Final = Date(2026, 11, 23)
"""A Monday; the day simulated when none is named, so that the same command gives the same file on any day."""
UNKNOWN_IDENTITY: Final = "4999"
PATIENCE_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class FloorDay:
    """One or more simulated days: facts in order of arrival (duplicates included), odd requests, and the truth."""

    scenario: Scenario
    seed: int
    days: tuple[WorkingDay, ...]
    deliveries: tuple[Fact, ...]
    odd: tuple[Odd, ...]
    truth: Truth

    def ndjson(self) -> bytes:
        return b"".join(encode(fact) + b"\n" for fact in self.deliveries)


def simulate(floor: Floor, scenario: Scenario, *, seed: int, date: Date = DATE, days: int = 1) -> FloorDay:
    """*days* working days from *date* (or the first fitting day after it) on. Pure: no clock, no files."""
    played = working_days(floor, scenario, date, days)
    struck = faults(floor, scenario, played)
    facts: list[Fact] = []
    players = cast_of(floor, scenario)
    for player in players:
        facts += play(floor, scenario, played, player, struck, seed)
    facts += _strangers(floor, scenario, played, players, seed)
    facts.sort(key=lambda fact: (fact.time, fact.id))
    arrived = deliver(stream(seed, "delivery", played[0].date), facts, scenario)
    written = list(transcripts(floor, scenario, players, facts, _pitched(facts), seed))
    facts += written
    arrived = arrived.with_more(deliver(stream(seed, "transcripts", played[0].date), written, Scenario("plain", "")))
    truth = truth_of(floor, scenario, seed, played, players, struck, facts, arrived)
    return FloorDay(scenario, seed, tuple(played), arrived.deliveries, arrived.odd, truth)


def _pitched(facts: Sequence[Fact]) -> frozenset[str]:
    """Calls that made a presentation."""
    return frozenset(
        fact.data.call_id for fact in facts if isinstance(fact.data, PresentationMade) and fact.data.call_id
    )


def working_days(floor: Floor, scenario: Scenario, date: Date, days: int) -> list[WorkingDay]:
    """The next *days* working days of the floor from *date* on; the first on the scenario's weekday.

    Raises: ValueError when the floor never works.
    """
    found: list[WorkingDay] = []
    idle = 0
    while len(found) < days:
        day = working_day(floor, date)
        fits = day.working and (found or scenario.weekday is None or date.weekday() == scenario.weekday)
        if fits:
            found.append(day)
        idle = 0 if fits else idle + 1
        if idle > PATIENCE_DAYS:
            raise ValueError(f"the floor has no fitting working day within {PATIENCE_DAYS} days of {date}")
        date += timedelta(days=1)
    return found


def cast_of(floor: Floor, scenario: Scenario) -> list[Player]:
    """Everybody's part; trunks are dealt round-robin within a PBX."""
    players, seats, orders = [], dict.fromkeys((team.id for team in floor.teams), 0), dict[str, int]()
    teams = {team.id: number for number, team in enumerate(floor.teams)}
    for agent in floor.agents:
        place = (teams[agent.team], seats[agent.team])
        seats[agent.team] += 1
        source = phone_of(floor, agent).source
        orders[source] = orders.get(source, -1) + 1
        technical = tuple(one for one in scenario.technical if one.place == place)
        players.append(Player(agent, scenario.cast(place), technical, orders[source]))
    return players


def _strangers(
    floor: Floor, scenario: Scenario, days: Sequence[WorkingDay], players: Sequence[Player], seed: int
) -> list[Fact]:
    """A few calls of an extension that is on nobody's line of the roster: these facts have no agent."""
    known = next((p.agent for p in players if phone_of(floor, p.agent).identity is not None), None)
    if known is None or not scenario.unknown_calls:
        return []
    source = phone_of(floor, known).source
    stranger = known.model_copy(update={"id": "", "identities": {source: (UNKNOWN_IDENTITY,)}, "shifts": None})
    played = play(floor, scenario, days, Player(stranger, Cast(), (), 0), (), seed)
    calls = sorted((fact for fact in played if fact.type == CALL), key=lambda fact: fact.time)
    chosen = stream(seed, "strangers", days[0].date).sample(calls, min(scenario.unknown_calls, len(calls)))
    return [fact.with_agent(None) for fact in chosen]
