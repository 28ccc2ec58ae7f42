"""Stopping politely: SIGTERM and SIGINT set an event, and what is under way is left when it is set."""

import asyncio
import signal
from typing import Any


def on_signals() -> asyncio.Event:
    """Set by SIGTERM or SIGINT. Must be called in a running loop of the main thread."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def ended_or_stopped(task: "asyncio.Task[Any]", stop: asyncio.Event) -> None:
    """Wait until *task* ends, raising what it raised, or until *stop* is set: then it is cancelled."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task in done:
        task.result()
    else:
        task.cancel()
