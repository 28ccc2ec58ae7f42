"""All checks, in the order in which one stands on the other."""

import asyncio
import os
from collections.abc import Iterator

from services.local.doctor import running, stores
from services.local.doctor.finding import Finding, note
from services.local.doctor.installation import installation
from services.local.home import Home
from services.local.ports import DEFAULT_BASE, OFFSETS, PREFERRED, is_free

NOT_RUNNING = "start `srez up` here, or set SREZ_POSTGRES_DSN and SREZ_KAFKA_BOOTSTRAP to yours"


def examine(home: Home) -> Iterator[Finding]:
    """Looks at this machine, then at the stores and services that the environment or a running ``srez up`` name."""
    yield from installation(home)
    if (virtual := stores.virtual_clock()) is not None:
        yield virtual
    endpoints = home.endpoints()
    if not endpoints:
        yield from _ports()
    if dsn := os.environ.get("SREZ_POSTGRES_DSN"):
        notes = asyncio.run(running.ingest_notes(endpoints))
        yield from asyncio.run(stores.database(dsn, notes))
    else:
        yield note("PostgreSQL", "no address", NOT_RUNNING)
    if bootstrap := os.environ.get("SREZ_KAFKA_BOOTSTRAP"):
        yield asyncio.run(stores.broker(bootstrap, int(os.environ.get("SREZ_PARTITIONS", "4"))))
    else:
        yield note("Kafka", "no address", NOT_RUNNING)
    if endpoints:
        yield from asyncio.run(running.services(endpoints))


def _ports() -> Iterator[Finding]:
    taken = {name: DEFAULT_BASE + OFFSETS[name] for name in PREFERRED if not is_free(DEFAULT_BASE + OFFSETS[name])}
    for name, port in taken.items():
        yield note(f"port {port}", f"is taken; {name} will get another one", "or choose: srez up --port-base 9300")
