"""Which TCP ports the local stack listens on."""

import socket
from collections.abc import Callable, Mapping
from typing import Any

from services.kit.errors import Misconfigured

OFFSETS: Mapping[str, int] = {"board": 0, "ingest": 10, "aggregator": 20, "alerts": 30, "kafka": 40}
DEFAULT_BASE = 8300
PREFERRED_BY: Mapping[str, str] = {
    "board": "the board is on {port}",
    "ingest": "webhooks are on {port}: your PBX must post there",
}
PREFERRED = tuple(PREFERRED_BY)
"""These two people and PBXs call: they get the same port every time, if it is free."""


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


def is_free(port: int) -> bool:
    return free_port(port) == port


def choose(base: int | None, earlier: Mapping[str, Any]) -> dict[str, int]:
    """A free port for each.

    Args:
        base: given by the person: exactly base + offset, or an error. None: those of the *earlier* run that was killed,
            the usual ones for people and PBXs, else any.
    Raises: Misconfigured.
    """
    if base is not None:
        wanted = {name: base + offset for name, offset in OFFSETS.items()}
        taken = [f"{port} ({name})" for name, port in wanted.items() if not is_free(port)]
        if taken:
            raise Misconfigured(f"ports are taken: {', '.join(taken)}; choose another --port-base")
        return wanted
    chosen: dict[str, int] = {}
    for name, offset in OFFSETS.items():
        usual = DEFAULT_BASE + offset if name in PREFERRED else None
        port = free_port(earlier.get(name, usual))
        if name in earlier and port != earlier[name] and usual is not None:
            port = free_port(usual)
        chosen[name] = port
    return chosen


def displaced(chosen: Mapping[str, int], holder: Callable[[int], str]) -> list[str]:
    """A line for each usual port that somebody else has: whoever calls it must be told.

    Args:
        holder: port → who listens there, or "".
    """
    lines = []
    for name, reader in PREFERRED_BY.items():
        usual = DEFAULT_BASE + OFFSETS[name]
        if chosen[name] != usual and not is_free(usual):
            by = f" (by {who})" if (who := holder(usual)) else ""
            lines.append(f"{usual} is taken{by}; {reader.format(port=chosen[name])}, or free it and start again")
    return lines
