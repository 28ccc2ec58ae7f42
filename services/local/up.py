"""``srez up``: runs the stack in the foreground until it is asked to stop."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping

from schemas.floor import FloorError
from services.kit.errors import SrezError
from services.local.home import Home
from services.local.output import Output
from services.local.postgres import EmbeddedPostgres
from services.local.stack import Options, Stack

During = Callable[[Stack], Awaitable[int | None]]
"""What to do once everything is ready; a number ends the run with that exit code, None goes on until Ctrl-C."""


def run(
    home: Home,
    options: Options,
    *,
    environment: Mapping[str, str] = os.environ,
    during: During | None = None,
    quiet: bool = False,
    fresh: bool = False,
) -> int:
    """Exit code: 0 after a clean stop. ``fresh`` forgets all data first. Raises: Misconfigured when one runs here already."""
    with home.locked():
        if fresh:
            EmbeddedPostgres(home.state / "postgres").stop_orphan()
            shutil.rmtree(home.state)
            home.state.mkdir()
        output = Output(home.log_file, quiet=quiet)
        try:
            return asyncio.run(_run(Stack(home, options, output, environment), during or greet))
        finally:
            output.close()


async def _run(stack: Stack, during: During) -> int:
    output = stack.output
    asked = asyncio.Event()

    def ask() -> None:
        if asked.is_set():
            stack.supervisor.kill()
        asked.set()

    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(which, ask)
    work = asyncio.create_task(_work(stack, during), name="work")
    waiting = asyncio.create_task(asked.wait(), name="asked")
    code: int | None = None
    try:
        await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            code = work.result()
            if code is None:
                await waiting
    except (SrezError, FloorError) as error:
        output.say(f"cannot go on: {error}")
        code = 1
    finally:
        output.say("stopping")
        for task in (work, waiting):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, SrezError, FloorError):
                await task
        await stack.stop()
        output.say("everything is stopped")
    return code or 0


async def _work(stack: Stack, during: During) -> int | None:
    await stack.start()
    return await during(stack)


async def greet(stack: Stack) -> int | None:
    """Say where everything is once it is ready; without a floor nothing can be, so then at once."""
    if not stack.has_floor:
        stack.output.say(addresses(stack))
        stack.output.say("no floor is applied yet: everything waits for `srez floor apply FILE`")
        return None
    try:
        await stack.wait_ready()
    except SrezError as error:
        stack.output.say(f"not everything is ready yet: {error}")
    stack.output.say(addresses(stack))
    if stack.lacking:
        for line in stack.lacking:
            stack.output.say(line)
        stack.output.say("set what is lacking, then start srez up again")
    return None


def addresses(stack: Stack) -> str:
    return "\n".join(
        [
            "",
            f"  Board      {stack.url('board')}",
            f"  Webhooks   {stack.url('ingest')}/hooks/<source>",
            f"  Addresses  {stack.home.endpoints_file}",
            *(f"  {line}" for line in stack.displaced),
            "  Stop with Ctrl-C",
            "",
        ]
    )
