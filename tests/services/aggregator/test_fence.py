"""A worker that stood still, or does not become ready, ends itself."""

import asyncio
import contextlib
import signal
import subprocess

import pytest

from services.aggregator.stream.fence import STALLED, STUCK, Fence, watch_recovery
from tests.services.aggregator.test_worker import prepare
from tests.support.running import Services, embedded_environment


async def test_a_beating_loop_is_left_alone() -> None:
    """While the loop runs nothing ends."""
    ended: list[int] = []
    task = asyncio.create_task(Fence(5.0, lambda code, why: ended.append(code)).run())
    await asyncio.sleep(0.6)
    task.cancel()
    assert not ended


async def test_a_recovery_that_does_not_finish_ends_the_process() -> None:
    """Not ready within the time allowed: leave, and let the supervisor start afresh."""
    ended: list[int] = []
    task = asyncio.create_task(watch_recovery(lambda: True, 0.1, lambda code, why: ended.append(code)))
    await asyncio.sleep(0.8)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert set(ended) == {STUCK}


@pytest.mark.integration
def test_a_worker_stopped_past_its_session_ends_itself(postgres_dsn: str, broker: str, services: Services) -> None:
    """SIGSTOP for longer than the fence, SIGCONT: the process leaves instead of showing what is somebody else's now."""
    prepare(postgres_dsn, broker)
    worker = services.start("aggregator", embedded_environment(postgres_dsn, broker)).wait_ready()
    worker.pause()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.process.wait(7)
    worker.process.send_signal(signal.SIGCONT)
    assert worker.process.wait(15) == STALLED
