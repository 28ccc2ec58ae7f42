"""Stored facts come out as they went in, and a back-test of them gives what was frozen live."""

import asyncio
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from schemas import facts
from schemas.facts import CallEnded, CallScored, CallTranscribed, Fact, Segment, encode_data
from services.ingest.stamp import Stamped
from services.ingest.storage.facts import Candidate
from services.ingest.storage.facts import store as ingest
from services.lab.backtest.read import facts as read_facts
from services.lab.backtest.read import read
from services.lab.backtest.run import run as backtest
from services.local.cli import app
from services.local.stored_facts import deliveries, export
from services.rules.day import date_of
from tests.services.aggregator.feeding import an_id, call, event, state, store
from tests.services.aggregator.test_closing import FLOOR, a_day, at, closer, rows_of, with_pool

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=FLOOR.zone)
SLICE = ("date", "slice", "agent", "team", "step", "done", "in_slice", "target", "index", "p_below", "level", "trusted")
TASK = ("date", "agent", "team", "step", "opened", "target", "verified", "result")


def one_of_each() -> list[Fact]:
    """Every type of fact; one of nobody on the roster, one late, one with everything a call may carry."""
    whole = CallEnded(
        call_id="pbx:7", agent="a1", identity="1", direction="inbound", started_at=NOON, answered_at=NOON, ended_at=NOON,
        talk_s=12.5, ring_s=3, disposition="answered", q850=16, sip_status=200, hangup_by="customer", line="pbx/trunk-1",
        did="74950000000", campaign="весна", customer="k1:77", recording_url="https://pbx/7.mp3?a=1&b=2",
    )  # fmt: skip
    said = CallTranscribed(
        call_id="pbx:7",
        agent="a1",
        language="ru",
        segments=(Segment(channel="agent", start_s=0, end_s=2.5, text="«Да»\n"),),
    )
    scored = CallScored(
        call_id="pbx:7", agent="a1", card="ours", card_version=2, by="oleg", marks={"contact": 0.5, "closing": None},
        bans=("promise",), sample="random",
    )  # fmt: skip
    late = NOON + timedelta(hours=3)
    return sorted(
        [
            Fact(id=an_id("whole"), type=facts.CALL, source="pbx", time=NOON, data=whole, received_at=late),
            Fact(id=an_id("said"), type=facts.TRANSCRIPT, source="pbx", time=NOON, data=said, received_at=late),
            Fact(id=an_id("scored"), type=facts.SCORE, source="crm", time=NOON, data=scored, received_at=late),
            call(None, NOON, key="nobody's"),
            *(event(kind, "a2", NOON) for kind in (facts.PRESENTATION, facts.INVOICE, facts.PAYMENT, facts.REFUND)),
            state("a2", NOON, "technical"),
        ],
        key=lambda fact: fact.id,
    )


def exported(dsn: str, path: Path) -> Path:
    with path.open("wb") as file:
        asyncio.run(export(dsn, None, None, file.write))
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["facts", "export", *map(str, words)], terminal_width=200)


@pytest.mark.integration
def test_every_type_of_fact_comes_out_as_it_went_in(postgres_dsn: str, tmp_path: Path) -> None:
    """Down to the microsecond and the missing agent."""
    put_in = one_of_each()
    assert {fact.type for fact in put_in} == set(facts.DATA_TYPES)
    asyncio.run(store(postgres_dsn, put_in, FLOOR))
    assert list(read_facts(exported(postgres_dsn, tmp_path / "facts.ndjson"))) == put_in


def corrected(found: list[Fact]) -> list[Fact]:
    """The long talks of two agents in the first hour were said to be short at ten past twelve."""
    return [
        msgspec.structs.replace(fact, data=msgspec.structs.replace(fact.data, talk_s=20.0), received_at=at(12, 10))
        for fact in found
        if isinstance(fact.data, CallEnded)
        and fact.time < at(10)
        and fact.data.talk_s > 600
        and fact.agent in ("a1", "a5")
    ]


async def told_again(pool: Any, found: list[Fact], now: datetime) -> None:
    async with pool.acquire() as connection, connection.transaction():
        stamped = [Stamped(fact, date_of(fact.time, FLOOR.zone), clamped=False) for fact in found]
        await ingest(connection, [Candidate(one, number) for number, one in enumerate(stamped, 1)], now)


@pytest.mark.integration
def test_a_back_test_of_the_export_gives_what_was_frozen(postgres_dsn: str, tmp_path: Path) -> None:
    """Slices and tasks of a day with late facts, states and calls that are corrected after the first slice had counted them."""
    day = a_day()
    later = corrected(day)

    async def lived(pool: Any) -> Any:
        await store(postgres_dsn, day, FLOOR)
        assert await closer(pool, at(11, 3, 3.5)).close_due() == 1
        await told_again(pool, later, at(12, 10, 0.05))
        for hour in (13, 16, 18):
            assert await closer(pool, at(hour, 3, 3.5)).close_due() == 1
        return await rows_of(pool, "slices", "agent"), await rows_of(pool, "tasks", "opened, team, agent, step")

    slices, tasks = with_pool(postgres_dsn, lived)
    path = exported(postgres_dsn, tmp_path / "facts.ndjson")
    assert len(list(read_facts(path))) == len(day) + len(later)
    replayed = backtest(FLOOR, read(path, FLOOR))
    assert sorted(tuple(row[name] for name in SLICE) for row in slices) == sorted(
        tuple(getattr(row, name) for name in SLICE) for row in replayed.slices
    )
    assert [tuple(row[name] for name in TASK) for row in tasks] == [
        tuple(getattr(row, name) for name in TASK) for row in replayed.tasks
    ]
    long = {row["slice"]: row["done"] for row in slices if row["agent"] == "a1" and row["step"] == "long_calls"}
    assert later
    assert long["11:00"] > 0
    assert tasks


def stored(received: datetime, *earlier: tuple[float, datetime], first_leg: datetime | None = None) -> dict[str, Any]:
    """A row whose call talked 60 s in the end; *earlier*: what it was said to talk before, until when."""
    fact = call("a1", NOON, talk_s=60)

    def said(talk_s: float) -> str:
        return encode_data(msgspec.structs.replace(fact.data, talk_s=talk_s)).decode()

    return {
        "id": fact.id, "type": fact.type, "source": fact.source, "occurred_at": fact.time, "received_at": received,
        "agent": "a1", "data": said(60), "replaced_at": [until for _, until in earlier] or None,
        "earlier": [said(talk_s) for talk_s, _ in earlier] or None, "first_leg": first_leg,
    }  # fmt: skip


def told(row: dict[str, Any]) -> list[tuple[float, datetime | None]]:
    """(talk, since when it was known) of each content."""
    return [(one.data.talk_s, one.received_at) for one in deliveries(row) if isinstance(one.data, CallEnded)]


def test_each_content_is_known_from_when_the_one_before_was_replaced() -> None:
    """The first from when it happened; the last from when it came."""
    first, last = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
    parsed = last + timedelta(milliseconds=50)
    assert told(stored(last, (10, first), (20, parsed))) == [(10, NOON), (20, first), (60, last)]


def test_what_a_mended_parser_read_anew_holds_from_its_arrival() -> None:
    """It came with the webhook itself, also with a late one: the wrong readings are nobody's word. What was there before that
    webhook stays."""
    for came in (NOON + timedelta(seconds=1), NOON + timedelta(minutes=20)):
        assert told(stored(came, (10, NOON + timedelta(days=2)), (20, NOON + timedelta(days=3)))) == [(60, came)]
    came = NOON + timedelta(hours=2)
    assert told(stored(came, (10, came), (20, NOON + timedelta(days=3)))) == [(10, NOON), (60, came)]


def test_legs_that_come_late_together_are_one_late_call() -> None:
    """The first leg says when the call was first known: not when it happened, and for no time that a slice could see."""
    came = NOON + timedelta(minutes=20)
    joined = came + timedelta(seconds=2)
    assert told(stored(joined, (10, joined), first_leg=came)) == [(60, joined)]
    later = came + timedelta(minutes=30)
    assert told(stored(later, (10, later), first_leg=came)) == [(10, came), (60, later)]


@pytest.mark.integration
def test_the_first_leg_of_a_call_is_found(postgres_dsn: str, tmp_path: Path) -> None:
    """By the name that the source gave the call; legs of others are not asked."""
    one = call("a1", NOON, talk_s=60)
    assert isinstance(one.data, CallEnded)
    name = one.data.call_id.removeprefix("pbx:")
    came, later = NOON + timedelta(minutes=20), NOON + timedelta(minutes=50)
    first = msgspec.structs.replace(one, received_at=came, data=msgspec.structs.replace(one.data, talk_s=10))
    last = msgspec.structs.replace(one, received_at=later)

    async def lived(pool: Any) -> None:
        for source, leg, at_ in (("pbx", "a", came), ("pbx", "b", later), ("crm", "a", NOON)):
            await pool.execute(
                "INSERT INTO legs (source, call, leg, data, received_at) VALUES ($1, $2, $3, '{}', $4)",
                source,
                name,
                leg,
                at_,
            )
        await told_again(pool, [first], came)
        await told_again(pool, [last], later)

    with_pool(postgres_dsn, lived)
    assert list(read_facts(exported(postgres_dsn, tmp_path / "facts.ndjson"))) == [first, last]


@pytest.mark.integration
def test_the_command_writes_days_and_says_what(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days from --since to --until, both included; a file that is there stays without --force; without --out it is printed."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    days = [call("a1", NOON + timedelta(days=ahead), key=ahead) for ahead in range(4)]
    asyncio.run(store(postgres_dsn, days, FLOOR))
    out = tmp_path / "facts.ndjson"
    done = run("--since", "2026-11-24", "--until", "2026-11-25", "--out", out)
    assert (done.exit_code, done.stderr) == (0, f"2 facts, 2026-11-24 to 2026-11-25 → {out}\n")
    assert list(read_facts(out)) == days[1:3]
    assert stat.S_ISREG(out.stat().st_mode)
    kept = run("--out", out)
    assert (kept.exit_code, kept.stderr) == (2, f"{out} is there already: --force replaces it\n")
    assert list(read_facts(out)) == days[1:3]
    assert run("--out", out, "--force").exit_code == 0
    assert list(read_facts(out)) == days
    assert [facts.decode(line) for line in run().stdout.splitlines()] == days
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.integration
def test_days_without_facts_are_told(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the days that have some; no file is left behind, and one that was there stays."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    out = tmp_path / "facts.ndjson"
    empty = run("--out", out)
    assert "no facts are stored yet" in str(empty.exception)
    asyncio.run(store(postgres_dsn, [call("a1", NOON)], FLOOR))
    out.write_bytes(b"mine")
    outside = run("--until", "2026-11-20", "--out", out, "--force")
    assert str(outside.exception) == (
        "no facts from 2026-11-23 to 2026-11-20; there are some from 2026-11-23 to 2026-11-23"
    )
    assert out.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.integration
def test_a_fact_of_another_version_is_named(postgres_dsn: str) -> None:
    """Nothing is left out silently."""

    async def told() -> None:
        await store(postgres_dsn, [call("a1", NOON)], FLOOR)
        connection = await asyncpg.connect(postgres_dsn)
        await connection.execute("UPDATE facts SET type = 'srez.call.ended.v9'")
        await connection.close()
        await export(postgres_dsn, None, None, lambda _: None)

    with pytest.raises(Exception, match=f"{call('a1', NOON).id} cannot be read by this version.*v9"):
        asyncio.run(told())


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/srez", "the database does not answer: .*srez up"),
        ("", "no database: start `srez up`"),
    ],
)
def test_a_database_that_is_away_is_told(dsn: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mend; nothing is left behind."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", dsn)
    monkeypatch.setenv("SREZ_HOME", str(tmp_path / "home"))
    done = run("--out", tmp_path / "facts.ndjson")
    with pytest.raises(Exception, match=told):
        raise done.exception or AssertionError("it went well")
    assert list(tmp_path.iterdir()) == []


def test_the_days_must_be_in_order(tmp_path: Path) -> None:
    """Said before anything is asked of the database."""
    done = run("--since", "2026-11-25", "--until", "2026-11-24", "--out", tmp_path / "facts.ndjson")
    assert (done.exit_code, done.stderr) == (2, "--since is after --until\n")


@pytest.mark.integration
def test_an_unmigrated_database_is_told(postgres_dsn: str) -> None:
    """Its mend, instead of a table's name."""

    async def told() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        await connection.execute("DROP TABLE facts CASCADE")
        await connection.close()
        await export(postgres_dsn, None, None, lambda _: None)

    with pytest.raises(Exception, match="srez migrate"):
        asyncio.run(told())
