"""Tells days of facts: a floor, facts as lines of a file, and the four files that a back-test writes."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas.facts import (
    CALL,
    INVOICE,
    PRESENTATION,
    STATE,
    AgentState,
    CallEnded,
    Fact,
    InvoiceIssued,
    PresentationMade,
)
from schemas.facts import encode as encoded
from schemas.floor import Floor, parse
from services.lab.backtest.read import read
from services.lab.backtest.run import Result, run
from services.lab.backtest.write import write

MONDAY = date(2026, 11, 23)
ZONE = ZoneInfo("Europe/Moscow")
FILES = (
    *("slices.ndjson", "tasks.ndjson", "coaching.ndjson", "alerts.ndjson"),
    *("slice_revisions.ndjson", "task_revisions.ndjson", "coaching_revisions.ndjson"),
)

FLOOR: Floor = parse(
    """
timezone: Europe/Moscow
day: {start: "09:00", end: "18:00", breaks: ["13:00-14:00"], holidays: RU}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams: [{id: hunters}, {id: farmers}]
agents:
  - {id: ivan, team: hunters, identities: {mango: ["222"], crm: ["17"]}}
  - {id: maria, team: hunters, identities: {mango: ["223"], crm: ["18"]}}
  - {id: petr, team: farmers, identities: {fs: ["1042"], crm: ["21"]}}
norms: [{for: {floor: main}, per_day: {calls: 40, answered: 16}}]
sources:
  - {id: mango, provider: mango, feeds: [calls]}
  - {id: fs, provider: freeswitch, feeds: [calls]}
  - {id: crm, provider: bitrix24, feeds: [presentations, invoices, payments]}
"""
)


def at(clock: str, on: date = MONDAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(clock), ZONE)


def call(
    id_: str,
    clock: str,
    agent: str | None = "ivan",
    *,
    on: date = MONDAY,
    received: str | None = None,
    source: str = "mango",
    talk_s: float = 0,
    **more: Any,
) -> Fact:
    """An outbound attempt that ended at *clock*; answered when there was talk."""
    ended = at(clock, on)
    data: dict[str, Any] = {
        "call_id": f"{source}:{id_}",
        "agent": agent,
        "direction": "outbound",
        "started_at": ended - timedelta(seconds=talk_s + 20),
        "ended_at": ended,
        "talk_s": talk_s,
        "disposition": "answered" if talk_s else "no_answer",
        "line": f"{source}/a",
        "customer": f"k1:{id_}",
    }
    received_at = at(received, on) if received else None
    return Fact(
        id=id_, type=CALL, source=source, time=ended, data=CallEnded(**{**data, **more}), received_at=received_at
    )


def presentation(id_: str, clock: str, agent: str | None, *, identity: str | None = None, on: date = MONDAY) -> Fact:
    data = PresentationMade(deal=f"crm:{id_}", agent=agent, identity=identity, at=at(clock, on))
    return Fact(id=id_, type=PRESENTATION, source="crm", time=data.at, data=data)


def invoice(id_: str, clock: str, agent: str, *, amount_minor: int = 100, on: date = MONDAY) -> Fact:
    data = InvoiceIssued(invoice=f"crm:{id_}", agent=agent, at=at(clock, on), amount_minor=amount_minor, currency="RUB")
    return Fact(id=id_, type=INVOICE, source="crm", time=data.at, data=data)


def state(id_: str, clock: str, agent: str, name: Any, *, on: date = MONDAY) -> Fact:
    data = AgentState(agent=agent, state=name, at=at(clock, on))
    return Fact(id=id_, type=STATE, source="own", time=data.at, data=data)


def many(prefix: str, count: int, start: str, step_s: float, agent: str | None = "ivan", **more: Any) -> list[Fact]:
    """*count* attempts, one every *step_s* seconds from *start* on."""
    began = at(start)
    clocks = ((began + timedelta(seconds=n * step_s)).time().isoformat() for n in range(count))
    return [call(f"{prefix}{n}", clock, agent, **more) for n, clock in enumerate(clocks)]


def judged(folder: Path, facts: list[Fact], of: Floor = FLOOR) -> Result:
    """What a back-test of these facts, in this order, comes to."""
    file = folder / "facts.ndjson"
    file.write_bytes(b"".join(encoded(fact) + b"\n" for fact in facts))
    return run(of, read(file, of))


def written(folder: Path, facts: list[Fact], of: Floor = FLOOR) -> dict[str, bytes]:
    """The files of a back-test, by name."""
    out = folder / "out"
    write(judged(folder, facts, of), out)
    return {name: (out / name).read_bytes() for name in FILES}


def row(result: Result, slice_: str, agent: str = "ivan", step: str = "calls", on: date = MONDAY) -> Any:
    (found,) = (one for one in result.slices if (one.date, one.slice, one.agent, one.step) == (on, slice_, agent, step))
    return found


def objects(lines: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in lines.splitlines()]
