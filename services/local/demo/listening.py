"""The evening of the demo: calls are heard and marked, as people would: by the board's own pages, and by a colleague whose
system of quality posts to the generic source. One mark is disputed, for whoever looks around to answer.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final
from urllib.parse import quote

import httpx
from yarl import URL

from schemas.facts import SCORE, CallScored, CallTranscribed, Fact, encode
from schemas.floor.default_card import DEFAULT_CARD
from services.lab.senders.account import accounts
from services.lab.senders.generic import signed
from services.lab.simulate.chance import stream, weighted
from services.local.counted import counted
from services.local.demo.checks import Check
from services.local.demo.day import DemoDay
from services.local.demo.stored import Stored

MOST: Final = 60
"""Calls of the queue that get marked."""
SECOND: Final = 12
"""Of them by two people."""
WAIT_S: Final = 30.0
OURS: Final = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
COLLEAGUE: Final = {"ru": "Ольга, отдел качества", "en": "Olga, quality"}
HEARD: Final[Mapping[str, float]] = {"1": 8, "0.5": 2}
UNHEARD: Final[Mapping[str, float]] = {"0": 5, "0.5": 4, "na": 1}
"""Marks people give where the machine has evidence, and where it has none: weights."""
MARKS: Final[Mapping[str, float | None]] = {"1": 1.0, "0.5": 0.5, "0": 0.0, "na": None}
COMMENTS: Final = {
    "ru": (
        "Хорошее начало, мало вопросов.",
        "Презентация по делу. Назначайте срок счёта.",
        "Слышит клиента, так держать.",
    ),
    "en": (
        "A good start, few questions.",
        "To the point. Name a date for the invoice.",
        "Listens well, go on like that.",
    ),
}
DOUBT: Final = {
    "ru": "В расшифровке это есть, послушайте ещё раз, пожалуйста.",
    "en": "It is in the transcript, please listen again.",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """``asked``: marks given on the board; ``told``: those posted by the colleague; ``scored``: calls that have a score."""

    transcripts: int
    read: int
    asked: int
    told: int
    scored: int
    disputed: int

    @property
    def well(self) -> bool:
        return self.read == self.transcripts > 0 and self.scored >= self.asked > 0 and self.disputed == 1


def check(heard: Heard) -> Check:
    detail = (
        f"{counted(heard.read, 'transcript')} of {heard.transcripts} read, {counted(heard.scored, 'score')}, "
        f"{counted(heard.disputed, 'dispute')}"
    )
    return Check("calls were read and scored", heard.well, detail)


async def listen(
    demo: DemoDay, stored: Stored, board_url: str, ingest_url: str, secrets: Mapping[str, str], now: datetime
) -> Heard:
    """Mark what the queue names, have some of it marked again, dispute one mark; waits until all of it has come through."""
    known = {fact.data.call_id for fact in demo.day.deliveries if isinstance(fact.data, CallTranscribed)}
    async with httpx.AsyncClient(base_url=board_url, timeout=10, headers={"accept": "application/json"}) as board:
        done = await _all_read(stored, len(known))
        rows = (await board.get("/api/v1/quality/queue")).json()["rows"]
        random = [row for row in rows if row["sample"] == "random"]
        chosen = [*random, *(row for row in rows if row["sample"] != "random" and row["call"] in known)][:MOST]
        twice = [row for row in random if row["people"] > 1][:SECOND]
        read = {row["call"]: await _machine(board, row["call"]) for row in chosen}
        asked = [row["call"] for row in chosen if await _mark(demo, board, row["call"], read[row["call"]])]
        told = await _second(demo, ingest_url, secrets, twice, read, now)
        sheets = await _sheets(board, asked, told)
        disputed = await _dispute(demo, board, sheets, read) if told else 0
    scored = sum(any(sheet["value"] is not None for sheet in own) for own in sheets.values())
    return Heard(len(known), done, len(asked), len(told), scored, disputed)


async def _all_read(stored: Stored, transcripts: int) -> int:
    """How many were read; waits for the slowest."""
    done = 0
    async for _ in _turns():
        done = (await stored.counts())["readings"]
        if done >= transcripts:
            break
    return done


async def _machine(board: httpx.AsyncClient, call: str) -> dict[str, Any]:
    found: dict[str, Any] = (await board.get(_path(call))).json()["machine"]
    return found


async def _mark(demo: DemoDay, board: httpx.AsyncClient, call: str, machine: Mapping[str, Any]) -> bool:
    random = stream(demo.day.seed, "marks", call)
    body = {"marks": _marks(random, machine), "bans": [], "comment": random.choice(COMMENTS[demo.floor.language])}
    return (await board.post(f"{_path(call)}/score", json=body, headers=OURS)).status_code == 202


def _marks(random: Random, machine: Mapping[str, Any]) -> dict[str, str]:
    own = {item.id: weighted(random, HEARD if machine.get(item.id) else UNHEARD) for item in DEFAULT_CARD.items}
    return {**own, "speech": weighted(random, HEARD)}


async def _second(
    demo: DemoDay,
    ingest_url: str,
    secrets: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    read: Mapping[str, Mapping[str, Any]],
    now: datetime,
) -> list[str]:
    """The colleague's marks of the calls that two people should mark: random ones."""
    by = COLLEAGUE[demo.floor.language]
    source = next(one.id for one in demo.floor.sources if one.provider == "generic")
    account = accounts({source: demo.floor.source_by_id[source]}, secrets, ingest_url)[source]
    told = []
    async with httpx.AsyncClient(timeout=10) as client:
        for row in rows:
            call: str = row["call"]
            marks = _marks(stream(demo.day.seed, "second", call), read.get(call, {}))
            data = CallScored(
                call_id=call,
                agent=row["agent"],
                card=DEFAULT_CARD.id,
                card_version=DEFAULT_CARD.version,
                by=by,
                marks={item: MARKS[word] for item, word in marks.items()},
                sample="random",
            )
            name = f"{call}|second"
            score = Fact(id=name, type=SCORE, source=source, time=now, data=data)
            request = signed(account, "generic score", name, encode(score))
            url = str(URL(account.base_url + request.path, encoded=True))
            answer = await client.post(url, content=request.body, headers=dict(request.headers))
            if answer.status_code == 200:
                told.append(call)
    return told


async def _sheets(
    board: httpx.AsyncClient, asked: Sequence[str], told: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Call → its sheets, once all have come through."""
    found: dict[str, list[dict[str, Any]]] = {}
    async for _ in _turns():
        for call in asked:
            if len(found.get(call, ())) < 1 + (call in told):
                found[call] = (await board.get(_path(call))).json()["rows"]
        if all(len(found[call]) >= 1 + (call in told) for call in asked):
            break
    return found


async def _dispute(
    demo: DemoDay,
    board: httpx.AsyncClient,
    sheets: Mapping[str, Sequence[Mapping[str, Any]]],
    read: Mapping[str, Mapping[str, Any]],
) -> int:
    """The colleague's first mark below 1 where the machine has evidence; returns how many disputes there are then."""
    by = COLLEAGUE[demo.floor.language]
    for call, own in sorted(sheets.items()):
        for sheet in own:
            item = next((id_ for id_, mark in sheet["marks"].items() if mark in (0, 0.5) and read[call].get(id_)), None)
            if sheet["by"] == by and item is not None:
                body = {"score": sheet["score"], "item": item, "text": DOUBT[demo.floor.language]}
                await board.post(f"{_path(call)}/dispute", json=body, headers=OURS)
                async for _ in _turns():
                    rows = (await board.get("/api/v1/quality/disputes")).json()["rows"]
                    if rows:
                        return len(rows)
                return 0
    return 0


def _path(call: str) -> str:
    return f"/api/v1/quality/calls/{quote(call, safe='')}"


async def _turns() -> AsyncIterator[None]:
    """Twice a second, until nobody needs it any more or WAIT_S have passed."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while asyncio.get_running_loop().time() < deadline:
        yield
        await asyncio.sleep(0.5)
