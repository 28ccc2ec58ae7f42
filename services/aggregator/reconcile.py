"""Compares live counters with stored facts, mends what differs, and says so (P2, DOMAIN §5 e).

Facts younger than ten seconds are on their way and count as either. A difference counts when two checks running see it;
then the agent-day is read anew, and a row in ``differences`` keeps slices untrusted until the next clean check.
"""

from typing import Any

import asyncpg

from services.aggregator.live.floors import Floors
from services.aggregator.live.funnels import Funnels, Key
from services.aggregator.metrics import Metrics
from services.aggregator.resting import again_and_again
from services.aggregator.storage.agent_days import AgentDays
from services.aggregator.stream.facts import FactStream
from services.aggregator.stream.holding import Holding
from services.kit import logs
from services.kit.clock import Clock

SETTLED_S = 10.0


class Reconciler:
    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        clock: Clock,
        floors: Floors,
        funnels: Funnels,
        holding: Holding,
        stream: FactStream,
        days: AgentDays,
        metrics: Metrics,
        worker: str,
    ) -> None:
        self._pool, self._clock, self._floors, self._funnels = pool, clock, floors, funnels
        self._holding, self._stream, self._days, self._metrics = holding, stream, days, metrics
        self._worker = worker
        self._suspects: set[tuple[int, Key]] = set()

    async def run(self, every_s: float) -> None:
        await again_and_again(self._check_if_ready, every_s, "cannot compare with stored facts")

    async def _check_if_ready(self) -> None:
        if self._holding.ready.is_set():
            await self.check()

    async def check(self) -> set[tuple[int, Key]]:
        """One check; returns the agent-days that two checks running have found different."""
        owned = frozenset(self._funnels.partitions)
        differ = await self._different(owned)
        lasting = differ & self._suspects
        self._suspects = differ
        self._metrics.difference.set(len(lasting))
        for partition, key in lasting:
            logs.get().error("live counters differ from stored facts", agent=key[1], day=key[0].isoformat())
            self._stream.reload(partition, key)
        await self._record(owned, lasting)
        return lasting

    async def _different(self, owned: frozenset[int]) -> set[tuple[int, Key]]:
        on = self._floors.today()
        # Live first, then SQL: whatever is counted live was stored before.
        live = {
            (partition, agent): (len(day.counted), sum(day.done))
            for partition in owned
            for (date, agent), day in self._funnels.partitions[partition].items()
            if date == on.day.date
        }
        before = self._clock.now() - self._clock.allow(SETTLED_S)
        stored = await self._days.settled_counts(on, owned, before)
        if not self._holding.ready.is_set() or self._floors.today() is not on:
            return set()
        found = set()
        for partition, agent in live.keys() | {(row.partition, agent) for agent, row in stored.items()}:
            counted, steps = live.get((partition, agent), (0, 0))
            row = stored.get(agent)
            facts, settled, wanted = (row.facts, row.settled, row.steps) if row else (0, 0, 0)
            fits = settled <= counted <= facts and (not counted == settled == facts or steps == wanted)
            if not fits:
                found.add((partition, (on.day.date, agent)))
        return found

    async def _record(self, owned: frozenset[int], lasting: set[tuple[int, Key]]) -> None:
        agents: dict[int, int] = {}
        for partition, _ in lasting:
            agents[partition] = agents.get(partition, 0) + 1
        async with self._pool.acquire() as connection, connection.transaction():
            clean = sorted(owned - agents.keys())
            await connection.execute("DELETE FROM differences WHERE partition = ANY($1::int[])", clean)
            await connection.executemany(
                "INSERT INTO differences (partition, worker, agents, checked_at) VALUES ($1, $2, $3, $4) "
                "ON CONFLICT (partition) DO UPDATE SET worker = $2, agents = $3, checked_at = $4",
                [(partition, self._worker, count, self._clock.now()) for partition, count in agents.items()],
            )
