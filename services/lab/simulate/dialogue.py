"""What is said in a simulated call: small parts, put together stage by stage, in the language of the floor.

How good the agent is decides which stages are there; what a call without a stage has instead is talk that leads nowhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from schemas.facts import Segment
from services.lab.simulate.scripts import BAN, COMPANIES, IDLE, STAGES, Turn

SPEAKING_S_PER_CHAR: Final = 0.065
BETWEEN_S: Final = (0.4, 2.2)
BAN_SHARE: Final = 0.04
"""Of calls; three times that of those who lag."""


@dataclass(frozen=True, slots=True)
class Technique:
    """``stages``: chance that a stage is there; ``bans``: chance that something forbidden is said."""

    stages: Mapping[str, float]
    bans: float


def technique(random: Random, skill: float) -> Technique:
    """An agent's own: each has a strong and a weak side, and who lags has more weak ones.

    Args:
        skill: 1 is at the norm; how far below it the weakest step is.
    """
    able = min(1.0, 0.45 + 0.55 * skill)
    chances = {stage: min(0.98, able * random.uniform(0.55, 1.06)) for stage in STAGES}
    chances["contact"] = min(0.99, chances["contact"] + 0.2)
    return Technique(chances, BAN_SHARE * (3 if skill < 1 else 1))


def spoken(
    random: Random, by: Technique, *, name: str, language: str, talk_s: float, presented: bool
) -> tuple[Segment, ...]:
    """Segments of one call in order of time; the last ends within *talk_s*."""
    words = {"name": name, "company": random.choice(COMPANIES[language]), "price": _price(random, language)}
    lines: list[Turn] = []
    for number, stage in enumerate(STAGES):
        chance = by.stages[stage]
        if stage == "presentation":
            chance = max(chance, 0.92) if presented else chance * 0.6
        there = random.random() < chance
        lines += _turns(random, STAGES[stage][language] if there else IDLE[language], 3 if there else 2)
        if number == 2 and random.random() < by.bans:
            lines.append(random.choice(BAN[language]))
    return tuple(_timed(random, [(who, text.format(**words)) for who, text in lines], talk_s))


def _turns(random: Random, turns: Sequence[Sequence[Turn]], most: int) -> list[Turn]:
    """Two to *most* exchanges, in the order they stand."""
    size = min(len(turns), random.randint(2, most))
    chosen = sorted(random.sample(range(len(turns)), size))
    return [turn for at in chosen for turn in turns[at]]


def _price(random: Random, language: str) -> str:
    amount = random.choice((12, 18, 24, 36, 48, 60, 90))
    return f"{amount} тысяч рублей" if language == "ru" else f"{amount} thousand roubles"


def _timed(random: Random, lines: Sequence[Turn], talk_s: float) -> Iterator[Segment]:
    """Laid over the whole call: pauses grow with it, as people think, look things up and are put on hold."""
    spans = [max(1.2, len(text) * SPEAKING_S_PER_CHAR) for _, text in lines]
    gaps = [random.uniform(*BETWEEN_S) for _ in lines]
    room = max(0.0, talk_s - 2 - sum(spans))
    stretch = room / sum(gaps) if room > 0 else 0.0
    squeeze = 1.0 if room > 0 else (talk_s - 2) / sum(spans)
    at = 1.0
    for (who, text), span, gap in zip(lines, spans, gaps, strict=True):
        end = at + span * squeeze
        yield Segment(channel=who, start_s=round(at, 1), end_s=round(end, 1), text=text, confidence=None)
        at = end + gap * stretch
