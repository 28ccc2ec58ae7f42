"""A believable middle of a day for looking at and testing the board: 18 invented agents in two teams.

``seed(dsn)`` fills an empty, migrated database: facts, journal, two closed slices made by the product's own rules, tasks in
several states, a coaching case, late facts, one untrusted slice, an open trunk outage with technical minutes, an ended
silence. Deterministic. By hand: ``python -m tests.support.seed_floor DSN [ru|en]``.
"""

import asyncio
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import facts, tables
from schemas.facts import AgentState, CallEnded, Data, Fact, InvoiceIssued, Payment, PresentationMade
from schemas.floor import Floor, parse
from schemas.rows import derived_id
from schemas.steps import Step
from schemas.topics import key_hash
from services.kit import postgres
from services.rules import hearing
from services.rules.closing import Evidence, close
from services.rules.day import WorkingDay, date_of, is_working, working_day
from services.rules.deeds import Deed
from services.rules.funnel import steps_of, thresholds
from services.rules.memory import Memory, Past, recall
from services.rules.tasks import Task
from services.rules.trust import TrustEvidence

NOW = datetime(2026, 11, 23, 11, 36, 4, tzinfo=UTC)
"""14:36:04 in Moscow, a Monday."""

SEED = 26
"""Gives tasks done, not done and open, and somebody to watch."""
AMOUNTS = (4900000, 7500000, 12000000, 15000000)
"""What deals cost, in kopecks."""
TRUNK_B = (2, 3, 6)
"""Places in RU of those who dial over trunk B."""

RU = (
    ("ivan", "Иван Петров", 1.0), ("maria", "Мария Соколова", 0.95), ("alina", "Алина Верещагина", 0.42),
    ("timur", "Тимур Хасанов", 1.25), ("olga", "Ольга Лебедева", 1.05), ("denis", "Денис Крылов", 0.55),
    ("vera", "Вера Ильина", 1.1), ("kirill", "Кирилл Зотов", 0.9), ("nina", "Нина Артемьева", 1.0),
    ("gleb", "Глеб Самойлов", 1.3), ("petr", "Пётр Лунин", 1.0), ("yana", "Яна Широкова", 1.2),
    ("mark", "Марк Ефремов", 0.4), ("sofia", "Софья Гордеева", 1.05), ("lev", "Лев Тарасов", 0.95),
    ("dina", "Дина Мурашко", 1.1), ("roman", "Роман Беляев", 0.9), ("zoya", "Зоя Константинопольская", 1.0),
)  # fmt: skip
EN = (
    "Ivan Peters", "Maria Falcon", "Alina Vere", "Timur Hassan", "Olga Swan", "Dennis Wing", "Vera Hill", "Cyril Scott",
    "Nina Arthur", "Glen Samuel", "Peter Moon", "Jana Wide", "Mark Everett", "Sophie Gordon", "Leo Tarrant", "Dina Marsh",
    "Roman White", "Zoe Featherstonehaugh",
)  # fmt: skip

FLOOR = """\
version: 1
floor: main
name: {name}
timezone: Europe/Moscow
language: {language}
currency: RUB
day: {{start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams:
  - {{id: hunters, name: {hunters}, lead: anna, trainer: oleg}}
  - {{id: farmers, name: {farmers}, lead: pavel}}
agents:
{agents}
norms:
  - {{for: {{team: hunters}}, per_day: {{calls: 80, answered: 32, long_calls: 12, presentations: 8, invoices: 3, payments: 1}}}}
  - {{for: {{team: farmers}}, per_day: {{calls: 48, answered: 26, long_calls: 15, presentations: 10, invoices: 5, payments: 3}}}}
plan:
  - {{for: {{floor: main}}, month: 2026-11, payments_minor: 3710000000}}
sources:
  - {{id: mango-main, provider: mango, secrets: {{api_key: {{env: A}}, salt: {{env: B}}}}, feeds: [calls], expect_every_s: 120}}
  - {{id: fs-office, provider: freeswitch, secrets: {{basic: {{env: C}}}}, feeds: [calls]}}
  - {{id: bitrix, provider: bitrix24, secrets: {{application_token: {{env: D}}}}, feeds: [presentations, invoices, payments]}}
  - {{id: own, provider: generic, secrets: {{signing: {{env: E}}}}, feeds: [agent_state]}}
notify: {{channels: [{{id: console, kind: console}}], routes: [{{to: [console]}}]}}
"""


def floor_text(language: str) -> str:
    agents = []
    for at, (id_, name, _) in enumerate(RU):
        team, source = ("hunters", "mango-main") if at < 10 else ("farmers", "fs-office")
        shown = name if language == "ru" else EN[at]
        shift = ', shifts: [{weekdays: [mon, wed, fri], start: "10:00", end: "15:00"}]' if id_ == "roman" else ""
        identities = f'{{{source}: ["{200 + at}"], bitrix: ["{17 + at}"]}}'
        agents.append(f"  - {{id: {id_}, name: {shown}, team: {team}, identities: {identities}{shift}}}")
    names = (
        ("Отдел активных продаж", "Хантеры", "Фермеры") if language == "ru" else ("Active sales", "Hunters", "Farmers")
    )
    return FLOOR.format(language=language, name=names[0], hunters=names[1], farmers=names[2], agents="\n".join(agents))


@dataclass
class Made:
    """Facts as they are invented, in any order."""

    floor: Floor
    day: WorkingDay
    chance: random.Random
    facts: list[Fact] = field(default_factory=list)

    def add(self, type_: str, source: str, data: Data, late_s: float | None = None) -> None:
        occurred = facts.moment(data)
        assert occurred is not None
        delay_s = late_s if late_s is not None else self.chance.uniform(0.5, 9)
        id_ = facts.event_id(source, type_, f"{len(self.facts)}")
        received = occurred + timedelta(seconds=delay_s)
        self.facts.append(Fact(id=id_, type=type_, source=source, time=occurred, data=data, received_at=received))


def invent(floor: Floor, now: datetime) -> Made:
    day = working_day(floor, date_of(now, floor.zone))
    made = Made(floor, day, random.Random(SEED))
    for at, (agent, _, skill) in enumerate(RU):
        _work(made, agent, at, skill, now)
    _outage(made)
    _states(made, now)
    for number in range(4):
        _unowned(made, number)
    return made


def _work(made: Made, agent: str, at: int, skill: float, now: datetime) -> None:
    chance, hunter = made.chance, at < 10
    source = "mango-main" if hunter else "fs-office"
    start = made.day.starts + timedelta(hours=10 if agent == "roman" else 9, minutes=chance.uniform(1, 6))
    lunch = made.day.starts + timedelta(hours=13), made.day.starts + timedelta(hours=14)
    moment, deals = start, 0
    every_s = (8 * 3600) / (80 if hunter else 48) / (0.55 + 0.45 * skill)
    while True:
        ring = chance.uniform(4, 28)
        answered = chance.random() < (0.42 if hunter else 0.56)
        long = answered and chance.random() < (0.37 if hunter else 0.56) * skill
        talk = chance.uniform(610, 1150) if long else chance.uniform(12, 380) if answered else 0.0
        moment += timedelta(seconds=max(15.0, chance.expovariate(1 / (every_s * 0.62))))
        if lunch[0] < moment + timedelta(seconds=ring + talk) and moment < lunch[1]:
            moment = lunch[1] + timedelta(seconds=chance.uniform(20, 300))
        ended = moment + timedelta(seconds=ring + talk)
        cut_off = made.day.starts + timedelta(hours=14, minutes=30) if at in TRUNK_B else now - timedelta(seconds=15)
        if ended > cut_off:
            return
        _call(made, agent, at, source, moment, ring, talk, ended)
        moment = ended
        if long and chance.random() < 0.66 * min(1.15, 0.45 + 0.55 * skill):
            deals += 1
            _deal(made, agent, deals, ended, now)


def _call(
    made: Made, agent: str, at: int, source: str, begun: datetime, ring: float, talk: float, ended: datetime
) -> None:
    chance = made.chance
    line = f"{source}/trunk-{'b' if at in TRUNK_B else 'a'}" if source == "mango-main" else source
    words = ("no_answer", "no_answer", "no_answer", "busy", "rejected", "voicemail")
    disposition: Any = "answered" if talk else chance.choice(words)
    early = timedelta(hours=10, minutes=40) < ended - made.day.starts < timedelta(hours=11)
    late_s = 1500.0 if early and at in (4, 13) and chance.random() < 0.5 else None
    data = CallEnded(
        call_id=f"{source}:{agent}-{len(made.facts)}",
        agent=agent,
        identity=str(200 + at),
        direction="outbound",
        started_at=begun,
        answered_at=begun + timedelta(seconds=ring) if talk else None,
        ended_at=ended,
        talk_s=round(talk, 1),
        ring_s=round(ring, 1),
        disposition=disposition,
        q850={"answered": 16, "busy": 17, "rejected": 21}.get(disposition, 19),
        line=line,
        campaign="spring" if at % 3 else "return",
        customer=f"k1:{chance.getrandbits(64):016x}",
        recording_url=f"https://records.example/{agent}/{len(made.facts)}" if talk > 60 else None,
    )
    made.add(facts.CALL, source, data, late_s)


def _outage(made: Made) -> None:
    """Trunk B answers 503 from 14:31 on."""
    for number in range(9):
        at = TRUNK_B[number % len(TRUNK_B)]
        begun = made.day.starts + timedelta(hours=14, minutes=31, seconds=8 + 33 * number)
        data = CallEnded(
            call_id=f"mango-main:dead-{number}",
            agent=RU[at][0],
            identity=str(200 + at),
            direction="outbound",
            started_at=begun,
            ended_at=begun + timedelta(seconds=2),
            talk_s=0,
            disposition="congestion",
            q850=34,
            sip_status=503,
            line="mango-main/trunk-b",
            campaign="spring",
            customer=f"k1:{made.chance.getrandbits(64):016x}",
        )
        made.add(facts.CALL, "mango-main", data)


def _deal(made: Made, agent: str, number: int, ended: datetime, now: datetime) -> None:
    chance, deal = made.chance, f"bitrix:{agent}-{number}"
    shown = ended + timedelta(seconds=chance.uniform(20, 120))
    made.add(facts.PRESENTATION, "bitrix", PresentationMade(deal=deal, agent=agent, at=shown))
    amount = chance.choice(AMOUNTS)
    issued, paid = shown + timedelta(minutes=chance.uniform(12, 50)), shown + timedelta(minutes=chance.uniform(70, 190))
    if chance.random() < 0.45 and issued < now:
        invoice = InvoiceIssued(
            invoice=f"{deal}-i", deal=deal, agent=agent, at=issued, amount_minor=amount, currency="RUB"
        )
        made.add(facts.INVOICE, "bitrix", invoice)
        if chance.random() < 0.55 and paid < now:
            payment = Payment(payment=f"{deal}-p", deal=deal, agent=agent, at=paid, amount_minor=amount, currency="RUB")
            made.add(facts.PAYMENT, "bitrix", payment)


def _states(made: Made, now: datetime) -> None:
    states: tuple[Any, ...] = (
        "on_call",
        "available",
        "on_call",
        "paused",
        "on_call",
        "available",
        "coaching",
        "on_call",
    )
    for at, (agent, _, _) in enumerate(RU):
        since = now - timedelta(seconds=made.chance.uniform(20, 640))
        made.add(facts.STATE, "own", AgentState(agent=agent, state=states[at % len(states)], at=since))


def _unowned(made: Made, number: int) -> None:
    begun = made.day.starts + timedelta(hours=9, minutes=30 + 40 * number)
    data = CallEnded(
        call_id=f"mango-main:nobody-{number}",
        identity="299",
        direction="outbound",
        started_at=begun,
        ended_at=begun + timedelta(seconds=40),
        talk_s=0,
        disposition="no_answer",
        line="mango-main/trunk-a",
    )
    made.add(facts.CALL, "mango-main", data)


def fact_row(fact: Fact, day: Any) -> dict[str, Any]:
    data = fact.data
    call = data if isinstance(data, CallEnded) else None
    return {
        "event_id": fact.id,
        "type": fact.type,
        "source": fact.source,
        "day": day,
        "occurred_at": fact.time,
        "received_at": fact.received_at,
        "agent": fact.agent,
        "identity": fact.identity,
        "line": fact.line,
        "key_hash": key_hash(fact.key),
        "direction": call.direction if call else None,
        "disposition": call.disposition if call else None,
        "talk_s": call.talk_s if call else None,
        "q850": call.q850 if call else None,
        "sip_status": call.sip_status if call else None,
        "campaign": call.campaign if call else None,
        "customer": call.customer if call else None,
        "amount_minor": getattr(data, "amount_minor", None),
        "currency": getattr(data, "currency", None),
        "data": msgspec.to_builtins(data),
        "content_hash": facts.content_hash(data),
        "published_at": fact.received_at,
    }


def count(made: Made, since: datetime, until: datetime, received_by: datetime) -> dict[str, dict[Step, int]]:
    found: dict[str, dict[Step, int]] = {}
    for fact in made.facts:
        if fact.agent and since < fact.time <= until and (fact.received_at or fact.time) <= received_by:
            team = made.floor.agent_by_id[fact.agent].team
            for step in steps_of(fact.type, fact.data, thresholds(made.floor, team)):
                own = found.setdefault(fact.agent, {})
                own[step] = own.get(step, 0) + 1
    return found


def _deeds(made: Made, agents: frozenset[str], until: datetime, received_by: datetime) -> list[Deed]:
    """What the calls to hear are chosen from."""
    found = []
    for fact in made.facts:
        agent = getattr(fact.data, "agent", None)
        if agent in agents and fact.time <= until and (fact.received_at or fact.time) <= received_by:
            call = fact.data if isinstance(fact.data, CallEnded) else None
            found.append(
                Deed(
                    type=fact.type,
                    agent=agent,
                    at=fact.time,
                    call=getattr(fact.data, "call_id", None),
                    started_at=call.started_at if call else None,
                    talk_s=float(call.talk_s) if call and call.disposition == "answered" else None,
                    recording=call.recording_url if call else None,
                    deal=getattr(fact.data, "deal", None),
                    invoice=getattr(fact.data, "invoice", None),
                    outbound=call is not None and call.direction == "outbound",
                )
            )
    return found


async def _close_slices(connection: AsyncConnection, made: Made, now: datetime, untrusted: str) -> None:
    memory, opened, past, levels, cases = Memory(), [], [], [], []  # type: ignore[var-annotated]
    for cut in made.day.cut_offs:
        closed_at = cut.at + timedelta(seconds=made.floor.grace_s + 3)
        if closed_at > now:
            break
        silent = frozenset({"bitrix"}) if cut.name == untrusted else frozenset()
        evidence = Evidence(
            done=count(made, made.day.starts, cut.at, closed_at),
            in_slice=count(made, made.day.previous(cut.name), cut.at, closed_at),
            since_task={
                task.task: count(made, task.opened, cut.at, closed_at).get(task.agent, {}).get(task.step, 0)
                for task in opened
            },
            trust=TrustEvidence(silent=silent),
        )
        found = close(made.floor, made.day.date, cut, evidence, memory)
        deeds = _deeds(made, hearing.listeners(found), cut.at, closed_at)
        found = hearing.with_calls(found, made.floor, made.day, cut, deeds)
        await connection.execute(
            sa.insert(tables.closes),
            {
                "date": made.day.date, "slice": cut.name, "cut_off": cut.at, "closed_at": closed_at, "floor_version": 1,
                "on_time": True, "trust": found.trust, "announced_at": closed_at,
            },
        )  # fmt: skip
        rows = [{**msgspec.structs.asdict(row), "cut_off": cut.at} for row in found.rows]
        await connection.execute(sa.insert(tables.slices), rows)
        for one in found.verified:
            await connection.execute(
                sa.update(tables.tasks)
                .where(tables.tasks.c.task == one.task.task)
                .values(
                    verified=one.at,
                    result=one.result,
                    evidence={
                        **one.task.evidence,
                        "verified": {
                            "done": one.done,
                            "required": one.required,
                            "expected": one.expected,
                            "met": one.met,
                            "index": one.index,
                        },
                    },
                )
            )
            past.append(Past(one.task.agent, one.task.step, made.day.date, one.at, one.result, one.met, one.index))
        closed = {one.task.task for one in found.verified}
        opened = [task for task in opened if task.task not in closed] + list(found.opened)
        await _write_tasks(connection, found.opened, "acknowledged" if cut.name == "11:00" else "confirmed")
        levels.append({(row.agent, row.step): row.level for row in found.rows})
        memory = recall(made.day.date, levels, opened, past, cases, frozenset(), made.floor.judgement)


async def _write_tasks(connection: AsyncConnection, opened: list[Task], state: str) -> None:
    for number, task in enumerate(opened):
        row = {name: getattr(task, name) for name in Task.__dataclass_fields__ if name != "dismissed"}
        await connection.execute(
            sa.insert(tables.tasks), {**row, "evidence": dict(task.evidence), "state": "proposed" if number else state}
        )


async def _troubles(connection: AsyncConnection, made: Made, now: datetime) -> None:
    begins = made.day.starts
    line, date = "mango-main/trunk-b", made.day.date
    fired = begins + timedelta(hours=14, minutes=33, seconds=10)
    failed = [
        fact
        for fact in made.facts
        if isinstance(fact.data, CallEnded) and fact.line == line and fact.data.disposition == "congestion"
    ]
    by_agent: dict[str, int] = {}
    for fact in failed:
        by_agent[fact.agent or ""] = by_agent.get(fact.agent or "", 0) + 1
    since = min((fact.time for fact in failed), default=fired)
    outage = {
        "path": "in_a_row", "attempts": 4, "failures": 4, "p_value": None, "base": 0.03, "codes": {"Q.850 34": 4},
        "agents": len(by_agent), "calls": [str(fact.data.call_id) for fact in failed[:4]],  # type: ignore[union-attr]
        "since": since.isoformat(), "total_failures": len(failed), "failures_by_agent": by_agent, "ok_by_others": 11,
        "line": line, "rules_out": ["people", "other_lines"], "phase": "failing",
    }  # fmt: skip
    silence = {"source": "bitrix", "since": (begins + timedelta(hours=10, minutes=31)).isoformat(), "expected": 11.4}
    ended = begins + timedelta(hours=11, minutes=12)
    rows = (
        ("line_failure", f"line:{line}", "outage", "line", fired, None, outage, "firing", None, ("firing",)),
        ("source_silence", "source:bitrix", "data", "undetermined", begins + timedelta(hours=10, minutes=52), ended,
         silence, "resolved", "oleg", ("firing", "acknowledged", "resolved")),
    )  # fmt: skip
    for detector, scope, kind, verdict, at, resolved, evidence, state, owner, steps in rows:
        alert = derived_id("alert", detector, scope, at.isoformat())
        await connection.execute(
            sa.insert(tables.alerts),
            {
                "alert": alert, "fingerprint": f"{detector}|{scope}", "kind": kind, "verdict": verdict, "scope": scope,
                "detector": detector, "state": state, "fired_at": at, "resolved_at": resolved, "owner": owner,
                "evidence": evidence, "transition": len(steps) - 1, "date": date, "team": None,
            },
        )  # fmt: skip
        for number, word in enumerate(steps):
            moment = resolved if word == "resolved" else at + timedelta(minutes=6 * number)
            await connection.execute(
                sa.insert(tables.alert_transitions),
                {"alert": alert, "transition": number, "state": word, "verdict": verdict, "at": moment},
            )
        if kind == "outage":
            for agent in by_agent:
                await connection.execute(
                    sa.insert(tables.technical),
                    {"id": derived_id("technical", alert, agent), "alert": alert, "agent": agent, "started_at": since,
                     "ended_at": None, "origin": "detector"},
                )  # fmt: skip


async def _coaching(connection: AsyncConnection, made: Made) -> None:
    opened = made.day.starts - timedelta(days=2, hours=8)
    await connection.execute(
        sa.insert(tables.coaching),
        {
            "case": derived_id("coaching", "denis"), "date": made.day.date - timedelta(days=3), "agent": "denis",
            "team": "hunters", "step": "presentations", "opened": opened, "reason": "not_done_twice",
            "recheck_on": made.day.date + timedelta(days=4), "evidence": {},
        },
    )  # fmt: skip


async def _journal(connection: AsyncConnection, made: Made) -> None:
    rows = [
        {
            "source": fact.source, "received_at": fact.received_at, "method": "POST", "path": "", "query": "", "headers": {},
            "body": b"{}", "body_hash": facts.content_hash(fact.data), "state": "rejected" if at % 400 == 7 else "parsed",
            "reason": "missing_field" if at % 400 == 7 else None, "facts": 1, "parsed_at": fact.received_at,
        }
        for at, fact in enumerate(made.facts)
    ]  # fmt: skip
    await connection.execute(sa.insert(tables.journal), rows)


async def seed(dsn: str, *, language: str = "ru", now: datetime = NOW, untrusted: str = "11:00") -> Made:
    """Fill the database at *dsn* with the day up to *now*; *untrusted* names the slice whose CRM was silent."""
    text = floor_text(language)
    floor = parse(text)
    made = invent(floor, now)
    engine = postgres.engine(dsn)
    async with engine.begin() as connection:
        await connection.execute(
            sa.insert(tables.floors),
            {"version": 1, "applied_at": now - timedelta(days=7), "text": text, "hash": b"seed"},
        )
        known = [fact for fact in made.facts if (fact.received_at or fact.time) <= now]
        await connection.execute(sa.insert(tables.facts), [fact_row(fact, made.day.date) for fact in known])
        await _earlier_payments(connection, made)
        await _journal(connection, made)
        await _troubles(connection, made, now)
        await _close_slices(connection, made, now, untrusted)
        await _coaching(connection, made)
    await engine.dispose()
    return made


def _earlier_invoice(made: Made, agent: str, name: str, at: datetime, amount: int) -> dict[str, Any]:
    data = InvoiceIssued(invoice=name, agent=agent, at=at - timedelta(hours=1), amount_minor=amount, currency="RUB")
    id_ = facts.event_id("bitrix", facts.INVOICE, name)
    fact = Fact(id=id_, type=facts.INVOICE, source="bitrix", time=data.at, data=data, received_at=data.at)
    return fact_row(fact, date_of(data.at, made.floor.zone))


async def _earlier_forecasts(connection: AsyncConnection, made: Made, date: Date) -> None:
    """What the slices of a past day foretold; on the 13th they were all wrong."""
    for position, cut in enumerate(made.day.cut_offs):
        low, high = (20, 30) if date.day == 13 else (14 + position, 24 - position)
        row = {"done": 4 * position, "plan": 17.0, "median": 18, "low": low, "high": high, "p_plan": 0.6}
        key = {"date": date, "slice": cut.name, "scope": f"floor:{made.floor.floor}", "step": "payments"}
        await connection.execute(sa.insert(tables.forecasts), {**key, **row})


async def _earlier_month(connection: AsyncConnection, made: Made, date: Date) -> None:
    """What a past day foretold of the month: less and less, and surer and surer."""
    median = 3_900_000_000 - 14_000_000 * date.day
    width = 420_000_000 - 12_000_000 * date.day
    row = {"done": 130_000_000 * date.day, "plan": 3_710_000_000.0, "median": median, "p_plan": 0.9 - 0.03 * date.day}
    key = {"date": date, "scope": f"floor:{made.floor.floor}", "unit": "minor"}
    given = {**key, **row, "low": median - width, "high": median + width}
    await connection.execute(sa.insert(tables.month_forecasts), given)


async def _earlier_payments(connection: AsyncConnection, made: Made) -> None:
    """What was paid on the working days of this month before today, for the plan."""
    rows = []
    for ago in range(3, 21):
        noon = made.day.starts - timedelta(days=ago) + timedelta(hours=12)
        date = date_of(noon, made.floor.zone)
        for number in range(18 if is_working(made.floor, date) else 0):
            name, at = f"old-{ago}-{number}", noon + timedelta(minutes=15 * number)
            agent, amount = RU[number][0], AMOUNTS[number % len(AMOUNTS)]
            data = Payment(payment=name, invoice=f"{name}-i", agent=agent, at=at, amount_minor=amount, currency="RUB")
            id_ = facts.event_id("bitrix", facts.PAYMENT, name)
            fact = Fact(id=id_, type=facts.PAYMENT, source="bitrix", time=at, data=data, received_at=at)
            rows.append(fact_row(fact, date))
            if number == 0:
                await _earlier_forecasts(connection, made, date)
                await _earlier_month(connection, made, date)
            for which, waited in (("i", (ago + 3 * number) % 9), ("open", (ago + number) % 4)):
                if which == "i" or number % 3 == 0:
                    rows.append(_earlier_invoice(made, agent, f"{name}-{which}", at - timedelta(days=waited), amount))
    await connection.execute(sa.insert(tables.facts), rows)


if __name__ == "__main__":
    asyncio.run(seed(sys.argv[1], language=sys.argv[2] if len(sys.argv) > 2 else "ru"))
