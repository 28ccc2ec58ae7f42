"""Real servers for tests.

``postgres_dsn``  a fresh, migrated database for each test, on one PostgreSQL for the whole run (copied from a template)
``postgres``      the server itself, where a test needs ``query()`` or another database: ``fresh_database(postgres)``
``broker``        bootstrap address of a fresh, empty broker for each test (it starts in 0.1 s)
``services``      starts services as processes of their own: ``services.start("ingest", {...})``; see tests/support/running.py

Own ones (SREZ_TEST_POSTGRES_DSN is not supported on purpose: a test run must never touch a database that matters).
"""

import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local.broker import EmbeddedBroker
from services.local.migrate import upgrade
from services.local.postgres import EmbeddedPostgres
from tests.support.running import Services

TEMPLATE = "srez_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def temporary_folder() -> Iterator[Path]:
    """A short folder of this run, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="srez-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(temporary_folder: Path) -> Iterator[EmbeddedPostgres]:
    """One server for the run, with a migrated template database; no fsync, its data is thrown away."""
    server = EmbeddedPostgres(temporary_folder / "postgres", fsync=False)
    server.start()
    server.query(f"CREATE DATABASE {TEMPLATE}", database="postgres")
    upgrade(server.dsn(TEMPLATE))
    yield server
    server.stop()


@contextlib.contextmanager
def fresh_database(server: EmbeddedPostgres, template: str = TEMPLATE) -> Iterator[str]:
    """DSN of a new copy of *template*, dropped afterwards together with connections that a test left open."""
    name = f"test_{next(_numbers)}"
    server.query(f"CREATE DATABASE {name} TEMPLATE {template}", database="postgres")
    try:
        yield server.dsn(name)
    finally:
        server.query(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture
def postgres_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    with fresh_database(postgres) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def module_postgres_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A migrated, empty database for all tests of a module."""
    with fresh_database(postgres) as dsn:
        yield dsn


@contextlib.contextmanager
def fresh_broker() -> Iterator[str]:
    """Bootstrap address of a new, empty broker."""
    with tempfile.TemporaryDirectory(prefix="srez-test-broker-") as folder:
        server = EmbeddedBroker(Path(folder))
        server.start()
        try:
            yield server.bootstrap
        finally:
            server.stop()


@pytest.fixture
def broker() -> Iterator[str]:
    with fresh_broker() as bootstrap:
        yield bootstrap


@pytest.fixture(scope="module")
def module_broker() -> Iterator[str]:
    with fresh_broker() as bootstrap:
        yield bootstrap


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Starts services as processes; all are ended with the test, and their logs shown when it failed."""
    running = Services(tmp_path)
    yield running
    running.stop_all()
