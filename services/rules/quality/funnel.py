"""Stage funnel («проходимость»): the share of transcribed calls in which each stage was heard.

Each stage by itself, not "this one or a later one": a call that closes without diagnosis shows the skipped stage.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.rules.quality.interval import Interval, share


@dataclass(frozen=True, slots=True)
class StageShare:
    stage: str
    reached: int
    share: Interval


def stage_funnel(stages: Sequence[str], calls: Sequence[Collection[str]], sure: float) -> list[StageShare]:
    """*calls*: the stages that were heard in each; none without calls."""
    found = []
    for stage in stages:
        reached = sum(stage in call for call in calls)
        interval = share(reached, len(calls), sure)
        if interval is not None:
            found.append(StageShare(stage, reached, interval))
    return found
