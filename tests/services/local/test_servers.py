"""The embedded servers start, stop, survive being killed, and leave nothing behind."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from schemas.topics import TOPICS
from services.kit.errors import Unavailable
from services.kit.kafka import ensure_topics
from services.local import postgres as postgres_module
from services.local.postgres import LONGEST_SOCKET_PATH, EmbeddedPostgres
from tests.support.running import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.integration


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    """Data outlive a clean stop and a start; the durable server runs with fsync."""
    server = EmbeddedPostgres(tmp_path / "pg")
    server.start()
    server.query("CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    server.start()
    try:
        assert server.query("SELECT n FROM kept; SHOW fsync").split() == ["7", "on"]
    finally:
        server.stop()


def test_a_long_path_still_gets_a_socket(tmp_path: Path) -> None:
    """Where the path of the socket would be too long another folder is used, and removed at the stop."""
    server = EmbeddedPostgres(tmp_path / ("deep" * 30) / "pg", fsync=False)
    server.start()
    sockets = server.sockets
    assert len(str(sockets)) < LONGEST_SOCKET_PATH
    server.stop()
    assert not sockets.exists()


def test_a_checkout_in_a_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs and data below a folder that only its owner may pass (a checkout under the home of root) work, also for root."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = postgres_module.programs().parents[1]
    for folder in wheel.parent.glob(f"{wheel.name}*"):  # the package, and the libraries beside it
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    monkeypatch.setattr(postgres_module, "programs", lambda: closed / wheel.name / "pginstall" / "bin")
    server = EmbeddedPostgres(closed / "pg", fsync=False)
    server.start()
    try:
        assert server.query("SELECT 1").strip() == "1"
    finally:
        server.stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


OWNER = """
    import os, signal, sys
    from pathlib import Path
    from services.local.broker import EmbeddedBroker
    from services.local.postgres import EmbeddedPostgres
    server = EmbeddedPostgres(Path(sys.argv[1])); server.start()
    broker = EmbeddedBroker(Path(sys.argv[1])); broker.start()
    server.query("CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)")
    print(server.process.pid, broker.process.pid, flush=True)
    signal.pause()
"""


def test_servers_die_with_a_killed_owner(tmp_path: Path) -> None:
    """kill −9 of the process that started them ends PostgreSQL and the broker; the next start finds the data."""
    home = tmp_path / "pg"
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER), str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        children = [int(word) for word in owner.stdout.readline().split()]
    assert len(children) == 2
    owner.kill()
    owner.wait()
    wait_until(lambda: not any(map(psutil.pid_exists, children)), "the servers to end")
    server = EmbeddedPostgres(home)
    server.start()
    try:
        assert server.query("SELECT count(*) FROM kept").strip() == "1"
    finally:
        server.stop()


def test_a_left_over_server_is_stopped_first(tmp_path: Path) -> None:
    """A postmaster that outlived its owner does not stand in the way of the next one."""
    first = EmbeddedPostgres(tmp_path / "pg")
    first.start()
    assert first.process is not None
    second = EmbeddedPostgres(tmp_path / "pg")
    second.start()
    try:
        assert first.process.poll() == 0
        assert second.query("SELECT 1").strip() == "1"
    finally:
        second.stop()


def test_a_stale_pid_file_is_no_obstacle(tmp_path: Path) -> None:
    """postmaster.pid naming a foreign, living process (a reused pid) is not that process's end."""
    server = EmbeddedPostgres(tmp_path / "pg", fsync=False)
    server.start()
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    server.start()
    try:
        assert server.query("SELECT 1").strip() == "1"
    finally:
        server.stop()


def test_a_broken_data_folder_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    """A start that cannot succeed says why and leaves no process."""
    server = EmbeddedPostgres(tmp_path / "pg", fsync=False)
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(Unavailable, match="does not start"):
        server.start()
    assert server.process is None


def test_the_broker_takes_our_topics(broker: str) -> None:
    """A fresh broker gets every topic with the partitions asked for."""
    asyncio.run(ensure_topics(broker, TOPICS, partitions=4, replication=1, durable=False))
