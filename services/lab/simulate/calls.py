"""One agent's calls. What the norm wants is drawn first, then laid along the working time, one call after another.

So counts are Poisson (or gamma-Poisson) around skill × norm by construction, and nobody is in two calls at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from schemas.facts import Disposition, HangupBy
from schemas.steps import Step
from services.lab.simulate.chance import poisson, weighted
from services.lab.simulate.scenario import Cast
from services.rules.spans import Spans

Want = Mapping[Step, float]
"""Expected count of each step in a full standard shift."""

SHARE_OF_STEP_BEFORE: Final[Mapping[Step, float]] = {
    "answered": 0.33,
    "long_calls": 0.3,
    "presentations": 0.65,
    "invoices": 0.4,
    "payments": 0.4,
}
CALLS_WITHOUT_A_NORM: Final = 60.0
FULL: Final = 0.93
"""Most of a working span that calls may fill."""
REST_S: Final = 4.0
"""Between two calls there is at least this."""
EAGER: Final = 1.12
"""Above 1 people rest a little more towards the end of a span: so long calls *end* evenly, though none begins before it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt that nobody answered ends."""

    disposition: Disposition
    q850: int | None
    sip: int
    by: HangupBy
    ring_s: tuple[float, float]


UNANSWERED: Final[Mapping[Ending, float]] = {
    Ending("no_answer", 19, 480, "system", (22, 45)): 58,
    Ending("busy", 17, 486, "customer", (2, 5)): 17,
    Ending("rejected", 21, 603, "customer", (4, 15)): 12,
    Ending("canceled", None, 487, "agent", (12, 30)): 8,
    Ending("failed", 1, 404, "system", (1, 3)): 4.5,
    Ending("congestion", 38, 503, "system", (1, 3)): 0.5,
}
"""Weights of a healthy floor: half a per cent of misses is the network's, the rest people and the list."""
DEAD: Final = Ending("congestion", 34, 503, "system", (1, 4))


@dataclass(frozen=True, slots=True)
class Call:
    """Unix seconds, whole. ``pitch`` tells whether a presentation follows; ``trunk`` is the position of the trunk."""

    started: int
    ring_s: int
    talk_s: int
    ending: Ending | None
    trunk: int = 0
    pitch: bool = False

    @property
    def answered(self) -> bool:
        return self.ending is None

    @property
    def ended(self) -> int:
        return self.started + self.ring_s + self.talk_s


@dataclass(frozen=True, slots=True)
class Odds:
    """``per_s``: dials per second at work; the rest are conditional chances."""

    per_s: float
    answered: float
    long: float
    pitch_long: float
    pitch_short: float


def wanted(norms: Want) -> dict[Step, float]:
    """Norms with gaps filled: a rung without a norm is a usual share of the rung before it."""
    found: dict[Step, float] = {"calls": norms.get("calls", CALLS_WITHOUT_A_NORM)}
    before = found["calls"]
    for step, share in SHARE_OF_STEP_BEFORE.items():
        found[step] = before = norms.get(step, before * share)
    return found


def odds(want: Mapping[Step, float], cast: Cast, pace: float, shift_s: float) -> Odds:
    """Args: want: see ``wanted``; pace: everybody's multiplier (of dials); shift_s: the standard shift."""
    mean = {step: value * cast.of(step) for step, value in want.items()}
    answered = min(1.0, _ratio(mean["answered"], mean["calls"]))
    long = min(1.0, _ratio(mean["long_calls"], mean["answered"]))
    pitches, long_calls = mean["presentations"], mean["long_calls"]
    others = mean["answered"] - long_calls
    return Odds(
        per_s=pace * _ratio(mean["calls"], shift_s),
        answered=answered,
        long=long,
        pitch_long=min(1.0, _ratio(pitches, long_calls)),
        pitch_short=min(1.0, _ratio(max(0.0, pitches - long_calls), others)),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def dial(random: Random, work: Spans, by: Odds, long_call_s: int, trunks: int) -> list[Call]:
    """Calls within *work*, in order; the first trunk of an agent's own order carries nine of ten."""
    calls: list[Call] = []
    for start, end in work:
        drawn = [_draw(random, by, long_call_s, trunks) for _ in range(poisson(random, by.per_s * (end - start)))]
        calls += _lay(random, _fit(drawn, (end - start) * FULL, long_call_s), start, end)
    return calls


def _draw(random: Random, by: Odds, long_call_s: int, trunks: int) -> Call:
    trunk = 0 if trunks < 2 or random.random() < 0.9 else random.randrange(1, trunks)
    if random.random() >= by.answered:
        ending = weighted(random, UNANSWERED)
        return Call(0, round(random.uniform(*ending.ring_s)), 0, ending, trunk)
    ring_s = round(random.uniform(5, 22))
    long = random.random() < by.long
    talk_s = round(_long_talk(random, long_call_s) if long else _short_talk(random, long_call_s))
    pitch = random.random() < (by.pitch_long if long else by.pitch_short)
    return Call(0, ring_s, talk_s, None, trunk, pitch)


def _long_talk(random: Random, long_call_s: int) -> float:
    return long_call_s + min(2400.0, random.lognormvariate(5.2, 0.7))


def _short_talk(random: Random, long_call_s: int) -> float:
    """Lognormal, about a minute and a half, never a long one."""
    while True:
        talk_s = random.lognormvariate(4.2, 0.95)
        if 3 <= talk_s < long_call_s - 1:
            return talk_s


def _fit(calls: list[Call], room_s: float, long_call_s: int) -> list[Call]:
    """The same calls made to fit: long talks shortened first (they stay long), then the last calls not made at all."""
    calls = list(calls)
    if _busy(calls) > room_s:
        calls = [replace(c, talk_s=long_call_s + 20) if c.talk_s > long_call_s + 20 else c for c in calls]
    while calls and _busy(calls) > room_s:
        calls.pop()
    return calls


def _busy(calls: list[Call]) -> float:
    return sum(call.ring_s + call.talk_s + REST_S for call in calls)


def _lay(random: Random, calls: list[Call], start: float, end: float) -> list[Call]:
    """Put *calls* one after another with random rests between them."""
    free = (end - start) - _busy(calls)
    marks = sorted(free * random.random() ** EAGER for _ in calls)
    laid, busy = [], 0.0
    for call, mark in zip(calls, marks, strict=True):
        laid.append(replace(call, started=int(start + mark + busy) + 1))
        busy += call.ring_s + call.talk_s + REST_S
    return laid


def struck(random: Random, call: Call) -> Call:
    """The call as it goes on a dead trunk: a few seconds, Q.850 34 / SIP 503."""
    return replace(call, ring_s=round(random.uniform(*DEAD.ring_s)), talk_s=0, ending=DEAD, pitch=False)
