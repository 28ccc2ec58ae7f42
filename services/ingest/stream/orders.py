"""Does what the board asks for by the table ``commands``: replays of rejected rows, identities given to agents, marks
and disputes of calls.

Each step of an order — an identity written into a new floor version, a replay begun, a replay ended — is one transaction
with the order's own row. A crash undoes the step or leaves it done: it is taken again at most once more, and
harmlessly, since the same text makes no second version and facts read again have the same ids.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from schemas.commands import Assign, Outcome, Replay, UnderWay
from services.ingest.providers import PROVIDERS
from services.ingest.roster import Refused, assigned
from services.ingest.storage import floors, orders, replay
from services.ingest.storage.journal import DATABASE_ERRORS
from services.ingest.storage.orders import Order
from services.ingest.storage.replay import Filter
from services.ingest.stream import marking
from services.kit import logs
from services.kit.clock import Clock


class Orders:
    """*begun* is called when there are rows for the parser."""

    def __init__(self, pool: Any, clock: Clock, begun: Callable[[], None] = lambda: None) -> None:
        self._pool, self._clock, self._begun = pool, clock, begun

    async def run(self, poll_s: float) -> None:
        while True:
            try:
                await self.once()
            except DATABASE_ERRORS as error:
                logs.get().warning("orders wait", error=type(error).__name__)
            await asyncio.sleep(poll_s)

    async def once(self) -> int:
        """Take every open order a step further; returns how many are done with. Raises database errors."""
        async with self._pool.acquire() as connection:
            return sum([await self._step(connection, id_) for id_ in await orders.waiting(connection)])

    async def _step(self, connection: Any, id_: int) -> bool:
        """True when the order is done with."""
        async with connection.transaction():
            order = await orders.claim(connection, id_)
            if order is None:
                return False
            problem, outcome = await self._outcome(connection, order)
            if outcome is not None:
                await orders.finish(connection, id_, self._clock.now(), outcome, problem)
        if outcome is None or order.kind == "score":
            self._begun()
        if outcome is None:
            return False
        logs.get().info("order done", order=id_, kind=order.kind, problem=problem)
        return True

    async def _outcome(self, connection: Any, order: Order) -> tuple[str | None, Outcome | None]:
        """(problem, outcome); no outcome while a replay is under way. What fails leaves nothing behind but its reason."""
        try:
            async with connection.transaction():
                return None, await self._execute(connection, order)
        except Refused as refused:
            return refused.problem, Outcome(detail=refused.detail)
        except Exception as error:  # an order that breaks must not be taken for ever, nor stop the others
            logs.get().exception("order failed", order=order.id, kind=order.kind)
            return "internal", Outcome(detail=type(error).__name__)

    async def _execute(self, connection: Any, order: Order) -> Outcome | None:
        """Raises: Refused, and whatever a broken order or database gives rise to."""
        if order.kind == "assign":
            return await self._assign(connection, msgspec.json.decode(order.arguments, type=Assign))
        if order.kind == "score":
            return await marking.mark(connection, order.arguments)
        if order.kind == "dispute":
            return await marking.dispute(connection, order.arguments, self._clock.now())
        if order.kind == "settle":
            return await marking.settle(connection, order.arguments, self._clock.now())
        if order.kind != "replay":
            raise Refused("internal", f"no such kind: {order.kind}")
        if order.outcome is None:
            await self._begin(connection, order.id, msgspec.json.decode(order.arguments, type=Replay))
            return None
        return await self._end(connection, msgspec.json.decode(order.outcome, type=UnderWay))

    async def _assign(self, connection: Any, wanted: Assign) -> Outcome:
        await floors.lock(connection)
        newest = await floors.newest(connection)
        if newest is None:
            raise Refused("no_floor")
        # A floor of thousands takes seconds to read: webhooks are accepted meanwhile.
        text = await asyncio.to_thread(assigned, newest.text, wanted, PROVIDERS)
        version, _ = await floors.add(connection, text, self._clock.now())
        return Outcome(version=version)

    async def _begin(self, connection: Any, id_: int, wanted: Replay) -> None:
        chosen = Filter(wanted.source, wanted.since, rejected=True, ids=wanted.rows)
        number, rows = await replay.begin(connection, chosen, self._clock.now())
        await orders.note(connection, id_, UnderWay(replay=number, rows=tuple(rows)))

    async def _end(self, connection: Any, under_way: UnderWay) -> Outcome | None:
        if await replay.left(connection, under_way.rows):
            return None
        await replay.end(connection, under_way.replay, self._clock.now())
        return Outcome(states=await replay.outcome(connection, under_way.rows))
