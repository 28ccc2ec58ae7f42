"""What happens when the local day turns, and when another floor version is applied."""

import asyncio

from services.aggregator.live.floors import Floors
from services.aggregator.live.funnels import Funnels
from services.aggregator.live.lines import Lines
from services.aggregator.stream.facts import FactStream
from services.aggregator.stream.holding import Holding
from services.rules.funnel import Thresholds

LOOK_S = 0.2


class Turning:
    def __init__(self, floors: Floors, stream: FactStream) -> None:
        self._floors, self._stream = floors, stream
        self._limits: dict[str, Thresholds] = dict(floors.today().by_agent)

    async def run(self, facts: Holding, held_lines: Holding, funnels: Funnels, lines: Lines) -> None:
        """At local midnight lines begin afresh, with the new day's base rates; agent-days older than yesterday go."""
        while True:
            await asyncio.sleep(LOOK_S)
            today = self._floors.live_dates()[1]
            if held_lines.ready.is_set() and lines.date not in (None, today):
                held_lines.reload()
            if facts.ready.is_set():
                funnels.forget_before(self._floors.live_dates()[0])

    async def floor_changed(self) -> None:
        """Agents whose calls are counted by other limits now are counted anew from stored facts."""
        limits = self._floors.today().by_agent
        changed = {agent for agent, by in limits.items() if self._limits.get(agent) != by}
        changed |= self._limits.keys() - limits.keys()
        self._limits = dict(limits)
        self._stream.reload_agents(changed)
