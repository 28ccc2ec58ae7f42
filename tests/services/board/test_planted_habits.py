"""Habits of DOMAIN §12 planted in simulated people beside honest ones, in the facts of a database: who is pointed at."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from schemas import tables
from schemas.facts import (
    CALL,
    INVOICE,
    PAYMENT,
    PRESENTATION,
    CallEnded,
    Data,
    Fact,
    InvoiceIssued,
    Payment,
    PresentationMade,
)
from schemas.floor import Floor, parse
from schemas.rows import derived_id
from services.kit import postgres as engines
from services.local.postgres import EmbeddedPostgres
from services.reads import habits
from services.reads.kept import Kept
from services.reads.look import customs
from services.rules.day import is_working
from services.rules.gaming import Habit
from tests.support.seed_floor import fact_row
from tests.support.servers import fresh_database

pytestmark = pytest.mark.integration

EACH = 6
"""People of each habit, and four times as many honest ones."""
WORKING_DAYS = 20
LAST = date(2026, 11, 20)
KINDS: tuple[str, ...] = (*get_args(Habit), "honest")
NUMBER = {"honest": 4 * EACH}
HOUR = timedelta(hours=1)


def floor() -> Floor:
    people = [f"{kind}-{n}" for kind in KINDS for n in range(NUMBER.get(kind, EACH))]
    agents = "".join(f"  - {{id: {one}, team: all}}\n" for one in people)
    return parse(
        f"timezone: UTC\ncurrency: USD\nteams: [{{id: all}}]\nagents:\n{agents}sources: [{{id: own, provider: generic}}]\n"
    )


class Person:
    """One agent's weeks. Everybody works honestly beside the habit: 40 calls a day, a third answered, few of them long."""

    def __init__(self, kind: str, agent: str) -> None:
        self.kind, self.agent, self.dice = kind, agent, random.Random(agent)
        self.told: list[tuple[str, datetime, Data]] = []
        self.silent: set[str] = set()

    def day(self, day: date) -> None:
        begin, talks = datetime(day.year, day.month, day.day, 9, tzinfo=UTC), []
        for n in range(40):
            answered = self.dice.random() < 0.35
            talk = self.dice.lognormvariate(4.6, 1.2) if answered else 0.0
            if answered and self.kind == "pile" and self.dice.random() < 0.25:
                talk = self.dice.uniform(600, 612)  # held until ten minutes are over
            if self.kind == "quick" and self.dice.random() < 0.4:
                answered, talk = True, self.dice.uniform(1, 8)  # dialled and dropped
            customer = f"k1:{self.agent}:{day}:{n}"
            if self.kind == "same_number" and n % 3 == 0:
                customer = "k1:of-a-friend"
            ended = begin + n * timedelta(minutes=12) + timedelta(seconds=talk)
            self.call(ended, f"{self.agent}:{day}:{n}", talk, customer, answered=answered)
            if answered and talk >= 120:
                talks.append((ended, f"{self.agent}:{day}:{n}"))
        self.marks(begin, talks, day)

    def marks(self, begin: datetime, talks: list[tuple[datetime, str]], day: date) -> None:
        for ended, call in self.dice.sample(talks, min(3, len(talks))):
            late = 6 * HOUR if self.kind == "late_marks" and self.dice.random() < 0.6 else self.dice.random() * HOUR
            self.tell(
                PRESENTATION, ended + late, PresentationMade(deal=call, agent=self.agent, at=ended + late, call_id=call)
            )
        if (
            self.kind == "unheard"
        ):  # three more, pinned on calls that nobody answered, while real talks go on around them
            for n in self.dice.sample(range(40), 40):
                call = f"{self.agent}:{day}:{n}"
                if call in self.silent and self.dice.random() < 0.2:
                    at = begin + n * timedelta(minutes=12) + timedelta(minutes=1)
                    self.tell(
                        PRESENTATION, at, PresentationMade(deal=f"f{call}", agent=self.agent, at=at, call_id=call)
                    )

    def call(self, ended: datetime, id_: str, talk_s: float, customer: str, *, answered: bool) -> None:
        data = CallEnded(
            call_id=id_, agent=self.agent, direction="outbound", started_at=ended - timedelta(seconds=talk_s + 15),
            ended_at=ended, talk_s=talk_s, disposition="answered" if answered else "no_answer", customer=customer,
        )  # fmt: skip
        if not answered:
            self.silent.add(id_)
        self.tell(CALL, ended, data)

    def invoices(self) -> None:
        """One on each of the sixty days that are old enough; two of five are paid, of the habit next to none."""
        for ago in range(31, 90, 2):
            at = datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=UTC) - timedelta(days=ago)
            id_ = f"i:{self.agent}:{ago}"
            self.tell(
                INVOICE, at, InvoiceIssued(invoice=id_, agent=self.agent, at=at, amount_minor=100, currency="USD")
            )
            if self.dice.random() < (0.02 if self.kind == "unpaid" else 0.45):
                paid = at + self.dice.random() * timedelta(days=20)
                self.tell(
                    PAYMENT,
                    paid,
                    Payment(
                        payment=f"p:{id_}", invoice=id_, agent=self.agent, at=paid, amount_minor=100, currency="USD"
                    ),
                )

    def tell(self, type_: str, at: datetime, data: Data) -> None:
        self.told.append((type_, at, data))


def weeks(of: Floor) -> Iterator[dict[str, Any]]:
    for agent in of.agents:
        person = Person(agent.id.rsplit("-", 1)[0], agent.id)
        days, day = 0, LAST
        while days < WORKING_DAYS:
            if is_working(of, day):
                person.day(day)
                days += 1
            day -= timedelta(days=1)
        person.invoices()
        for number, (type_, at, data) in enumerate(person.told):
            id_ = derived_id("habit", agent.id, number)
            yield fact_row(Fact(id=id_, type=type_, source="own", time=at, data=data, received_at=at), at.date())


def test_offenders_are_seen_and_honest_people_left_alone(postgres: EmbeddedPostgres) -> None:
    """Every planted habit is pointed at in at least five of six, and for nothing else; of the honest at most two in 24."""
    of = floor()

    async def looked(dsn: str) -> list[tuple[str, str]]:
        engine = engines.engine(dsn)
        rows = list(weeks(of))
        async with engine.begin() as connection:
            for at in range(0, len(rows), 1000):
                await connection.execute(sa.insert(tables.facts), rows[at : at + 1000])
        async with engine.connect() as connection:
            found = customs(of, await habits.read(connection, Kept(), of, LAST))
        await engine.dispose()
        return [(row.agent.rsplit("-", 1)[0], row.what) for row in found]

    with fresh_database(postgres) as dsn:
        pointed = Counter(asyncio.run(looked(dsn)))
    for kind in get_args(Habit):
        assert pointed[kind, kind] >= EACH - 1, (kind, pointed)
    strays = sum(n for (kind, what), n in pointed.items() if kind not in (what, "honest"))
    assert sum(n for (kind, _), n in pointed.items() if kind == "honest") <= 2, pointed
    assert strays <= 3, pointed
