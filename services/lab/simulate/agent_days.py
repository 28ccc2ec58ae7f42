"""One agent over the simulated days: working time, faults met, calls and deals, as facts without delivery."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.facts import Fact
from schemas.floor import Agent, Floor
from services.lab.simulate import as_facts
from services.lab.simulate.axis import Axis
from services.lab.simulate.calls import Call, dial, odds, struck, wanted
from services.lab.simulate.chance import multiplier, stream
from services.lab.simulate.deals import Chances, follow
from services.lab.simulate.faults import Fault
from services.lab.simulate.paths import Path, call_name, deals_of, phone_of, states_of
from services.lab.simulate.scenario import Cast, Scenario, Technical
from services.rules.day import WorkingDay, local_instant
from services.rules.exposure import scheduled
from services.rules.norms import norms_of
from services.rules.spans import Span, Spans, at, subtract, union


@dataclass(frozen=True, slots=True)
class Player:
    """An agent with a part to play. ``order`` is the order in which the agent's trunks are used."""

    agent: Agent
    cast: Cast
    technical: tuple[Technical, ...]
    order: int


def play(
    floor: Floor, scenario: Scenario, days: Sequence[WorkingDay], player: Player, faults: Sequence[Fault], seed: int
) -> list[Fact]:
    """Facts of one agent, unordered; agent and identity are both named."""
    phone, told_by = phone_of(floor, player.agent), deals_of(floor, player.agent)
    axis = Axis(union([span for day in days for span in scheduled(floor, day, player.agent)]))
    facts: list[Fact] = []
    pitches: list[tuple[int, str]] = []
    for day in days:
        random = stream(seed, "calls", day.date, player.agent.id)
        for call in _calls(floor, scenario, day, player, faults, phone, seed):
            name = call_name(phone.provider, random, call.started)
            trunk = _trunk(phone, player, call)
            facts.append(as_facts.of_call(phone, player.agent.id, trunk, call, name, random.getrandbits(64)))
            if call.pitch:
                pitches.append((call.ended, f"{phone.source}:{name}"))
        facts += _states(floor, day, player)
    chances, day_s = _chances(floor, scenario, days[0], player)
    for deal in follow(stream(seed, "deals", days[0].date, player.agent.id), pitches, chances, axis, day_s):
        facts += as_facts.of_deal(told_by, player.agent.id, deal)
    return facts


def _calls(
    floor: Floor, scenario: Scenario, day: WorkingDay, player: Player, faults: Sequence[Fault], phone: Path, seed: int
) -> Iterator[Call]:
    random = stream(seed, "day", day.date, player.agent.id)
    want = wanted(norms_of(floor, player.agent, day.weekday))
    pace = scenario.pace * multiplier(random, want["calls"], scenario.overdispersion)
    by = odds(want, player.cast, pace, day.of(player.agent.team).standard_min * 60)
    down = [(fault.start, fault.end) for fault in faults if fault.source == phone.source and fault.line is None]
    work = subtract(scheduled(floor, day, player.agent), union([*down, *_away(floor, day, player)]))
    for call in dial(random, work, by, floor.long_call_of(player.agent.team), len(phone.trunks)):
        line = phone.line(_trunk(phone, player, call))
        dead = any(fault.line == line and fault.start <= call.started < fault.end for fault in faults)
        yield struck(random, call) if dead else call


def _trunk(phone: Path, player: Player, call: Call) -> str | None:
    return phone.trunks[(player.order + call.trunk) % len(phone.trunks)] if phone.trunks else None


def _away(floor: Floor, day: WorkingDay, player: Player) -> Spans:
    return tuple(_span(floor, day, one) for one in player.technical)


def _span(floor: Floor, day: WorkingDay, one: Technical) -> Span:
    return at(local_instant(day.date, one.start, floor.zone)), at(local_instant(day.date, one.end, floor.zone))


def _chances(floor: Floor, scenario: Scenario, day: WorkingDay, player: Player) -> tuple[Chances, float]:
    want = wanted(norms_of(floor, player.agent, day.weekday))
    mean = {step: value * player.cast.of(step) for step, value in want.items()}
    day_s = day.of(player.agent.team).standard_min * 60
    invoice = min(1.0, mean["invoices"] / mean["presentations"]) if mean["presentations"] else 0.0
    payment = min(1.0, mean["payments"] / mean["invoices"]) if mean["invoices"] else 0.0
    return Chances(scenario.pace * mean["presentations"] / day_s if day_s else 0.0, invoice, payment), day_s


def _states(floor: Floor, day: WorkingDay, player: Player) -> Iterator[Fact]:
    path = states_of(floor, player.agent)
    if path is None or not scheduled(floor, day, player.agent):
        return
    for one in player.technical:
        start, end = _span(floor, day, one)
        yield as_facts.of_state(path, player.agent.id, "technical", one.reason, int(start))
        yield as_facts.of_state(path, player.agent.id, "available", None, int(end))
