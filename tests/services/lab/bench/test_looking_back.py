"""The floor that B5 and B9 stand on: its facts belong together, its last slice is open, two fills are the same."""

import asyncio
from datetime import date as Date
from datetime import timedelta
from typing import Any

import asyncpg

from schemas.floor import parse
from services.lab.bench import past
from services.rules.day import working_day

LAST = Date(2026, 11, 23)
FLOOR = parse(past.floor_text(4, 2, LAST))


async def _filled(dsn: str) -> dict[str, Any]:
    cut = next(one for one in working_day(FLOOR, LAST).cut_offs if one.name == "16:00")
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("TRUNCATE facts, closes, slices, tasks, forecasts")
        dates = past.working_days(FLOOR, LAST, 4)
        facts = await past.write(connection, FLOOR, dates, cut.at + timedelta(minutes=1))
        of = {
            "facts": "SELECT count(*) FROM facts",
            "days": "SELECT count(DISTINCT day) FROM facts WHERE type = 'srez.call.ended.v1'",
            "newest": "SELECT max(occurred_at) FROM facts",
            "closes": "SELECT count(*) FROM closes",
            "slices": "SELECT count(*) FROM slices",
            "wrong": "SELECT count(*) FROM slices s WHERE step = 'calls' AND done <> (SELECT count(*) FROM facts f "
            "WHERE f.day = s.date AND f.agent = s.agent AND type = 'srez.call.ended.v1' AND occurred_at <= s.cut_off)",
            "orphans": "SELECT count(*) FROM facts p WHERE type = 'srez.presentation.made.v1' AND NOT EXISTS "
            "(SELECT FROM facts c WHERE c.data->>'call_id' = p.data->>'call_id' AND c.type = 'srez.call.ended.v1')",
            "invoices": "SELECT count(*) FROM facts WHERE type = 'srez.invoice.issued.v1'",
            "sum": "SELECT sum(talk_s) FROM facts",
        }
        found = {name: await connection.fetchval(query) for name, query in of.items()}
        assert facts == found["facts"]
        return found
    finally:
        await connection.close()


def test_a_floor_with_days_behind_it(postgres_dsn: str) -> None:
    """Slices count the facts before them; marks name calls there are; the slice of the moment is open; the same twice."""
    found = asyncio.run(_filled(postgres_dsn))
    cut = next(one for one in working_day(FLOOR, LAST).cut_offs if one.name == "16:00")
    assert (found["days"], found["closes"], found["wrong"], found["orphans"]) == (4, 3 * 4 + 2, 0, 0)
    assert found["slices"] == found["closes"] * len(FLOOR.agents) * 6
    assert cut.at < found["newest"] <= cut.at + timedelta(minutes=1)
    assert found["invoices"]
    assert asyncio.run(_filled(postgres_dsn)) == found
