"""Orders of the board: done once, told in words, harmless when a crash repeats a step."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from schemas.commands import Assign, Replay
from schemas.floor import parse
from services.ingest.source import configure
from services.ingest.storage import floors, orders, replay
from services.ingest.stream.attributor import Attributor
from services.ingest.stream.orders import Orders
from services.ingest.stream.parser import Knowledge
from services.kit.clock import Clock
from tests.services.ingest.conftest import FLOOR, apply_floor
from tests.services.ingest.events import MORNING, body, call
from tests.services.ingest.stream.test_parser import Bench, bench

__all__ = ["bench"]
pytestmark = pytest.mark.integration
FORGOTTEN = FLOOR.replace("id: hidden", "id: forgotten")


async def order(bench: Bench, asked: msgspec.Struct | str, kind: str = "") -> int:
    text = asked if isinstance(asked, str) else msgspec.json.encode(asked).decode()
    id_: int = await bench.connections.fetchval(
        "INSERT INTO commands (kind, arguments, requested_at, requested_by) VALUES ($1, $2::jsonb, $3, 'test')"
        " RETURNING id",
        kind or type(asked).__name__.lower(), text, MORNING,
    )  # fmt: skip
    return id_


async def told(bench: Bench, id_: int) -> tuple[bool, str | None, dict[str, Any] | None]:
    row = await bench.connections.fetchrow(
        "SELECT done_at IS NOT NULL, problem, outcome::text FROM commands WHERE id = $1", id_
    )
    return row[0], row[1], row[2] and msgspec.json.decode(row[2])


def worker(bench: Bench, begun: Callable[[], None] = lambda: None) -> Orders:
    return Orders(bench.connections, Clock(), begun)


async def test_an_identity_is_given_and_its_facts_follow(bench: Bench) -> None:
    """The floor gets a version with one identity more; the attributor then finds the facts."""
    await apply_floor(bench.connections)
    await bench.journal(body(call("a", identity="999"), call("b", identity="999")))
    await bench.all_parsed()
    id_ = await order(bench, Assign(source="own", identity="999", agent="maria"))
    assert await worker(bench).once() == 1
    assert await told(bench, id_) == (True, None, {"version": 2})
    newest = await floors.newest(bench.connections)
    assert newest is not None
    floor = parse(newest.text)
    assert floor.agent_by_identity["own", "999"] == "maria"
    assert await Attributor(bench.connections, lambda: floor, Clock(), bench.metrics).once() == 2


async def test_the_same_order_twice_makes_one_version(bench: Bench) -> None:
    """A second press, or an order taken again, changes nothing."""
    await apply_floor(bench.connections)
    for _ in range(2):
        id_ = await order(bench, Assign(source="own", identity="999", agent="maria"))
        assert await worker(bench).once() == 1
        assert await told(bench, id_) == (True, None, {"version": 2})
    assert await bench.connections.fetchval("SELECT count(*) FROM floors") == 2


@pytest.mark.parametrize(
    ("asked", "kind", "problem", "detail"),
    [
        (Assign(source="own", identity="222", agent="maria"), "", "belongs", "ivan"),
        (Assign(source="own", identity="1", agent="nobody"), "", "no_agent", "nobody"),
        ('{"odd": 1}', "assign", "internal", "ValidationError"),
        ("{}", "dance", "internal", "no such kind: dance"),
    ],
)
async def test_what_cannot_be_done_is_told(
    bench: Bench, asked: msgspec.Struct | str, kind: str, problem: str, detail: str
) -> None:
    """A reason for people; the next order is not held up."""
    await apply_floor(bench.connections)
    id_ = await order(bench, asked, kind)
    next_ = await order(bench, Assign(source="own", identity="999", agent="maria"))
    assert await worker(bench).once() == 2
    assert await told(bench, id_) == (True, problem, {"detail": detail})
    assert (await told(bench, next_))[1] is None


async def test_no_floor_yet(bench: Bench) -> None:
    """Told as such."""
    id_ = await order(bench, Assign(source="own", identity="999", agent="maria"))
    await worker(bench).once()
    assert (await told(bench, id_))[1] == "no_floor"


async def test_rejected_rows_are_read_again(bench: Bench) -> None:
    """Of one source, since the instant asked for; slices are untrusted until the last row is parsed."""
    old = await bench.journal(body(call("z")), source="forgotten", received=MORNING - timedelta(days=30))
    rows = [await bench.journal(body(call(name)), source="forgotten") for name in "ab"]
    other = await bench.journal(b"garbage")
    await bench.all_parsed()
    bench.knowledge = Knowledge(parse(FORGOTTEN), configure(parse(FORGOTTEN)))
    id_ = await order(bench, Replay(source="forgotten", since=MORNING))
    woken: list[bool] = []
    orders_ = worker(bench, lambda: woken.append(True))
    assert await orders_.once() == 0
    assert woken
    done, _, under_way = await told(bench, id_)
    assert (done, under_way and under_way["rows"]) == (False, rows)
    assert await bench.connections.fetchval("SELECT count(*) FROM replays WHERE finished_at IS NULL") == 1
    assert await orders_.once() == 0
    await bench.all_parsed()
    assert await orders_.once() == 1
    assert await told(bench, id_) == (True, None, {"states": {"parsed": 2}})
    assert [await bench.state(row) for row in rows] == [("parsed", None, 1)] * 2
    assert (await bench.state(old))[0] == (await bench.state(other))[0] == "rejected"
    assert await bench.connections.fetchval("SELECT count(*) FROM replays WHERE finished_at IS NULL") == 0


async def test_one_row_alone(bench: Bench) -> None:
    """The row asked for, if it is of that source and was rejected; nothing to do is well too."""
    rows = [await bench.journal(raw) for raw in (b"bad", b"worse", body(call("a")))]
    await bench.all_parsed()
    await order(bench, Replay(source="own", rows=(rows[0], rows[2])))
    none = await order(bench, Replay(source="fs", rows=(rows[1],)))
    await worker(bench).once()
    assert [(await bench.state(row))[0] for row in rows] == ["new", "rejected", "parsed"]
    await bench.all_parsed()
    assert await worker(bench).once() == 2
    assert await told(bench, none) == (True, None, {})


async def test_a_crash_between_the_steps(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies in a step leaves the order as it was; the next one ends it, with each fact once."""
    await bench.journal(body(call("a")), source="forgotten")
    await bench.all_parsed()
    bench.knowledge = Knowledge(parse(FORGOTTEN), configure(parse(FORGOTTEN)))
    id_ = await order(bench, Replay(source="forgotten"))

    async def killed(*_: Any) -> None:
        raise asyncio.CancelledError

    for module, name in ((orders, "note"), (replay, "end"), (orders, "finish")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, killed)
            with pytest.raises(asyncio.CancelledError):
                await worker(bench).once()
        if name == "note":
            assert await told(bench, id_) == (False, None, None)
            assert await bench.connections.fetchval("SELECT count(*) FROM replays") == 0
            await worker(bench).once()
            await bench.all_parsed()
    assert await worker(bench).once() == 1
    assert (await told(bench, id_))[2] == {"states": {"parsed": 1}}
    assert await bench.connections.fetchval("SELECT count(*) FROM replays") == 1
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 1


async def test_two_workers_do_not_take_the_same(bench: Bench) -> None:
    """Several ingests: an order in one's hands is passed over by the other."""
    await apply_floor(bench.connections)
    id_ = await order(bench, Assign(source="own", identity="999", agent="maria"))
    async with bench.connections.acquire() as connection, connection.transaction():
        assert await orders.claim(connection, id_) is not None
        assert await worker(bench).once() == 0
    assert sum(await asyncio.gather(worker(bench).once(), worker(bench).once())) == 1
    assert await bench.connections.fetchval("SELECT count(*) FROM floors") == 2
