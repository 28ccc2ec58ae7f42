"""Seeded days of one floor, as versions of facts, each with one known fault from 11:00 to 13:00 or none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from random import Random
from typing import Final

import msgspec

from schemas.facts import CALL, PRESENTATION, CallEnded, Disposition, PresentationMade, event_id
from schemas.floor import Floor, parse
from schemas.steps import Verdict
from services.lab.backtest.read import Version
from services.lab.simulate.chance import stream

AGENTS: Final = 12
EVERY_S: Final = 75
"""Seconds between two attempts of an agent, so that a day has about five thousand."""
FAULT: Final = (660, 780)
"""Minutes of the day."""
WRONG: Final = 0.03
"""Of the attempts that nobody answers: numbers that are none, as every list has some."""
DISPOSITIONS: Final[dict[int, Disposition]] = {503: "congestion", 404: "failed"}


class Shape(msgspec.Struct):
    """One attempt before it becomes a fact; a fault bends it."""

    minute: int
    agent: int
    line: int
    did: int
    campaign: int
    answered: bool
    talk_s: float
    ring_s: float
    sip: int
    told: bool = True
    pitched: bool = False


Bend = Callable[[Random, Shape], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """``verdict``: what is right; None when nothing is anybody's fault. ``bend`` acts in ``span`` (minutes of the day)."""

    name: str
    verdict: Verdict | None
    bend: Bend
    span: tuple[int, int] = FAULT


def _dead(share: float, lines: tuple[int, ...]) -> Bend:
    def bend(random: Random, one: Shape) -> None:
        if one.line in lines and random.random() < share:
            one.answered, one.sip, one.ring_s = False, 503, 1.0

    return bend


def _slow(_: Random, one: Shape) -> None:
    one.ring_s += 40 if one.line == 1 else 0


def _labelled(random: Random, one: Shape) -> None:
    if one.did == 1 and random.random() < 0.75:
        one.answered = False


def _bad_list(random: Random, one: Shape) -> None:
    if one.campaign == 1 and random.random() < 0.7:
        one.answered = False


def _dead_numbers(random: Random, one: Shape) -> None:
    if one.campaign == 1 and random.random() < 0.4:
        one.answered, one.sip, one.ring_s = False, 404, 1.0


def _unheard(_: Random, one: Shape) -> None:
    one.told = False


def _no_marks(_: Random, one: Shape) -> None:
    one.pitched = False


def _headset(_: Random, one: Shape) -> None:
    if one.agent == 3:
        one.talk_s, one.pitched = min(one.talk_s, 6.0), False


def _nothing(_: Random, __: Shape) -> None:
    return


def _quiet(random: Random, one: Shape) -> None:
    one.told = random.random() > 0.3
    one.answered = one.answered and random.random() > 0.1


def _slow_morning(random: Random, one: Shape) -> None:
    one.answered = one.answered and random.random() > 0.2


SCENARIOS: Final = (
    Scenario("trunk dead", "line", _dead(1.0, (1,))),
    Scenario("trunk half dead", "line", _dead(0.5, (1,))),
    Scenario("carrier slow", "line", _slow),
    Scenario("DID labelled", "number", _labelled),
    Scenario("bad list", "list", _bad_list),
    Scenario("dead numbers", "list", _dead_numbers),
    Scenario("floor down", "floor", _dead(1.0, (0, 1))),
    Scenario("PBX silent", "floor", _unheard),
    Scenario("CRM silent", "offer_or_crm", _no_marks, (660, 1080)),
    Scenario("one headset", "workplace", _headset),
    Scenario("lunch", None, _nothing),
    Scenario("quiet Friday", None, _quiet, (540, 1080)),
    Scenario("slow morning", None, _slow_morning, (540, 720)),
)


def floor() -> Floor:
    agents = ", ".join(f"{{id: a{n}, team: t, identities: {{pbx: [{n}], crm: [{n}]}}}}" for n in range(AGENTS))
    return parse(
        f"""
timezone: UTC
day: {{start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}}
slices: ["11:00", "14:00", "18:00"]
teams: [{{id: t}}]
agents: [{agents}]
norms: [{{for: {{floor: main}}, per_day: {{calls: 380, presentations: 12}}}}]
sources:
  - {{id: pbx, provider: generic, secrets: {{signing: {{env: S}}}}, feeds: [calls]}}
  - {{id: crm, provider: generic, secrets: {{signing: {{env: S}}}}, feeds: [presentations], expect_every_s: 3600}}
"""
    )


def day_of(seed: int, date: Date, scenario: Scenario | None = None) -> list[Version]:
    """A day's facts in order of time, each known when it happened."""
    name = scenario.name if scenario else "usual"
    random, wrong = stream(seed, "outages", date, name), stream(seed, "wrong numbers", date, name)
    begins = datetime(date.year, date.month, date.day, 9, tzinfo=UTC)
    found: list[Version] = []
    for second in range(0, 9 * 3600, EVERY_S):
        minute = 540 + second // 60
        if 780 <= minute < 840:
            continue
        for agent in range(AGENTS):
            line = random.randrange(2)
            one = Shape(
                minute, agent, line, 2 * line + random.randrange(2), random.randrange(2), random.random() < 0.25,
                random.choice((8.0, 20.0, 60.0, 90.0, 150.0, 300.0, 700.0)), random.uniform(4, 18), 0,
            )  # fmt: skip
            one.pitched = one.talk_s > 100 and random.random() < 0.4
            if random.random() < 0.005:
                one.answered, one.sip = False, 503
            if wrong.random() < WRONG and not one.answered and not one.sip:
                one.sip = 404
            if scenario and scenario.span[0] <= minute < scenario.span[1]:
                scenario.bend(random, one)
            found += _facts(one, begins + timedelta(seconds=second + agent * 6 + 1), f"{date}-{second}-{agent}")
    return sorted(found, key=lambda version: (version.at, version.id))


def _facts(one: Shape, at: datetime, name: str) -> list[Version]:
    if not one.told:
        return []
    agent = f"a{one.agent}"
    call = CallEnded(
        call_id=f"pbx:{name}", agent=agent, direction="outbound", started_at=at, ended_at=at,
        talk_s=one.talk_s if one.answered else 0.0, ring_s=one.ring_s,
        disposition="answered" if one.answered else DISPOSITIONS.get(one.sip, "no_answer"),
        sip_status=200 if one.answered else one.sip or 480, line=f"pbx/l{one.line}", did=f"d{one.did}",
        campaign=f"c{one.campaign}", customer=f"k1:{name}",
    )  # fmt: skip
    found = [_version(CALL, "pbx", f"pbx/l{one.line}", agent, at, name, call)]
    if one.answered and one.pitched:
        marked = at + timedelta(minutes=2)
        made = PresentationMade(deal=f"crm:{name}", agent=agent, at=marked)
        found.append(_version(PRESENTATION, "crm", "crm", agent, marked, name, made))
    return found


def _version(
    type_: str, source: str, line: str, agent: str, at: datetime, name: str, data: CallEnded | PresentationMade
) -> Version:
    return Version(event_id(source, type_, name), type_, source, line, agent, None, at, at.date(), at, None, data)
