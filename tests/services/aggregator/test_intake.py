"""The body of an agent: acknowledged after it is applied, never of an older assignment, never before it is loaded."""

import asyncio
import contextlib
from typing import Any

import pytest

from services.aggregator.stream.holding import Holding
from services.aggregator.stream.intake import Intake


class Message:
    def __init__(self, offset: int, generation: int, log: list[Any]) -> None:
        self.offset, self.generation_id, self.partition, self._log = offset, generation, 0, log

    def ack(self, consumer: Any) -> None:
        self._log.append(("ack", self.offset))


class Event:
    def __init__(self, message: Message) -> None:
        self.message = message


class Bench:
    """An intake with a queue, a holding that is loaded by hand, and a log of what happened in order."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.log: list[Any] = []
        self.failed: list[BaseException] = []
        self.generation = 1
        self.may_load = asyncio.Event()
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.holding = Holding(
            "t", self._load, lambda gone: self.log.append(("drop", sorted(gone))), self.failed.append
        )
        self._fails_at = fails_at
        self.intake = Intake(self.holding, self._apply, lambda: None, 10, self.failed.append)

    async def _load(self, wanted: frozenset[int]) -> None:
        await self.may_load.wait()
        self.log.append(("load", sorted(wanted)))

    def _apply(self, partition: int, message: Any) -> None:
        if message.offset == self._fails_at:
            raise ZeroDivisionError
        self.log.append(("apply", message.offset))

    def put(self, *offsets: int, generation: int = 1) -> None:
        for offset in offsets:
            self.queue.put_nowait(Event(Message(offset, generation, self.log)))

    async def run(self, seconds: float = 0.05) -> None:
        task = asyncio.create_task(self.intake.run(self.queue, lambda: None, lambda: self.generation))
        await asyncio.sleep(seconds)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ZeroDivisionError):
            await task


async def test_a_batch_is_acknowledged_after_all_of_it_is_applied() -> None:
    """Three messages waiting: applied in order, then acknowledged."""
    bench = Bench()
    bench.may_load.set()
    bench.holding.assign(frozenset({0}), 1)
    bench.put(1, 2, 3)
    await bench.run()
    assert bench.log[2:] == [("apply", 1), ("apply", 2), ("apply", 3), ("ack", 1), ("ack", 2), ("ack", 3)]


async def test_nothing_is_applied_before_the_partition_is_loaded() -> None:
    """While facts are being read from PostgreSQL messages wait, unacknowledged."""
    bench = Bench()
    bench.holding.assign(frozenset({0}), 1)
    bench.put(1)
    await bench.run()
    assert [what for what, _ in bench.log] == ["drop"]


async def test_messages_of_an_older_assignment_are_dropped() -> None:
    """What was fetched before a rebalance is neither counted nor acknowledged."""
    bench = Bench()
    bench.may_load.set()
    bench.holding.assign(frozenset({0}), 2)
    bench.generation = 2
    bench.put(1, generation=1)
    bench.put(2, generation=2)
    await bench.run()
    assert bench.log[2:] == [("apply", 2), ("ack", 2)]


async def test_an_unexpected_error_ends_the_process_and_acknowledges_nothing() -> None:
    """A bug in applying must not let a message pass as counted."""
    bench = Bench(fails_at=2)
    bench.may_load.set()
    bench.holding.assign(frozenset({0}), 1)
    bench.put(1, 2, 3)
    await bench.run()
    assert [type(error) for error in bench.failed] == [ZeroDivisionError]
    assert not [what for what, _ in bench.log if what == "ack"]


@pytest.mark.parametrize(("generation", "reloaded"), [(2, [1]), (3, [0, 1])])
async def test_partitions_kept_through_one_rebalance_are_not_read_again(generation: int, reloaded: list[int]) -> None:
    """After a generation was missed somebody else may have owned them: then everything is read again."""
    bench = Bench()
    bench.may_load.set()
    bench.holding.assign(frozenset({0}), 1)
    await bench.holding.ready.wait()
    bench.holding.revoke()
    bench.holding.assign(frozenset({0, 1}), generation)
    await bench.holding.ready.wait()
    assert bench.log[-1] == ("load", reloaded)
