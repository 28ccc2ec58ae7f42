"""Closing a consumer whose broker is gone."""

import asyncio

import pytest

from services.kit.kafka import close


class CutOff:
    """A consumer that, like aiokafka's without a broker, raises the cancellation of its own parts when it stops."""

    async def stop(self) -> None:
        part = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        part.cancel()
        await part


class Slow:
    async def stop(self) -> None:
        await asyncio.sleep(60)


async def test_its_own_cancellation_stays_inside() -> None:
    """The service goes on: nobody asked it to end."""
    await close(CutOff())


async def test_the_cancellation_of_the_caller_is_passed_on() -> None:
    """A service that is told to stop stops."""
    closing = asyncio.create_task(close(Slow()))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
