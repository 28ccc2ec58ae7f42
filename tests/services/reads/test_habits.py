"""Habits that are kept day by day equal those counted in one go, whatever was told, and whatever is told later."""

from collections.abc import AsyncIterator, Iterator
from datetime import date as Date
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.facts import CallEnded, Data, Fact, InvoiceIssued, Payment, PresentationMade
from schemas.floor import parse
from schemas.rows import derived_id
from services.board.storage.reader import Reader
from services.kit import postgres as databases
from services.local.postgres import EmbeddedPostgres
from services.reads import habits
from services.reads.kept import Kept
from services.rules.day import first_of_working_days
from services.rules.gaming import Habits
from tests.support.seed_floor import fact_row, floor_text
from tests.support.servers import fresh_database

FLOOR = parse(floor_text("ru"))
UNTIL = Date(2026, 11, 20)
TYPES = {
    CallEnded: "srez.call.ended.v1",
    PresentationMade: "srez.presentation.made.v1",
    InvoiceIssued: "srez.invoice.issued.v1",
    Payment: "srez.payment.received.v1",
}

_IN_ONE_GO = {
    "calls": """
SELECT r.agent,
  count(*) FILTER (WHERE f.disposition = 'answered') AS answered,
  count(*) FILTER (WHERE f.disposition = 'answered' AND f.talk_s < :quick_s) AS quick,
  count(*) FILTER (WHERE f.talk_s >= r.long_s AND f.talk_s < r.long_s + :width_s) AS just_above,
  count(*) FILTER (WHERE (f.talk_s >= r.long_s - 4 * :width_s AND f.talk_s < r.long_s)
                      OR (f.talk_s >= r.long_s + :width_s AND f.talk_s < r.long_s + 5 * :width_s)) AS around
FROM unnest(CAST(:agents AS text[]), CAST(:long_s AS float8[])) AS r(agent, long_s)
JOIN facts f ON f.agent = r.agent
WHERE f.day BETWEEN :since AND :until AND f.type = 'srez.call.ended.v1' AND f.direction <> 'internal'
GROUP BY r.agent""",
    "same_number": """
SELECT agent, max(calls) AS same_number
FROM (SELECT agent, count(*) AS calls FROM facts
      WHERE day BETWEEN :since AND :until AND agent = ANY(CAST(:agents AS text[])) AND type = 'srez.call.ended.v1'
        AND direction = 'outbound' AND customer IS NOT NULL
      GROUP BY agent, day, customer) AS of_days
GROUP BY agent""",
    "marks": """
SELECT p.agent, count(*) AS presentations,
  count(*) FILTER (WHERE CASE WHEN named.occurred_at IS NOT NULL
    THEN named.disposition <> 'answered' OR coalesce(named.talk_s, 0) < r.short_s
    ELSE NOT EXISTS (
    SELECT 1 FROM facts c
    WHERE c.agent = p.agent AND c.day BETWEEN p.day - 1 AND p.day AND c.type = 'srez.call.ended.v1'
      AND c.disposition = 'answered' AND c.talk_s >= r.short_s
      AND c.occurred_at > p.occurred_at - :within * interval '1 second'
      AND c.occurred_at - c.talk_s * interval '1 second' <= p.occurred_at) END) AS unheard,
  count(named.occurred_at) AS linked_marks,
  count(*) FILTER (WHERE p.occurred_at - named.occurred_at > :late * interval '1 second') AS late_marks
FROM unnest(CAST(:agents AS text[]), CAST(:short_s AS float8[])) AS r(agent, short_s)
JOIN facts p ON p.agent = r.agent
LEFT JOIN LATERAL (
  SELECT c.occurred_at, c.disposition, c.talk_s FROM facts c
  WHERE c.agent = p.agent AND c.day BETWEEN p.day - CAST(:linked_days AS int) AND p.day
    AND c.type = 'srez.call.ended.v1' AND c.data->>'call_id' = p.data->>'call_id'
  LIMIT 1) AS named ON true
WHERE p.day BETWEEN :since AND :until AND p.type = 'srez.presentation.made.v1'
GROUP BY p.agent""",
    "invoices": """
WITH paid AS (SELECT data->>'invoice' AS invoice, data->>'deal' AS deal FROM facts
              WHERE day >= :first AND type = 'srez.payment.received.v1')
SELECT agent, count(*) AS invoices,
  count(*) FILTER (WHERE data->>'invoice' IN (SELECT invoice FROM paid WHERE invoice IS NOT NULL)
                      OR data->>'deal' IN (SELECT deal FROM paid WHERE deal IS NOT NULL)) AS paid
FROM facts
WHERE day BETWEEN :first AND :last AND agent = ANY(CAST(:agents AS text[])) AND type = 'srez.invoice.issued.v1'
GROUP BY agent""",
}


async def _in_one_go(connection: AsyncConnection) -> dict[str, Habits]:
    by = FLOOR.gaming
    last = UNTIL - timedelta(days=by.unpaid_after_days)
    given: dict[str, Any] = {
        "agents": [agent.id for agent in FLOOR.agents],
        "long_s": [float(FLOOR.long_call_of(agent.team)) for agent in FLOOR.agents],
        "short_s": [float(FLOOR.short_call_of(agent.team)) for agent in FLOOR.agents],
        "since": first_of_working_days(FLOOR, UNTIL, by.days),
        "until": UNTIL,
        "quick_s": by.quick_s,
        "width_s": by.pile_width_s,
        "within": by.unheard_within_s,
        "late": by.late_mark_s,
        "linked_days": habits.LINKED_DAYS,
        "last": last,
        "first": last - timedelta(days=habits.INVOICE_DAYS),
    }
    counts: dict[str, dict[str, int]] = {}
    for statement in map(sa.text, _IN_ONE_GO.values()):
        names = statement.compile().params.keys()
        for row in (await connection.execute(statement, {name: given[name] for name in names})).mappings():
            counts.setdefault(row["agent"], {}).update({name: int(row[name]) for name in row if name != "agent"})
    return {agent: Habits(agent, FLOOR.agent_by_id[agent].team, **own) for agent, own in counts.items()}


class Told:
    """Facts drawn at random: calls round the clock, marks that name calls of other days and people, money of months."""

    def __init__(self, seed: int) -> None:
        self.random, self.number = Random(seed), 0
        self.agents = [agent.id for agent in FLOOR.agents[:3]]

    def rows(self, calls: int, others: int) -> list[dict[str, Any]]:
        made = [self._call() for _ in range(calls)]
        made += [self._presentation(calls) for _ in range(others)]
        made += [self._money() for _ in range(others)]
        return [self._row(at, data) for at, data in made]

    def _row(self, at: datetime, data: Data) -> dict[str, Any]:
        self.number += 1
        fact = Fact(
            id=derived_id("told", self.number),
            type=TYPES[type(data)],  # type: ignore[index,arg-type]
            source="mango-main",
            time=at,
            data=data,
            received_at=at,
        )
        return fact_row(fact, at.astimezone(FLOOR.zone).date())

    def _at(self, days: int) -> datetime:
        last = datetime.combine(UNTIL + timedelta(days=2), datetime.min.time(), FLOOR.zone)
        return last - timedelta(seconds=self.random.uniform(0, days * 86400))

    def _call(self) -> tuple[datetime, Data]:
        random, at = self.random, self._at(12)
        talk_s = random.choice([0.0, 4.0, 20.0, 200.0, 580.0, 605.0, 700.0, 9000.0, 40000.0])
        return at, CallEnded(
            call_id=f"c{random.randrange(60)}",
            agent=random.choice(self.agents),
            identity=None,
            direction=random.choice(["outbound", "outbound", "inbound", "internal"]),
            started_at=at - timedelta(seconds=talk_s + 5),
            answered_at=at - timedelta(seconds=talk_s) if talk_s else None,
            ended_at=at,
            talk_s=talk_s,
            disposition="answered" if talk_s else "no_answer",
            customer=random.choice([None, "k1:a", "k1:b", "k1:c"]),
        )

    def _presentation(self, calls: int) -> tuple[datetime, Data]:
        random, at = self.random, self._at(12)
        named = random.choice([None, f"c{random.randrange(70)}"])
        return at, PresentationMade(
            deal=f"d{self.random.random()}", agent=random.choice(self.agents), at=at, call_id=named
        )

    def _money(self) -> tuple[datetime, Data]:
        random, at = self.random, self._at(100)
        agent, invoice = random.choice(self.agents), f"i{random.randrange(30)}"
        deal = random.choice([None, f"d{random.randrange(20)}"])
        if random.random() < 0.5:
            return at, InvoiceIssued(invoice=invoice, deal=deal, agent=agent, at=at, amount_minor=5, currency="RUB")
        named = random.choice([None, invoice])
        return at, Payment(
            payment=f"p{random.random()}", invoice=named, deal=deal, agent=agent, at=at, amount_minor=5, currency="RUB"
        )


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as found:
        yield found


@pytest_asyncio.fixture
async def engine(dsn: str) -> AsyncIterator[AsyncEngine]:
    found = databases.engine(dsn)
    async with found.begin() as connection:
        await connection.execute(sa.text("TRUNCATE facts"))
    yield found
    await found.dispose()


@pytest.mark.parametrize("seed", range(5))
async def test_kept_day_by_day_equals_counted_in_one_go(engine: AsyncEngine, seed: int) -> None:
    """At first, and after each of several late tellings, with the same store of what is kept. A call id may be told of
    several calls here only where which of them is meant makes no difference: each id once."""
    told, kept, reader = Told(seed), Kept(), Reader(engine)
    seen: set[str] = set()
    for late in range(4):
        rows = told.rows(40 if late else 300, 5 if late else 80)
        for row in rows:
            if row["type"] == TYPES[CallEnded]:
                if row["data"]["call_id"] in seen:
                    row["data"]["call_id"] += f":{told.random.random()}"
                seen.add(row["data"]["call_id"])
        async with engine.begin() as connection:
            await connection.execute(sa.insert(tables.facts), rows)
        async with reader.connect() as connection:
            found = await habits.read(connection, kept, FLOOR, UNTIL)
            expected = await _in_one_go(connection)
            assert found == expected
            of_team = await habits.read(connection, kept, FLOOR, UNTIL, "farmers")
        assert of_team == {agent: one for agent, one in expected.items() if one.team == "farmers"}
        assert any(one.unheard for one in found.values())
        assert any(one.late_marks for one in found.values())
        assert any(one.paid for one in found.values())
        assert any(one.same_number > 2 for one in found.values())


async def test_a_late_call_changes_the_marks_of_later_days(engine: AsyncEngine) -> None:
    """A mark names its call; the call is told two days late, and nothing else of the mark's day changes."""
    told, kept, reader = Told(1), Kept(), Reader(engine)
    at = datetime.combine(UNTIL, datetime.min.time(), FLOOR.zone) + timedelta(hours=12)
    before = at - timedelta(days=2)
    agent = told.agents[0]
    mark = PresentationMade(deal="d", agent=agent, at=at, call_id="named")
    call = CallEnded(
        call_id="named", agent=agent, identity=None, direction="outbound", started_at=before, answered_at=before,
        ended_at=before, talk_s=60.0, disposition="answered",
    )  # fmt: skip
    for rows, linked in (([told._row(at, mark)], 0), ([told._row(before, call)], 1)):
        async with engine.begin() as connection:
            await connection.execute(sa.insert(tables.facts), rows)
        async with reader.connect() as connection:
            found = await habits.read(connection, kept, FLOOR, UNTIL)
        assert (found[agent].linked_marks, found[agent].late_marks) == (linked, linked)
