"""When the roster changes, facts follow: nobody's facts of any day, another agent's only of today."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.floor import Floor, parse
from schemas.topics import key_hash
from services.ingest.metrics import Metrics
from services.ingest.source import configure
from services.ingest.stream.attributor import Attributor
from services.ingest.stream.parser import Knowledge
from services.kit.clock import Clock
from tests.services.ingest.conftest import FLOOR
from tests.services.ingest.events import MORNING, body, call
from tests.services.ingest.stream.test_parser import Bench, bench

__all__ = ["bench"]
pytestmark = pytest.mark.integration
TODAY = Clock.parse("2026-11-23T12:00:00+03:00@0.001")


def attributor(bench: Bench, floor: Floor, metrics: Metrics | None = None) -> Attributor:
    return Attributor(bench.connections, lambda: floor, TODAY, metrics or Metrics())


async def facts(bench: Bench) -> list[tuple[Any, ...]]:
    rows = await bench.connections.fetch(
        "SELECT day::text, agent, data->>'agent', key_hash, published_at IS NULL FROM facts ORDER BY day, agent"
    )
    return [tuple(row) for row in rows]


async def dirty(bench: Bench) -> set[tuple[str, str]]:
    return {tuple(row) for row in await bench.connections.fetch("SELECT agent, day::text FROM dirty")}


async def test_nobodys_facts_find_their_agent(bench: Bench) -> None:
    """Of today and of last week; an agent given outright who joins the roster later as well."""
    await bench.journal(body(call("a", identity="999"), call("b", identity="999", minute=-7 * 1440)))
    await bench.journal(body(call("c", identity=None, agent="petr")))
    await bench.all_parsed()
    await bench.connections.execute("UPDATE facts SET published_at = now()")
    floor = parse(
        FLOOR.replace('["223"]', '["223", "999"]').replace("sources:", "  - {id: petr, team: hunters}\nsources:")
    )
    metrics = Metrics()
    assert await attributor(bench, parse(FLOOR), metrics).once() == 0
    assert metrics.registry.get_sample_value("srez_unattributed_facts", {"source": "own"}) == 3
    assert await attributor(bench, floor, metrics).once() == 3
    assert metrics.registry.get_sample_value("srez_unattributed_facts", {"source": "own"}) == 0
    assert await attributor(bench, floor).once() == 0
    maria, petr = key_hash("maria"), key_hash("petr")
    assert await facts(bench) == [
        ("2026-11-16", "maria", "maria", maria, True),
        ("2026-11-23", "maria", "maria", maria, True),
        ("2026-11-23", "petr", "petr", petr, True),
    ]
    assert await dirty(bench) == {
        ("own:999", "2026-11-16"),
        ("maria", "2026-11-16"),
        ("own:999", "2026-11-23"),
        ("maria", "2026-11-23"),
        ("own:petr", "2026-11-23"),
        ("petr", "2026-11-23"),
    }


async def test_an_extension_that_changes_hands_moves_today_only(bench: Bench) -> None:
    """Yesterday's calls stay with who made them; today's move, and both agents' days are looked at again."""
    text = FLOOR.replace("provider: freeswitch", "provider: mango").replace("{basic: {env: FS_BASIC}}", "{}")
    before = parse(text)
    await bench.journal(body(call("a"), call("b", minute=-1440)), source="own")
    await bench.all_parsed()
    await bench.connections.execute("UPDATE facts SET source = 'fs', identity = '1042', published_at = now()")
    after = parse(text.replace(', fs: ["1042"]', "").replace('own: ["223"]', 'own: ["223"], fs: ["1042"]'))
    assert await attributor(bench, before).once() == 0
    assert await attributor(bench, after).once() == 1
    ivan, maria = key_hash("ivan"), key_hash("maria")
    assert await facts(bench) == [
        ("2026-11-22", "ivan", "ivan", ivan, False),
        ("2026-11-23", "maria", "maria", maria, True),
    ]
    assert await dirty(bench) == {("ivan", "2026-11-23"), ("maria", "2026-11-23")}


async def test_an_agent_given_outright_stands_above_the_roster(bench: Bench) -> None:
    """A generic sender named the agent: an extension in the same fact does not move it."""
    await bench.journal(body(call("a", identity="223", agent="ivan")), received=MORNING + timedelta(hours=1))
    await bench.all_parsed()
    assert await attributor(bench, parse(FLOOR)).once() == 0
    assert Knowledge(parse(FLOOR), configure(parse(FLOOR))).sources["own"].problem is None
