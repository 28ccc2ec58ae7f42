"""Slices of a random floor over a change of clocks, against a recount that shares no code with the product.

Seconds are counted one by one in sets, facts in loops, probabilities taken from another library function: part-shifts, breaks,
absence, states, late facts, norms of every rank, inbound calls and the hour that comes twice.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml
from scipy.stats import gamma

from schemas.floor import parse
from services.lab.backtest.read import read
from services.lab.backtest.run import run

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SLICES = ("11:00", "13:30", "16:00", "18:00")
BREAKS = ("13:00-14:00", "16:30-16:45")
FLOOR: dict[str, Any] = {
    "floor": "main",
    "day": {"start": "09:00", "end": "18:00", "breaks": list(BREAKS), "weekdays": list(WEEKDAYS)},
    "slices": list(SLICES),
    "teams": [{"id": "t0", "count_inbound": True, "long_call_s": 300}, {"id": "t1"}],
    "norms": [
        {"for": {"floor": "main"}, "per_day": {"calls": 60, "answered": 25}},
        {"for": {"team": "t0"}, "per_day": {"calls": 80, "long_calls": 9}},
        {"for": {"role": "closer"}, "weekdays": ["sat", "sun"], "per_day": {"calls": 30}},
        {"for": {"agent": "a7"}, "per_day": {"calls": 44, "presentations": 6}},
    ],
    "sources": [{"id": "own", "provider": "generic", "secrets": {"signing": {"env": "OWN"}}}],
    # Nothing but the personal arithmetic: no common cause, no technical minutes by a silence.
    "judgement": {"team": {"min_agents": 1000}},
    "outages": {"source_silence": {"min_expected": 1e9}},
}
AGENTS: list[dict[str, Any]] = [
    {"id": f"a{number}", "team": f"t{number // 5}", "role": "caller" if number % 2 else "closer"}
    for number in range(10)
]
AGENTS[3]["shifts"] = AGENTS[8]["shifts"] = [
    {"weekdays": ["mon", "thu", "sat", "sun"], "start": "10:15", "end": "15:40"}
]
PRIOR, OVERDISPERSION, GRACE = 6.25, 1.3, timedelta(seconds=180)


@dataclass(frozen=True)
class Call:
    agent: str
    at: datetime
    received: datetime
    direction: str
    talk_s: int


@dataclass(frozen=True)
class Story:
    zone: ZoneInfo
    days: tuple[date, ...]
    agents: list[dict[str, Any]]
    calls: list[Call]
    states: dict[tuple[str, date], list[tuple[datetime, str]]]

    def instant(self, day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), self.zone).astimezone(UTC)

    def seconds(self, day: date, spans: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> set[int]:
        found: set[int] = set()
        for start, end in spans:
            found |= set(range(int(self.instant(day, start).timestamp()), int(self.instant(day, end).timestamp())))
        return found


def told(seed: int, zone: str, first: date) -> Story:
    chance = random.Random(seed)
    days = tuple(first + timedelta(days=ahead) for ahead in range(3))
    agents = [dict(agent) for agent in AGENTS]
    agents[4]["since"], agents[6]["absent"] = days[1].isoformat(), [days[0].isoformat()]
    story = Story(ZoneInfo(zone), days, agents, [], {})
    for day in days:
        start, end = story.instant(day, "00:00"), story.instant(day + timedelta(days=1), "00:00")
        for agent in agents:
            for _ in range(chance.randrange(30, 90)):
                at = start + timedelta(seconds=round(chance.betavariate(3, 3) * ((end - start).total_seconds() - 1)))
                late = chance.choice([1] * 30 + [400])
                direction = chance.choice(["outbound"] * 8 + ["inbound", "internal"])
                talk_s = chance.choice([0, 0, 20, 100, 299, 300, 650])
                story.calls.append(Call(agent["id"], at, at + timedelta(seconds=late), direction, talk_s))
            for _ in range(chance.randrange(3)):
                at = story.instant(day, "09:00") + timedelta(seconds=chance.randrange(9 * 3600))
                state = chance.choice(["coaching", "technical", "paused", "available"])
                story.states.setdefault((agent["id"], day), []).append((at, state))
    return story


def facts_of(story: Story, seed: int) -> Iterator[str]:
    chance = random.Random(seed)

    def event(kind: str, at: datetime, received: datetime, data: dict[str, Any]) -> str:
        envelope = {"specversion": "1.0", "id": str(UUID(int=chance.getrandbits(128))), "source": "own", "type": kind}
        return json.dumps({**envelope, "time": at.isoformat(), "receivedat": received.isoformat(), "data": data})

    for number, call in enumerate(story.calls):
        answered = call.at - timedelta(seconds=call.talk_s)
        yield event(
            "srez.call.ended.v1",
            call.at,
            call.received,
            {
                "call_id": f"own:{number}",
                "agent": call.agent,
                "identity": call.agent,
                "direction": call.direction,
                "started_at": (answered - timedelta(seconds=9)).isoformat(),
                "answered_at": answered.isoformat() if call.talk_s else None,
                "ended_at": call.at.isoformat(),
                "talk_s": call.talk_s,
                "disposition": "answered" if call.talk_s else "no_answer",
            },
        )
    for (agent, _), states in story.states.items():
        for at, state in states:
            yield event("srez.agent.state.v1", at, at, {"agent": agent, "state": state, "at": at.isoformat()})


def norms_of(agent: dict[str, Any], day: date) -> dict[str, float]:
    rank = ("floor", "team", "role", "agent")
    holds = {"floor": "main", "team": agent["team"], "role": agent["role"], "agent": agent["id"]}
    found: dict[str, float] = {}
    for norm in sorted(FLOOR["norms"], key=lambda norm: (rank.index(*norm["for"]), "weekdays" in norm)):
        ((kind, name),) = norm["for"].items()
        if holds[kind] == name and WEEKDAYS[day.weekday()] in norm.get("weekdays", WEEKDAYS):
            found |= norm["per_day"]
    return {} if agent.get("since", "") > day.isoformat() else found


def exposed(story: Story, agent: dict[str, Any], day: date, cut: datetime) -> int:
    """Seconds of exposure up to *cut*, by what was known then."""
    if agent.get("since", "") > day.isoformat() or day.isoformat() in agent.get("absent", ()):
        return 0
    shifts = agent.get("shifts", [{"weekdays": WEEKDAYS, "start": "09:00", "end": "18:00"}])
    own = [(shift["start"], shift["end"]) for shift in shifts if WEEKDAYS[day.weekday()] in shift["weekdays"]]
    left = story.seconds(day, own) - story.seconds(day, [_ends(one) for one in BREAKS])
    known = sorted(one for one in story.states.get((agent["id"], day), []) if one[0] <= cut)
    nexts = [*(at for at, _ in known), story.instant(day + timedelta(days=1), "00:00")]
    for (at, state), until in zip(known, nexts[1:], strict=True):
        if state in ("coaching", "technical"):
            left -= set(range(int(at.timestamp()), int(until.timestamp())))
    return sum(second < cut.timestamp() for second in left)


def _ends(span: str) -> tuple[str, str]:
    start, _, end = span.partition("-")
    return start, end


def steps_of(call: Call, team: str) -> list[str]:
    if call.direction == "internal" or (call.direction == "inbound" and (team != "t0" or not call.talk_s)):
        return []
    long = call.talk_s >= (300 if team == "t0" else 600)
    return ["calls", *(["answered"] if call.talk_s else []), *(["long_calls"] if long else [])]


def recounted(story: Story) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """(date, slice, agent, step) → (done, in_slice, target, index, p_below)."""
    found: dict[tuple[str, ...], tuple[Any, ...]] = {}
    standard = cache(
        lambda day: len(story.seconds(day, [("09:00", "18:00")]) - story.seconds(day, [_ends(one) for one in BREAKS]))
    )
    for day in story.days:
        before = story.instant(day, "00:00")
        for name in SLICES:
            cut = story.instant(day, name)
            for agent in story.agents:
                midnight, norms = story.instant(day, "00:00"), norms_of(agent, day)
                done: dict[str, int] = {}
                inside: dict[str, int] = {}
                for call in story.calls:
                    if call.agent == agent["id"] and midnight <= call.at <= cut and call.received <= cut + GRACE:
                        for step in steps_of(call, agent["team"]):
                            done[step] = done.get(step, 0) + 1
                            inside[step] = inside.get(step, 0) + (call.at > before)
                share = exposed(story, agent, day, cut) / standard(day)
                for step in {*done, *norms}:
                    has = done.get(step, 0)
                    verdict: tuple[Any, ...] = (None, None, None)
                    if step in norms:
                        target = norms[step] * share
                        shape, rate = PRIOR + has / OVERDISPERSION, PRIOR + target / OVERDISPERSION
                        verdict = (target, shape / rate, float(gamma.cdf(0.9, shape, scale=1 / rate)))
                    found[day.isoformat(), name, agent["id"], step] = (has, inside.get(step, 0), *verdict)
            before = cut
    return found


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("America/New_York", date(2026, 10, 31)),
        ("Europe/Berlin", date(2026, 3, 28)),
        ("Europe/Moscow", date(2026, 6, 1)),
    ],
)
def test_slices_are_what_a_recount_says(zone: str, first: date, tmp_path: Path) -> None:
    """The hour that comes twice, the one that is skipped, and an ordinary summer: every number of every row."""
    story = told(seed=first.toordinal(), zone=zone, first=first)
    lines = list(facts_of(story, seed=1))
    random.Random(2).shuffle(lines)
    file = tmp_path / "facts.ndjson"
    file.write_text("\n".join(lines))
    floor = parse(yaml.safe_dump({**FLOOR, "timezone": zone, "agents": story.agents}))

    rows = run(floor, read(file, floor)).slices

    expected = recounted(story)
    assert {(row.date.isoformat(), row.slice, row.agent, row.step) for row in rows} == set(expected)
    for row in rows:
        own = expected[row.date.isoformat(), row.slice, row.agent, row.step]
        assert (row.done, row.in_slice, row.target, row.index, row.p_below) == (
            *own[:2],
            *(None if value is None else pytest.approx(value, abs=2e-6) for value in own[2:]),
        )
