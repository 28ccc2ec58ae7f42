"""Every route × every role, in one table; a route that has no row fails. Beside it: one team's lead and another team."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from schemas import facts, tables
from schemas.facts import CALL, SCORE, CallScored, Fact
from schemas.floor.default_card import DEFAULT_CARD
from schemas.sources import BOARD
from services.board.access import Person, Role
from services.board.app import Service
from services.board.storage import managing
from services.board.web.board import Board
from services.board.web.routes import SECTIONS
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, Made, fact_row, seed
from tests.support.seed_sources import add as add_sources
from tests.support.servers import fresh_database

PASSWORD: Final = "correct horse"
JSON: Final = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
PEOPLE: Final[tuple[Person, ...]] = (
    Person("root", "operator"),
    Person("oleg", "head"),
    Person("lena", "lead", team="hunters"),
    Person("tanya", "trainer"),
    Person("alina", "agent", agent="alina"),
    Person("tv", "viewer"),
)
OWN, OTHER = ("hunters", "alina"), ("farmers", "mark")
"""Whose things are tried: of the lead's team and about the agent; and of another team."""

TABLE: Final = """
                                                nobody operator head lead trainer agent viewer
GET  /                                               >        +    +    +       +     +      +
GET  /wall                                           >        +    +    +       +     -      +
GET  /slices                                         >        +    +    +       +     -      +
GET  /tasks                                          >        +    +    +       +     +      +
GET  /tasks/{task}                                   >        +    +    +       +     o      +
GET  /coaching                                       >        +    +    +       +     +      +
GET  /coaching/{case}                                >        +    +    +       +     o      +
GET  /quality                                        >        +    +    +       +     +      +
GET  /quality/calls/{call}                           >        +    +    +       +     o      +
GET  /alerts                                         >        +    +    +       +     -      +
GET  /lines                                          >        +    +    +       +     -      +
GET  /look                                           >        +    +    +       +     -      +
GET  /norms                                          >        +    +    +       +     -      +
GET  /sources                                        >        +    +    +       +     -      +
GET  /sources/{source}                               >        +    +    +       +     -      +
GET  /agents/{agent}                                 >        +    +    +       +     o      +
GET  /forecast                                       >        +    +    +       +     -      +
GET  /report                                         >        +    +    +       +     -      +
GET  /account                                        >        +    +    +       +     +      +
GET  /login                                          +        +    +    +       +     +      +
GET  /set-password                                   +        +    +    +       +     +      +

GET  /api/v1/floor                                   >        +    +    +       +     +      +
GET  /api/v1/live                                    >        +    +    +       +     +      +
GET  /api/v1/slices                                  >        +    +    +       +     +      +
GET  /api/v1/tasks                                   >        +    +    +       +     +      +
GET  /api/v1/coaching                                >        +    +    +       +     +      +
GET  /api/v1/effects                                 >        +    +    +       +     -      +
GET  /api/v1/alerts                                  >        +    +    +       +     -      +
GET  /api/v1/lines                                   >        +    +    +       +     -      +
GET  /api/v1/look                                    >        +    +    +       +     -      +
GET  /api/v1/norms                                   >        +    +    +       +     -      +
GET  /api/v1/trust                                   >        +    +    +       +     -      +
GET  /api/v1/calls                                   >        +    +    +       +     +      +
GET  /api/v1/agents/{agent}/day                      >        +    +    +       +     o      +
GET  /api/v1/forecast                                >        +    +    +       +     -      +
GET  /api/v1/report                                  >        +    +    +       +     -      +
GET  /api/v1/sources                                 >        +    +    +       +     -      +
GET  /api/v1/sources/{source}                        >        +    +    +       +     -      +
GET  /api/v1/sources/{source}/rejected/{row}         >        +    +    +       +     -      +
GET  /api/v1/quality                                 >        +    +    +       +     +      +
GET  /api/v1/quality/stages                          >        +    +    +       +     +      +
GET  /api/v1/quality/questions                       >        +    +    +       +     -      +
GET  /api/v1/quality/forms                           >        +    +    +       +     +      +
GET  /api/v1/quality/queue                           >        +    +    +       +     -      +
GET  /api/v1/quality/disputes                        >        +    +    +       +     +      +
GET  /api/v1/quality/calls/{call}                    >        +    +    +       +     o      +
GET  /api/v1/openapi.json                            >        +    +    +       +     +      +

POST /api/v1/tasks/{task}/confirm                    >        +    +    t       -     -      -
POST /api/v1/tasks/{task}/edit                       >        +    +    t       -     -      -
POST /api/v1/tasks/{task}/talk                       >        +    +    t       -     -      -
POST /api/v1/tasks/{task}/acknowledge                >        +    -    -       -     o      -
POST /api/v1/tasks/{task}/dismiss                    >        +    +    t       -     -      -
POST /api/v1/coaching/{case}/plan                    >        +    +    t       +     -      -
POST /api/v1/coaching/{case}/close                   >        +    +    t       +     -      -
POST /api/v1/quality/calls/{call}/score              >        +    +    t       +     -      -
POST /api/v1/quality/calls/{call}/dispute            >        +    -    -       -     o      -
POST /api/v1/quality/calls/{call}/settle             >        +    +    t       +     -      -
POST /api/v1/alerts/{alert}/acknowledge              >        +    +    t       -     -      -
POST /api/v1/alerts/{alert}/unacknowledge            >        +    +    t       -     -      -
POST /api/v1/alerts/{alert}/mute                     >        +    +    t       -     -      -
POST /api/v1/alerts/{alert}/technical                >        +    +    t       -     -      -
POST /api/v1/alerts/{alert}/not_technical            >        +    +    t       -     -      -
POST /api/v1/alerts/{alert}/resolve                  >        +    +    t       -     -      -
POST /api/v1/silences                                >        +    +    t       -     -      -
POST /api/v1/silences/{silence}/end                  >        +    +    t       -     -      -
POST /api/v1/sources/{source}/assign                 >        +    +    -       -     -      -
POST /api/v1/sources/{source}/replay                 >        +    +    -       -     -      -

POST /account/password                               >        +    +    +       +     +      +
POST /login                                          +        +    +    +       +     +      +
POST /set-password                                   +        +    +    +       +     +      +
POST /logout                                         >        +    +    +       +     +      +
POST /account/sign-out-everywhere                    >        +    +    +       +     +      +
"""
"""``>`` sign in first (a page leads to it, 303; else 401) · ``-`` 403 · ``+`` answered (200, 202, 303; 409 where it was done
before) · ``t`` answered about the own team, 403 about another · ``o`` answered about what is the agent's own, else 403."""

ROLES: Final[tuple[str, ...]] = ("nobody", "operator", "head", "lead", "trainer", "agent", "viewer")
BODIES: Final[dict[str, Any]] = {
    "edit": {"what": "по списку Б"},
    "dismiss": {"reason": "absent"},
    "plan": {"text": "слушаем вместе"},
    "close": {"outcome": "grown"},
    "score": {"marks": {"contact": "1"}},
    "resolve": {"reason": "проверили"},
}
FORMS: Final = {"/login", "/logout", "/set-password", "/account/password", "/account/sign-out-everywhere"}
FINE: Final = {200, 202, 303, 409}
LIVE: Final = "/api/v1/live"
ENDS_SESSIONS: Final = {"/logout", "/account/sign-out-everywhere"}


def rows() -> dict[tuple[str, str], tuple[str, ...]]:
    """(method, path) → one sign per role."""
    lines = [line.split() for line in TABLE.strip().splitlines() if line.strip()]
    assert tuple(lines[0]) == ROLES
    return {(method, path): tuple(signs) for method, path, *signs in lines[1:]}


@dataclass(frozen=True)
class Thing:
    """What of one team and agent there is to act on."""

    team: str
    agent: str
    task: str
    case: str
    alert: str
    silence: str
    call: str
    score: str
    disputed: str
    dispute: int
    unowned: str

    def path(self, pattern: str, row: int) -> str:
        call = self.disputed if pattern.endswith("/settle") else self.call
        known = {**vars(self), "source": "mango-main", "row": row, "call": quote(call, safe="")}
        return pattern.format(**known)

    def body(self, pattern: str) -> Any:
        act = pattern.rsplit("/", 1)[1]
        if act == "silences":
            return {"team": self.team, "for_s": 600, "reason": "обед"}
        if act == "dispute":
            return {"score": self.score, "item": "contact", "text": "слышно"}
        if act == "settle":
            return {"dispute": self.dispute, "outcome": "upheld", "text": "да"}
        if act == "assign":
            return {"identity": self.unowned, "agent": self.agent}
        return BODIES.get(act, {})


@dataclass(frozen=True)
class Bench:
    dsn: str
    own: Thing
    other: Thing
    row: int


async def _thing(connection: Any, made: Made, team: str, agent: str) -> Thing:
    """A task, a case, an alert, a silence and two marked calls, one of them disputed, of *agent*."""
    known = (await connection.execute(sa.select(tables.tasks).limit(1))).mappings().one()
    task, case, alert, silence = (
        facts.event_id("things", what, agent) for what in ("task", "case", "alert", "silence")
    )
    given = {**known, "task": task, "agent": agent, "team": team, "state": "proposed", "verified": None, "result": None}
    await connection.execute(sa.delete(tables.tasks).where(tables.tasks.c.agent == agent))
    await connection.execute(sa.insert(tables.tasks), {**given, "dismissed_at": None})
    known = (await connection.execute(sa.select(tables.coaching).limit(1))).mappings().one()
    await connection.execute(sa.insert(tables.coaching), {**known, "case": case, "agent": agent, "team": team})
    known = (await connection.execute(sa.select(tables.alerts).limit(1))).mappings().one()
    told = {**known, "alert": alert, "fingerprint": agent, "team": team, "state": "firing", "resolved_at": None}
    await connection.execute(sa.insert(tables.alerts), {**told, "scope": f"team:{team}", "evidence": {}})
    quiet = {"silence": silence, "match": {"team": team}, "owner": "oleg", "reason": "обед", "starts": NOW}
    await connection.execute(sa.insert(tables.silences), {**quiet, "until": NOW + timedelta(hours=3)})
    calls = [fact for fact in made.facts if fact.type == CALL and fact.agent == agent][:2]
    events = []
    for fact in calls:
        call = str(fact.data.call_id)  # type: ignore[union-attr]
        marks = {item.id: 1.0 for item in DEFAULT_CARD.items}
        data = CallScored(call_id=call, agent=agent, card="default", card_version=1, by="boris", marks=marks)
        event = facts.event_id(BOARD, SCORE, call)
        told_ = Fact(id=event, type=SCORE, source=BOARD, time=fact.time, data=data, received_at=fact.time)
        await connection.execute(sa.insert(tables.facts), fact_row(told_, made.day.date))
        events.append((call, event))
    (call, score), (disputed, of) = events
    row = {"score": of, "call": disputed, "agent": agent, "item": "contact", "mark": 1.0, "raised_at": NOW}
    kept = sa.insert(tables.disputes).values({**row, "raised_by": agent, "text": "нет"}).returning(tables.disputes.c.id)
    dispute = int((await connection.execute(kept)).scalar_one())
    nobodys = (tables.facts.c.source == "mango-main", tables.facts.c.agent.is_(None))
    unowned = sa.select(tables.facts.c.data["identity"].astext).where(*nobodys).limit(1)
    identity = str((await connection.execute(unowned)).scalar_one())
    return Thing(team, agent, task, case, alert, silence, call, score, disputed, dispute, identity)


async def _fill(dsn: str) -> Bench:
    made = await seed(dsn)
    await add_sources(dsn)
    service = board_on(dsn)
    async with service.engine.begin() as connection:
        for person in PEOPLE:
            assert await managing.add(connection, person, PASSWORD, NOW)
        own, other = [await _thing(connection, made, *whose) for whose in (OWN, OTHER)]
        journal = tables.journal.c
        rejected = sa.select(journal.id).where(journal.source == "mango-main", journal.state == "rejected").limit(1)
        row = int((await connection.execute(rejected)).scalar_one())
    await service.engine.dispose()
    return Bench(dsn, own, other, row)


@pytest.fixture(scope="module")
def bench(postgres: EmbeddedPostgres) -> Iterator[Bench]:
    with fresh_database(postgres) as dsn:
        yield asyncio.run(_fill(dsn))


def listed(service: Service) -> set[tuple[str, str]]:
    """Every route of the app but probes and files."""
    made = [section.routes(cast(Board, None)) for section in SECTIONS]  # a board is needed to answer, not to be listed
    found = {key for of in made for key in _routes(of.routes)}
    described = {
        (method.upper(), path) for path, methods in service.app.openapi()["paths"].items() for method in methods
    }
    probes = {("GET", path) for path in ("/healthz", "/readyz", "/metrics")}
    return found | (described - probes) | {("GET", "/api/v1/openapi.json")}


def _routes(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield from ((method, re.sub(r":\w+}", "}", route.path)) for method in route.methods)
        else:
            yield from _routes(route.original_router.routes)


def test_every_route_has_a_row(seeded_dsn: str) -> None:
    """A new route must say who may use it; a row of a route that is gone is taken out."""
    assert set(rows()) == listed(board_on(seeded_dsn))
    assert all(len(signs) == len(ROLES) for signs in rows().values())


@asynccontextmanager
async def as_(service: Service, name: str | None) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service) as client:
        if name is not None:
            form = {"name": name, "password": PASSWORD}
            answer = await client.post("/login", data=form, headers={"sec-fetch-site": "same-origin"})
            assert answer.status_code == 303
        yield client


async def asked(client: httpx.AsyncClient, method: str, pattern: str, thing: Thing, row: int) -> int:
    path = thing.path(pattern, row)
    if pattern == LIVE:
        return (await client.head(path)).status_code  # a stream has no end; the gate treats both alike
    if method == "GET":
        return (await client.get(path)).status_code
    if pattern in FORMS:
        return (await client.post(path, data={}, headers={"sec-fetch-site": "same-origin"})).status_code
    return (await client.post(path, json=thing.body(pattern), headers=JSON)).status_code


def fits(sign: str, method: str, pattern: str, own: int, other: int) -> bool:
    """Whether the answers about one's own and about others' are what *sign* says."""
    # Forms say what is wrong with them; a link that is none is not found; a stream is only knocked at.
    fine = {**{path: {200, 303, 401, 404, 422} for path in FORMS}, LIVE: {405}}.get(pattern, FINE)
    match sign:
        case ">":
            page = method == "GET" and not pattern.startswith("/api/")
            return own == other == (303 if page else 401)
        case "-":
            return own == other == 403
        case "+":
            return own in fine and other in fine
        case _:
            return own in fine and other == 403


@pytest.mark.parametrize("role", ROLES)
async def test_the_table_holds(bench: Bench, role: Role) -> None:
    """Each route is asked twice: about the own team and agent, and about others."""
    service = board_on(bench.dsn)
    name = next((person.name for person in PEOPLE if person.role == role), None)
    wrong = []
    async with as_(service, name) as client:
        for (method, pattern), signs in rows().items():
            sign = signs[ROLES.index(role)]
            if pattern in ENDS_SESSIONS:
                async with as_(service, name) as once:
                    own = other = await asked(once, method, pattern, bench.own, bench.row)
            else:
                own = await asked(client, method, pattern, bench.own, bench.row)
                other = await asked(client, method, pattern, bench.other, bench.row)
            if not fits(sign, method, pattern, own, other):
                wrong.append(f"{method} {pattern}: {sign!r}, but {own} about the own and {other} about others")
    await service.engine.dispose()
    assert not wrong, "\n".join(wrong)


async def test_a_lead_makes_and_ends_no_silence_of_the_whole_floor(bench: Bench) -> None:
    """That is the head's: it would silence other teams too."""
    service = board_on(bench.dsn)
    whole = facts.event_id("things", "silence", "whole floor")
    async with service.engine.begin() as connection:
        row = {"silence": whole, "match": {"kind": "outage"}, "owner": "oleg", "reason": "x", "starts": NOW}
        await connection.execute(sa.insert(tables.silences), {**row, "until": NOW + timedelta(hours=3)})
    body = {"kind": "outage", "for_s": 600, "reason": "обед"}
    async with as_(service, "lena") as lead:
        assert (await lead.post("/api/v1/silences", json=body, headers=JSON)).status_code == 403
        assert (await lead.post(f"/api/v1/silences/{whole}/end", json={}, headers=JSON)).status_code == 403
    async with as_(service, "oleg") as head:
        assert (await head.post(f"/api/v1/silences/{whole}/end", json={}, headers=JSON)).status_code == 202
    await service.engine.dispose()
