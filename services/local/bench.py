"""``srez bench``: gives each benchmark a new broker and a new, migrated database, thrown away afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.lab.bench import Stack
from services.lab.commands import bench_with
from services.local.broker import EmbeddedBroker
from services.local.child import bound
from services.local.migrate import upgrade
from services.local.postgres import EmbeddedPostgres


@contextmanager
def fresh_stack() -> Iterator[Stack]:
    """Embedded servers in a temporary folder; fsync is on, as in production."""
    with tempfile.TemporaryDirectory(prefix="srez-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        broker = EmbeddedBroker(Path(folder))
        try:
            postgres.start()
            postgres.query("CREATE DATABASE srez_bench", database="postgres")
            dsn = postgres.dsn("srez_bench")
            upgrade(dsn)
            broker.start()
            yield Stack(
                postgres_dsn=dsn,
                kafka_bootstrap=broker.bootstrap,
                environment={"SREZ_KAFKA_DURABLE": "false"},
                wrap=bound,
            )
        finally:
            broker.stop()
            postgres.stop()


bench = bench_with(fresh_stack)
