"""Child processes of this one: their command lines, and what is left of those whose parent was killed."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

LAUNCHER = Path(__file__).with_name("launch.py")


def bound(command: Sequence[str], *, death: signal.Signals = signal.SIGKILL, nobody: Sequence[Path] = ()) -> list[str]:
    """*command*, tied to the life of this process; see launch.py. Start it from the main thread only.

    Args:
        nobody: not empty: root steps down to the user nobody, who must reach these paths.
    """
    options = ["--signal", str(int(death))]
    for path in nobody:
        options += ["--nobody", str(path)]
    return [sys.executable, "-I", "-S", str(LAUNCHER), *options, str(os.getpid()), "--", *command]


def stop_leftover(pid: int, sign: str, *, first: signal.Signals = signal.SIGTERM, patience_s: float = 10) -> bool:
    """Stop process *pid* if its command line still contains *sign*; a reused pid is left alone. True if one was stopped."""
    try:
        process = psutil.Process(pid)
        if not any(sign in word for word in process.cmdline()):
            return False
        process.send_signal(first)
        try:
            process.wait(patience_s)
        except psutil.TimeoutExpired:
            process.kill()
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(patience_s)
    except psutil.NoSuchProcess:
        return False
    return True


def holder(port: int) -> str:
    """Who listens on this TCP port of the machine, as ``python3, process 4711``; "" when the system does not tell."""
    try:
        listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
        pid = next((one.pid for one in listening if one.pid and tuple(one.laddr)[1:2] == (port,)), None)
        return f"{psutil.Process(pid).name()}, process {pid}" if pid else ""
    except psutil.Error:
        return ""
