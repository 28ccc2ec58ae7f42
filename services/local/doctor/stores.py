"""Database, broker, floor and clock: what every service stands on."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta

import sqlalchemy as sa
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor, FloorError, parse
from schemas.tables import accounts, floors
from schemas.topics import TOPICS
from services.board.web.sameorigin import is_loopback
from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.kit.postgres import engine
from services.kit.secret import read
from services.local import migrate
from services.local.counted import counted
from services.local.doctor import sources
from services.local.doctor.finding import Finding, note, ok, wrong
from services.local.doctor.slack import slack

LARGEST_CLOCK_DIFFERENCE = timedelta(seconds=2)
LOWEST_POSTGRES = 150000
NO_FLOOR = wrong("floor", "none was applied yet", "srez floor apply FILE (deploy/floor.example.yaml is a start)")


async def database(dsn: str, notes: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Reachable, recent enough, migrated, with the same clock; and the floor in force.

    Args:
        notes: what a running ingest says of its sources.
    """
    connections = engine(dsn, size=1)
    try:
        async with connections.connect() as connection:
            version = int((await connection.execute(sa.text("SHOW server_version_num"))).scalar_one())
            there = (await connection.execute(sa.text("SELECT clock_timestamp()"))).scalar_one()
            here = Clock().real()
            revision = None
            if (await connection.execute(sa.text("SELECT to_regclass('alembic_version')"))).scalar_one() is not None:
                revision = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar()
            found = await _floor(connection, notes) if revision is not None else [NO_FLOOR]
            if revision == migrate.newest():
                counted_accounts = sa.select(sa.func.count(), sa.func.count(accounts.c.disabled_at))
                found.append(accounts_told(*(await connection.execute(counted_accounts)).one()))
    except (sa.exc.SQLAlchemyError, OSError, TimeoutError) as error:
        detail = (str(error) or type(error).__name__).splitlines()[0][:200]
        return iter([wrong("PostgreSQL", detail, "is it running, and is SREZ_POSTGRES_DSN right?")])
    finally:
        await connections.dispose()
    return iter(
        [
            _version(version),
            _revision(revision),
            _same_clock(abs(there - here)),
            *found,
        ]
    )


def accounts_told(count: int, disabled: int) -> Finding:
    """*count* includes the *disabled* ones."""
    bind = os.environ.get("SREZ_BIND", "127.0.0.1")
    if count:
        return ok("accounts", f"{count}" + (f", {disabled} disabled" if disabled else ""))
    add = "srez account add NAME --role operator"
    if not is_loopback(bind):
        return wrong("accounts", f"none: a board that listens on {bind} shows nothing", add)
    return note(
        "accounts", "none: whoever sits at this machine may do everything on the board", f"to change that: {add}"
    )


def _version(number: int) -> Finding:
    told = f"version {number // 10000}.{number % 10000}"
    if number < LOWEST_POSTGRES:
        return wrong("PostgreSQL", told, "Srez needs PostgreSQL 15 or newer")
    return ok("PostgreSQL", told)


def _revision(revision: str | None) -> Finding:
    newest = migrate.newest()
    if revision == newest:
        return ok("schema", f"revision {revision}")
    if revision is None:
        return wrong("schema", "the database is empty", "srez migrate")
    known = migrate.revisions()
    if revision in known:
        return wrong("schema", f"revision {revision}, this version needs {newest}", "srez migrate")
    return wrong("schema", f"revision {revision} is unknown to this version", "the database is newer: upgrade Srez")


def _same_clock(difference: timedelta) -> Finding:
    told = f"differs from the database's by {difference.total_seconds():.1f} s"
    if difference > LARGEST_CLOCK_DIFFERENCE:
        return wrong("clock", told, "keep both machines' time with NTP: facts are put into slices by it")
    return ok("clock", told)


def virtual_clock() -> Finding | None:
    """A finding when time is not real."""
    text = os.environ.get("SREZ_CLOCK", "")
    if not text:
        return None
    try:
        now = Clock.from_environment().now()
    except Misconfigured as error:
        return wrong("SREZ_CLOCK", str(error), "mend or unset it; production has no SREZ_CLOCK")
    return note("SREZ_CLOCK", f"time is virtual, {now:%Y-%m-%d %H:%M} UTC now", "meant for demos and tests only")


async def _floor(connection: AsyncConnection, notes: Mapping[str, str] | None) -> list[Finding]:
    """The floor in force, its sources and its channels."""
    query = sa.select(floors.c.version, floors.c.text).order_by(floors.c.version.desc()).limit(1)
    newest = (await connection.execute(query)).first()
    if newest is None:
        return [NO_FLOOR]
    try:
        floor = parse(newest.text)
    except FloorError as error:
        told = f"version {newest.version} does not parse any more: {error.problems[0]}"
        return [wrong("floor", told, "mend and apply it again")]
    size = f"{counted(len(floor.agents), 'agent')}, {counted(len(floor.sources), 'source')}"
    told = f"version {newest.version}: {floor.title}, {size}"
    seen = await sources.activity(connection, floor)
    return [
        ok("floor", told),
        *sources.sources(floor, seen, notes),
        *_channels(floor),
        *await slack(floor, _slack_url(), os.environ),
    ]


def _slack_url() -> str:
    return os.environ.get("SREZ_SLACK_API_URL") or "https://slack.com/api/"


def _channels(floor: Floor) -> Iterator[Finding]:
    for channel in floor.notify.channels:
        for reference in (channel.token, channel.url, channel.signing):
            if reference is None:
                continue
            try:
                read(reference.env)
            except Misconfigured as error:
                mend = "set it where alerts runs; until then messages go to the next channel, at last to its log"
                yield note(f"channel {channel.id}", f"{error} here", mend)


async def broker(bootstrap: str, partitions: int) -> Finding:
    """Reachable, with all topics in the right number of partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        there = set(await admin.list_topics())
        names = [topic.name for topic in TOPICS if topic.name in there]
        found = await admin.describe_topics(names) if names else []
    except (KafkaError, OSError, TimeoutError) as error:
        return wrong(
            "Kafka", f"{bootstrap}: {type(error).__name__}", "is it running, and is SREZ_KAFKA_BOOTSTRAP right?"
        )
    finally:
        await admin.close()
    counts = {one["topic"]: len(one["partitions"]) for one in found}
    differing = [f"{name} has {count}" for name, count in counts.items() if count != partitions]
    if differing:
        mend = "set SREZ_PARTITIONS to that number everywhere, or make the topics anew"
        return wrong("Kafka", f"SREZ_PARTITIONS is {partitions}, but {', '.join(differing)}", mend)
    absent = len(TOPICS) - len(counts)
    told = f"{len(counts)} topics of {partitions} partitions"
    return ok("Kafka", f"{told}, {absent} are made when a service starts" if absent else told)
