"""Facts for tests of the aggregator, and the part of ingest it needs: rows in ``facts`` first, then messages."""

import asyncio
import hashlib
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid5

import asyncpg

from schemas import facts
from schemas.facts import NAMESPACE, AgentState, CallEnded, Disposition, Fact, InvoiceIssued, Payment, PresentationMade
from schemas.floor import Floor, parse
from schemas.topics import FACTS, LINES, key_hash, partition_of
from services.kit.kafka import Producer
from services.rules.day import date_of

PARTITIONS = 4


def floor_text(agents: int = 6, *, count_inbound: bool = False, zone: str = "UTC", more: str = "") -> str:
    people = "\n".join(
        f"  - {{id: a{n}, team: {'red' if n % 2 else 'blue'}, identities: {{pbx: ['{n}'], crm: ['{n}']}}}}"
        for n in range(agents)
    )
    return f"""
version: 1
floor: main
timezone: {zone}
day: {{start: "09:00", end: "18:00", breaks: ["13:00-14:00"], weekdays: [mon, tue, wed, thu, fri, sat, sun]}}
slices: ["11:00", "13:00", "16:00", "18:00"]
grace_s: 180
teams:
  - {{id: red, count_inbound: {str(count_inbound).lower()}}}
  - {{id: blue, long_call_s: 300}}
agents:
{people}
norms:
  - {{for: {{floor: main}}, per_day: {{calls: 80, answered: 30, long_calls: 8, presentations: 6, invoices: 3, payments: 1}}}}
sources:
  - {{id: pbx, provider: generic, feeds: [calls, agent_state], expect_every_s: 300}}
  - {{id: crm, provider: generic, feeds: [presentations, invoices, payments], expect_every_s: 86400}}
{more}"""


def floor(**options: object) -> Floor:
    return parse(floor_text(**options))  # type: ignore[arg-type]


def an_id(*parts: object) -> str:
    return str(uuid5(NAMESPACE, "|".join(map(str, parts))))


def call(
    agent: str | None,
    at: datetime,
    *,
    key: object = "",
    talk_s: float = 40,
    disposition: Disposition = "answered",
    line: str = "pbx/trunk-1",
    inbound: bool = False,
    sip: int | None = None,
    customer: str | None = None,
    received_at: datetime | None = None,
    campaign: str | None = None,
) -> Fact:
    id_ = an_id("call", agent, at, key, line)
    data = CallEnded(
        call_id=f"pbx:{id_[:8]}",
        agent=agent,
        identity=agent[1:] if agent else None,
        direction="inbound" if inbound else "outbound",
        started_at=at - timedelta(seconds=talk_s + 5),
        ended_at=at,
        talk_s=talk_s if disposition == "answered" else 0,
        disposition=disposition,
        line=line,
        sip_status=sip,
        customer=customer,
        campaign=campaign,
    )
    return Fact(id=id_, type=facts.CALL, source="pbx", time=at, data=data, received_at=received_at or at)


def event(type_: str, agent: str, at: datetime, *, key: object = "", amount_minor: int = 100_00) -> Fact:
    """A presentation, invoice, payment or refund."""
    name = an_id(type_, agent, at, key)
    data: facts.Data
    if type_ == facts.PRESENTATION:
        data = PresentationMade(deal=name, agent=agent, at=at)
    elif type_ == facts.INVOICE:
        data = InvoiceIssued(invoice=name, agent=agent, at=at, amount_minor=amount_minor, currency="RUB")
    else:
        data = Payment(payment=name, agent=agent, at=at, amount_minor=amount_minor, currency="RUB")
    return Fact(id=name, type=type_, source="crm", time=at, data=data, received_at=at)


def state(agent: str, at: datetime, name: str) -> Fact:
    data = AgentState(agent=agent, state=name, at=at)  # type: ignore[arg-type]
    return Fact(id=an_id("state", agent, at, name), type=facts.STATE, source="pbx", time=at, data=data, received_at=at)


def day_of_facts(seed: int, count: int, start: datetime, span: timedelta, agents: int = 6) -> list[Fact]:
    """*count* different facts of every kind, by chance of *seed*, within *span* after *start*."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        agent, at = f"a{chance.randrange(agents)}", start + span * chance.random()
        kind = chance.choices(
            ["call", facts.PRESENTATION, facts.INVOICE, facts.PAYMENT, facts.REFUND, "state"], [80, 6, 5, 4, 2, 3]
        )[0]
        if kind == "call":
            found.append(_random_call(chance, agent, at, number))
        elif kind == "state":
            found.append(state(agent, at, chance.choice(["available", "paused", "on_call"])))
        else:
            found.append(event(kind, agent, at, key=number, amount_minor=chance.randrange(1, 10**6)))
    return found


def _random_call(chance: random.Random, agent: str, at: datetime, number: int) -> Fact:
    answered = chance.random() < 0.4
    return call(
        agent,
        at,
        key=number,
        talk_s=chance.choice([5, 29, 30, 299, 300, 599, 600, 601, 1200]),
        disposition="answered" if answered else chance.choice(["no_answer", "busy", "failed"]),
        line=chance.choice(["pbx/trunk-1", "pbx/trunk-2", "pbx/trunk-3"]),
        inbound=chance.random() < 0.15,
        customer=f"k1:{number:016x}",
    )


_COLUMNS = (
    *("event_id", "type", "source", "day", "occurred_at", "received_at", "agent", "identity", "line", "key_hash"),
    *("direction", "disposition", "talk_s", "q850", "sip_status", "campaign", "customer", "amount_minor", "currency"),
    *("data", "content_hash", "published_at"),
)


def row(fact: Fact, on: Floor) -> tuple[object, ...]:
    data = fact.data
    own = [getattr(data, name, None) for name in _COLUMNS[10:19]]
    received = fact.received_at or fact.time
    return (
        *(fact.id, fact.type, fact.source, date_of(fact.time, on.zone), fact.time, received),
        *(fact.agent, fact.identity, fact.line, key_hash(fact.key), *own),
        *(facts.encode_data(data).decode(), facts.content_hash(data), received),
    )


async def store(dsn: str, found: Iterable[Fact], on: Floor) -> None:
    """As ingest does it before anything is published. A fact that is stored already stays as it is."""
    connection = await asyncpg.connect(dsn)
    try:
        columns = ", ".join(_COLUMNS)
        marks = ", ".join(f"${n}" + ("::jsonb" if name == "data" else "") for n, name in enumerate(_COLUMNS, 1))
        query = f"INSERT INTO facts ({columns}) VALUES ({marks}) ON CONFLICT (event_id) DO NOTHING"
        await connection.executemany(query, [row(fact, on) for fact in found])
    finally:
        await connection.close()


def messages(fact: Fact) -> list[tuple[str, int, str, bytes, Sequence[tuple[str, bytes]]]]:
    value, headers = facts.encode_data(fact.data), facts.kafka_headers(fact)
    return [
        (FACTS.name, partition_of(fact.key, PARTITIONS), fact.key, value, headers),
        (LINES.name, partition_of(fact.line, PARTITIONS), fact.line, value, headers),
    ]


async def publish(bootstrap: str, found: Iterable[Fact]) -> None:
    producer = Producer(bootstrap, durable=False)
    await producer.start()
    try:
        waiting = [message for fact in found for message in messages(fact)]
        for start in range(0, len(waiting), 500):
            await producer.send(waiting[start : start + 500])
    finally:
        await producer.stop()


async def apply_floor(dsn: str, text: str, at: datetime | None = None) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, $3)",
            *(at or datetime.now(UTC), text, hashlib.sha256(text.encode()).digest()),
        )
    finally:
        await connection.close()


def feed(dsn: str, bootstrap: str, found: Sequence[Fact], on: Floor) -> None:
    """Store, then publish."""

    async def both() -> None:
        await store(dsn, found, on)
        await publish(bootstrap, found)

    asyncio.run(both())
