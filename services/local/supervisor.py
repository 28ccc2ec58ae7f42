"""Keeps programs running: starts them in order, restarts what ends, stops them in reverse order.

Knows nothing of Srez; ``stack`` says what runs.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.local.output import Output

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
STEADY_S = 30.0
"""After so long a run the next restart is quick again."""
LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ``command`` and ``environment`` are asked at every start; ``prepare`` runs before, off the loop."""

    name: str
    command: Callable[[], Sequence[str]]
    environment: Callable[[], Mapping[str, str]]
    prepare: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 15.0
    tier: int = 1
    """Higher tiers stop first."""
    shown: Callable[[str], bool] = field(default=lambda line: True)


class Child:
    """One program, kept running until ``stop()``."""

    def __init__(self, program: Program, output: Output, changed: Callable[[], None]) -> None:
        self.program = program
        self.starts = 0
        self._output, self._changed = output, changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.on_restart: Callable[[], Awaitable[None]] | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running(), name=self.program.name)

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is None:
            return
        self._signal(self.program.stop_signal)
        done, _ = await asyncio.wait([self._task], timeout=self.program.patience_s)
        if not done:
            self._output.say(f"{self.program.name} does not stop, killed")
            self.kill()
            await asyncio.wait([self._task])

    def restart(self) -> None:
        """End it; it comes back by itself."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, which: signal.Signals) -> None:
        if self.pid is not None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(which)

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if asyncio.get_running_loop().time() - began > STEADY_S:
                pause = FIRST_PAUSE_S
            self._output.say(f"{self.program.name} ended ({_told(code)}), starting it again in {pause:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _run_once(self) -> int:
        if self.program.prepare is not None:
            await asyncio.to_thread(self.program.prepare)
            if self._stopping.is_set():
                return 0
        self._process = await asyncio.create_subprocess_exec(
            *self.program.command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self.program.environment()),
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C reaches the supervisor only; it stops the others in order
        )
        if self._stopping.is_set():
            self._signal(self.program.stop_signal)
        self.starts += 1
        self._changed()
        reading = asyncio.create_task(self._read(self._process))
        if self.starts > 1 and self.on_restart is not None:
            await self.on_restart()
        code = await self._process.wait()
        await asyncio.wait([reading], timeout=1)
        reading.cancel()
        return code

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE; asyncio has thrown it away
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            self._output.line(self.program.name, text, shown=self.program.shown(text))


class Supervisor:
    """All children; ``changed`` is called whenever one got a new process."""

    def __init__(self, output: Output, changed: Callable[[], None] = lambda: None) -> None:
        self.output = output
        self.children: dict[str, Child] = {}
        self.changed = changed

    def run(self, program: Program) -> Child:
        child = self.children[program.name] = Child(program, self.output, lambda: self.changed())
        child.start()
        return child

    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self.children.items() if child.pid is not None}

    async def stop(self) -> None:
        """Stop everything, higher tiers first; returns when no child is left."""
        for tier in sorted({child.program.tier for child in self.children.values()}, reverse=True):
            await asyncio.gather(*(c.stop() for c in self.children.values() if c.program.tier == tier))

    def kill(self) -> None:
        """No patience any more (a second Ctrl-C)."""
        for child in self.children.values():
            if child.program.tier > 0:
                child.kill()


def _told(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name
