"""The supervisor keeps programs running and leaves none behind."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from services.local.child import bound
from services.local.output import Output
from services.local.supervisor import Child, Program, Supervisor
from tests.support.running import ROOT
from tests.support.waiting import eventually, wait_until

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def program(name: str, code: str, *, patience_s: float = 10, tier: int = 1) -> Program:
    words = [sys.executable, "-c", code]
    return Program(name, lambda: bound(words), lambda: os.environ, patience_s=patience_s, tier=tier)


@pytest.fixture
def output(tmp_path: Path):
    out = Output(tmp_path / "srez.log", quiet=True)
    yield out
    out.close()


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "srez.log").read_text()


async def started(child: Child, times: int = 1) -> int:
    await eventually(lambda: child.starts >= times and child.pid, f"start {times} of {child.program.name}")
    assert child.pid is not None
    return child.pid


async def test_what_ends_is_started_again(output: Output, tmp_path: Path) -> None:
    """A killed program comes back as a new process, and the log says why."""
    supervisor = Supervisor(output)
    child = supervisor.run(program("worker", SLEEPER))
    first = await started(child)
    os.kill(first, signal.SIGKILL)
    second = await started(child, 2)
    assert second != first
    assert "worker ended (SIGKILL), starting it again" in log_of(tmp_path)
    await supervisor.stop()
    assert not psutil.pid_exists(second)


async def test_stopping_goes_from_the_top_down(output: Output, tmp_path: Path) -> None:
    """Services end before the stores they write to."""
    farewell = "import signal, sys, time\ndef end(*a): print('bye', flush=True); sys.exit()\n"
    farewell += "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    supervisor = Supervisor(output)
    store = supervisor.run(program("store", farewell, tier=0))
    service = supervisor.run(program("service", farewell, tier=1))
    await started(store)
    await started(service)
    await eventually(lambda: log_of(tmp_path).count("| up") == 2, "both to speak")
    await supervisor.stop()
    said = [line.split()[0] for line in log_of(tmp_path).splitlines() if line.endswith("| bye")]
    assert said == ["service", "store"]


async def test_the_stubborn_are_killed(output: Output, tmp_path: Path) -> None:
    """A program that ignores the polite signal is killed after its patience."""
    supervisor = Supervisor(output)
    child = supervisor.run(program("stubborn", STUBBORN, patience_s=0.2))
    pid = await started(child)
    await eventually(lambda: "| up" in log_of(tmp_path), "it to be up")
    await supervisor.stop()
    assert not psutil.pid_exists(pid)
    assert "stubborn does not stop, killed" in log_of(tmp_path)


async def test_a_stop_between_two_starts(output: Output) -> None:
    """Stopping while a program waits for its next start ends the waiting."""
    supervisor = Supervisor(output)
    child = supervisor.run(program("broken", "raise SystemExit(3)"))
    await eventually(lambda: child.starts == 2, "a second start")
    await asyncio.wait_for(supervisor.stop(), 10)
    assert child.pid is None


async def test_a_line_without_end_does_no_harm(output: Output, tmp_path: Path) -> None:
    """A line longer than any buffer is dropped, the next one is shown."""
    supervisor = Supervisor(output)
    supervisor.run(
        program("chatty", "import time; print('x' * 3_000_000); print('after', flush=True); time.sleep(600)")
    )
    await eventually(lambda: "| after" in log_of(tmp_path), "the line after")
    await supervisor.stop()


SUPERVISOR = """
    import asyncio, os, sys
    from pathlib import Path
    from services.local.child import bound
    from services.local.output import Output
    from services.local.supervisor import Program, Supervisor
    async def main():
        words = [sys.executable, "-c", "import time; time.sleep(600)"]
        supervisor = Supervisor(Output(Path(sys.argv[1])))
        child = supervisor.run(Program("worker", lambda: bound(words), lambda: os.environ))
        while child.pid is None: await asyncio.sleep(0.01)
        print(child.pid, flush=True)
        await asyncio.sleep(600)
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    """kill −9 of the supervisor leaves no child behind."""
    words = [sys.executable, "-c", textwrap.dedent(SUPERVISOR), str(tmp_path / "log")]
    supervisor = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    with supervisor.stdout:
        pid = int(supervisor.stdout.readline())
    assert psutil.pid_exists(pid)
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not psutil.pid_exists(pid), "the child to end")
