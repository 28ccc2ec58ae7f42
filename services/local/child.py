"""Child processes of this one: their command lines, and what is left of those whose parent was killed."""

import contextlib
import os
import signal
import socket
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


def free_port(preferred: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that is free now: *preferred* when possible."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free TCP port on 127.0.0.1")


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
