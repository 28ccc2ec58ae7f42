"""B5 and B9: a floor with weeks behind it. B5: from when a slice is due until it is announced; B9: the board's pages.

Yardsticks are PostgreSQL's own time over the same facts: for a close, handing out the calls and results of the day once; for
a page, adding up the last four weeks once by agent and day. Both change with the machine and its load as the figures do.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx

from schemas.floor import Floor, parse
from services.kit.errors import Unavailable
from services.lab.bench import past
from services.lab.bench.floor import SECRETS, agent_id
from services.lab.bench.result import Figure, Result
from services.lab.bench.stack import Children, FreshStack, Stack, running
from services.rules.day import CutOff, working_day

AGENTS: Final = 100
DAYS: Final = 30
LAST: Final = Date(2026, 11, 23)
"""A Monday: drift, the weekend and most of a month lie before it."""
SLICE: Final = "16:00"
BEFORE: Final = timedelta(minutes=10)
"""So long before the cut-off the clock of B5 begins; it runs fast until the slice is due, so that a start takes a part of it."""
LEAD_S, STARTS = 15.0, 3.0
"""Real seconds until the slice is due: at least so many, and so many times what a start took just before."""
REQUEST_S: Final = 3.0
"""What the closer allows a request that is still under way after the grace period."""
PATIENCE_S: Final = 120.0
WARM: Final = 3
CLOSE_GOAL, COLD_GOAL, WARM_GOAL = 25.0, 12.0, 4.0
PAGES: Final = ("/", "/slices", "/tasks", "/coaching", "/look", "/forecast", "/report", "/quality", "/agents/{agent}")

_WEEKS: Final = """
SELECT day, agent, count(*), count(*) FILTER (WHERE disposition = 'answered'), sum(talk_s) FROM facts
WHERE day > $1::date - 28 GROUP BY day, agent
"""
_DAY: Final = """
SELECT type, agent, line, occurred_at, received_at, disposition, talk_s, data->>'call_id' FROM facts
WHERE day = $1 ORDER BY occurred_at
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """``cut``: the slice that is not closed yet; facts reach a minute past it."""

    floor: Floor
    cut: CutOff
    facts: int
    took_s: float


def close(fresh: FreshStack, scale: float) -> Result:
    """B5."""
    with fresh() as stack, running(stack) as children:
        filled = asyncio.run(_fill(stack, scale))
        yardstick_s = asyncio.run(_timed(stack, _DAY, LAST))
        due = filled.cut.at + timedelta(seconds=filled.floor.grace_s)
        starts = filled.cut.at - BEFORE
        lead_s = max(LEAD_S, STARTS * _start_s(children, starts))
        anchor, rate = time.time(), (due - starts).total_seconds() / lead_s
        due_at = anchor + lead_s + REQUEST_S
        children.service("aggregator", _clock(f"{starts.isoformat()}@{rate:.3f}/{due.isoformat()}", anchor))
        if time.time() > due_at:
            raise Unavailable("the aggregator was not ready before the slice was due: the machine is too busy")
        took_s = asyncio.run(_announced(stack)) - due_at
        rows = asyncio.run(stack.value(f"SELECT count(*) FROM slices WHERE date = '{LAST}' AND slice = '{SLICE}'"))  # noqa: S608
    ratio = took_s / yardstick_s
    return Result(
        bench="B5",
        what=f"slice close of {_size(filled)}: due → announced",
        goal=f"≤ {CLOSE_GOAL:g} × handing out the day's facts once",
        figures=[
            Figure(name="close", value=took_s, unit="s", role="measured"),
            Figure(name="the day's facts once", value=yardstick_s, unit="s", role="yardstick"),
            Figure(name="ratio", value=ratio, unit="×", role="ratio"),
            Figure(name="rows", value=rows, unit="rows"),
        ],
        reached=ratio <= CLOSE_GOAL,
        notes=[f"filled in {filled.took_s:.0f} s; with how often the closer looks (0.4 s)"],
    )


def pages(fresh: FreshStack, scale: float) -> Result:
    """B9."""
    with fresh() as stack, running(stack) as children:
        filled = asyncio.run(_fill(stack, scale))
        now = filled.cut.at + timedelta(minutes=1)
        patient = {"SREZ_BOARD_READ_DEADLINE_S": f"{PATIENCE_S:g}"}
        board = children.service("board", {**_clock(now.isoformat(), time.time()), **patient})
        with httpx.Client(base_url=board.url, timeout=PATIENCE_S) as client:
            yardstick_s = asyncio.run(_timed(stack, _WEEKS, LAST))
            took = {page: _page(client, page.format(agent=agent_id(1))) for page in PAGES}
    cold, warm = (max(one[at] for one in took.values()) / yardstick_s for at in (0, 1))
    figures = [
        Figure(name="slowest at first", value=cold, unit="×", role="ratio"),
        Figure(name="slowest again", value=warm, unit="×", role="ratio"),
        Figure(name="four weeks of facts once", value=yardstick_s * 1000, unit="ms", role="yardstick"),
    ]
    for page, (first_s, again_s) in took.items():
        figures.append(Figure(name=f"{page} at first", value=first_s * 1000, unit="ms", role="measured"))
        figures.append(Figure(name=f"{page} again", value=again_s * 1000, unit="ms", role="measured"))
    return Result(
        bench="B9",
        what=f"pages of {_size(filled)}: at first, and again",
        goal=f"≤ {COLD_GOAL:g} × at first, ≤ {WARM_GOAL:g} × again: adding up four weeks of facts once",
        figures=figures,
        reached=cold <= COLD_GOAL and warm <= WARM_GOAL,
        notes=[f"filled in {filled.took_s:.0f} s; at first: since the board was started; again: the best of {WARM}"],
    )


def _start_s(children: Children, at: datetime) -> float:
    """Seconds that an aggregator takes to become ready."""
    began = time.monotonic()
    children.service("aggregator", _clock(at.isoformat(), time.time())).stop()
    return time.monotonic() - began


def _size(filled: Filled) -> str:
    facts = f"{filled.facts:,}".replace(",", " ")
    return f"{len(filled.floor.agents)} agents with {DAYS} working days behind them, {facts} facts"


def _clock(text: str, anchor: float) -> dict[str, str]:
    return {**SECRETS, "SREZ_CLOCK": text, "SREZ_CLOCK_ANCHOR": f"{anchor:.3f}", "SREZ_SESSION_TIMEOUT_S": "6"}


async def _fill(stack: Stack, scale: float) -> Filled:
    """Up to a minute past the cut-off of SLICE, which stays open."""
    began = time.monotonic()
    agents = max(20, int(AGENTS * scale))
    text = past.floor_text(agents, max(1, agents // 25), LAST)
    floor = parse(text)
    dates = past.working_days(floor, LAST, DAYS)
    cut = next(one for one in working_day(floor, LAST).cut_offs if one.name == SLICE)
    await stack.apply_floor(text, working_day(floor, dates[0]).starts)
    connection = await asyncpg.connect(stack.postgres_dsn)
    try:
        facts = await past.write(connection, floor, dates, cut.at + timedelta(minutes=1))
    finally:
        await connection.close()
    return Filled(floor, cut, facts, time.monotonic() - began)


async def _timed(stack: Stack, query: str, *values: object) -> float:
    """Seconds, the best of three."""
    connection = await asyncpg.connect(stack.postgres_dsn)
    try:
        found = []
        for _ in range(3):
            began = time.perf_counter()
            await connection.fetch(query, *values)
            found.append(time.perf_counter() - began)
    finally:
        await connection.close()
    return min(found)


async def _announced(stack: Stack) -> float:
    """Unix seconds at which the slice is closed and announced. Raises: Unavailable when it never is."""
    query = "SELECT announced_at FROM closes WHERE date = $1 AND slice = $2"
    connection: Any = await asyncpg.connect(stack.postgres_dsn)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if await connection.fetchval(query, LAST, SLICE):
                return time.time()
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
    raise Unavailable(f"the slice {SLICE} was not closed within {PATIENCE_S:g} s")


def _page(client: httpx.Client, path: str) -> tuple[float, float]:
    """Seconds: at first, and the best of those after. Raises: Unavailable when the page is none."""
    found = []
    for _ in range(1 + WARM):
        began = time.perf_counter()
        answer = client.get(path)
        found.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise Unavailable(f"{path} answered {answer.status_code}")
    return found[0], min(found[1:])
