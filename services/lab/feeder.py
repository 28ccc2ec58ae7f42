"""Plays a simulated day to ingest over HTTP, as its providers would: signed requests, at the day's own pace.

Writes a ledger, one JSON line per request as its outcome becomes known, so that "accepted" can be compared with the
journal afterwards. Imports nothing of ingest: see ``senders``.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from schemas.facts import Fact
from schemas.floor import Floor
from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.lab.ledger import Entry, Ledger
from services.lab.senders import SENDERS, Account, Outgoing, odd
from services.lab.senders.account import accounts
from services.lab.simulate import FloorDay

CONCURRENCY: Final = 32
ATTEMPTS: Final = 12
TIMEOUT_S: Final = 10.0
LONGEST_PAUSE_S: Final = 5.0
THROTTLED: Final = (429, 502, 503, 504)
FOR_GOOD: Final = {
    "401": "it does not know the key: the secret here is not the one that ingest has",
    "403": "the key may not do that, or something before ingest lets nobody in",
    "unset": "ingest itself lacks the secret of this source, or does not know its provider; srez doctor says which",
}
"""Answers after which a source that never accepted anything is given up at once: no repeat would help."""
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """One request with what it is about; ``at`` is virtual. ``fact`` is None for an odd one."""

    at: datetime
    account: Account
    request: Outgoing
    fact: Fact | None


class FeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """``outcomes``: status (or ``timeout``, ``refused``) → requests. ``unfed``: facts no configured source could bring."""

    requests: int
    accepted: int
    retried: int
    outcomes: dict[str, int]
    unfed: dict[str, int]
    seconds: float

    @property
    def well(self) -> bool:
        return self.accepted == self.requests


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The state at a full hour of the floor's time; ``behind_s`` is how late the feeder is, in real seconds."""

    at: datetime
    sent: int
    accepted: int
    planned: int
    behind_s: float


OnProgress = Callable[[Progress], Awaitable[None] | None]


def plan(
    floor: Floor, day: FloorDay, environment: Mapping[str, str], base_url: str
) -> tuple[list[Planned], Counter[str]]:
    """Every request of the day in order, and facts that cannot be sent by source.

    Raises: Misconfigured when a secret is missing.
    """
    used = {fact.source for fact in day.deliveries} | {one.source for one in day.odd}
    known = accounts({id_: floor.source_by_id[id_] for id_ in used if id_ in floor.source_by_id}, environment, base_url)
    planned: list[Planned] = []
    unfed: Counter[str] = Counter()
    for fact in day.deliveries:
        account = known.get(fact.source)
        sender = SENDERS.get(account.source.provider) if account else None
        requests = sender(fact, account) if account and sender else ()
        if not requests or account is None:
            unfed[fact.source] += 1
        for request in requests:
            planned.append(Planned(fact.received_at or fact.time, account, request, fact))  # type: ignore[arg-type]
    for one in day.odd:
        if account := known.get(one.source):
            planned.append(Planned(one.at, account, odd.request(one.kind, account, one.at), None))
    planned.sort(key=lambda one: one.at)
    return planned, unfed


async def feed(
    floor: Floor,
    day: FloorDay,
    *,
    ingest_url: str,
    secrets: Mapping[str, str],
    clock: Clock,
    ledger_path: Path,
    on_progress: OnProgress | None = None,
    concurrency: int = CONCURRENCY,
    attempts: int = ATTEMPTS,
) -> FeedReport:
    """Post the whole day; returns when the last outcome is known.

    Args:
        secrets: environment variable → value, as the floor file refers to them (``os.environ`` will do).
        clock: whose virtual time paces the requests; what is already due goes at once. Ingest must share it.
        on_progress: called at every full hour of the floor, and at the end.
    Raises: Misconfigured when a secret is missing, or a source that accepted nothing yet turns a request away for want of the
        right key; OSError when the ledger cannot be written.
    """
    planned, unfed = plan(floor, day, secrets, ingest_url)
    report = await send(planned, ingest_url, clock, ledger_path, on_progress, concurrency, attempts)
    return msgspec.structs.replace(report, unfed=dict(sorted(unfed.items())))


async def send(
    planned: list[Planned],
    ingest_url: str,
    clock: Clock,
    ledger_path: Path,
    on_progress: OnProgress | None = None,
    concurrency: int = CONCURRENCY,
    attempts: int = ATTEMPTS,
) -> FeedReport:
    """Post *planned*, which is in order of time: see ``feed``."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    connector = aiohttp.TCPConnector(limit=concurrency)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    with Ledger(ledger_path) as ledger:
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
            base = ingest_url.rstrip("/")
            await _Feeding(client, base, clock, ledger, attempts, concurrency, planned, on_progress).run()
    return FeedReport(
        requests=len(planned),
        accepted=ledger.accepted,
        retried=ledger.retried,
        outcomes=dict(sorted(ledger.outcomes.items())),
        unfed={},
        seconds=round(loop.time() - began, 3),
    )


@dataclass(slots=True)
class _Feeding:
    client: aiohttp.ClientSession
    base: str
    clock: Clock
    ledger: Ledger
    attempts: int
    concurrency: int
    planned: list[Planned]
    on_progress: OnProgress | None
    known: set[str] = field(default_factory=set)
    """Sources that accepted something."""
    wrong: Misconfigured | None = None

    async def run(self) -> None:
        """Raises: Misconfigured, once what is on its way has ended."""
        free = asyncio.Semaphore(self.concurrency)
        hours = self._hours()
        hour = next(hours, None)
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate(self.planned):
                while hour is not None and one.at >= hour:
                    await self.clock.sleep_until(hour)
                    await self._tell(hour)
                    hour = next(hours, None)
                await self.clock.sleep_until(one.at)
                await free.acquire()
                if self.wrong is not None:
                    break
                group.create_task(self._send(number, one)).add_done_callback(lambda _: free.release())
        if self.wrong is not None:
            raise self.wrong
        if self.planned:
            await self._tell(self.planned[-1].at)

    def _hours(self) -> Iterator[datetime]:
        if not self.planned:
            return
        at = self.planned[0].at.replace(minute=0, second=0, microsecond=0) + HOUR
        while at <= self.planned[-1].at:
            yield at
            at += HOUR

    async def _tell(self, at: datetime) -> None:
        if self.on_progress is None:
            return
        behind_s = max(0.0, (self.clock.now() - at).total_seconds() / self.clock.rate)
        told = self.on_progress(
            Progress(
                at=at,
                sent=self.ledger.written,
                accepted=self.ledger.accepted,
                planned=len(self.planned),
                behind_s=round(behind_s, 3),
            )
        )
        if told is not None:
            await told

    async def _send(self, number: int, one: Planned) -> None:
        """Send until accepted or refused for good; a throttled or lost attempt is repeated, as a provider would."""
        sent_at, status, tried = self.clock.now(), "", 0
        while tried < self.attempts:
            tried += 1
            status, pause_s = await self._attempt(one.request, tried)
            if pause_s is None:
                break
            if tried < self.attempts:
                await asyncio.sleep(pause_s)
        source = one.account.id
        if status.startswith("2"):
            self.known.add(source)
        elif status in FOR_GOOD and one.fact is not None and source not in self.known:
            names = ", ".join(sorted(_variables(one.account)))
            code = "503" if status == "unset" else status
            self.wrong = Misconfigured(f"{source} answers {code} to its first requests: {FOR_GOOD[status]} ({names})")
        self.ledger.write(_entry(number, one, sent_at, "503" if status == "unset" else status, tried))

    async def _attempt(self, request: Outgoing, tried: int) -> tuple[str, float | None]:
        """(outcome, real seconds to wait before trying again, or None when it is settled)."""
        backoff_s = min(LONGEST_PAUSE_S, 0.1 * 2**tried)
        url = URL(self.base + request.path, encoded=True)
        try:
            async with self.client.post(url, data=request.body, headers=request.headers) as answer:
                said = await answer.read()
        except TimeoutError:
            return "timeout", backoff_s
        except (aiohttp.ClientError, OSError):
            return "refused", backoff_s
        if answer.status == 503 and b'"misconfigured"' in said:
            return "unset", None
        if answer.status in THROTTLED:
            return str(answer.status), min(LONGEST_PAUSE_S, _retry_after_s(answer, backoff_s))
        return str(answer.status), None


def _variables(account: Account) -> Iterator[str]:
    for one in account.source.secrets.values():
        yield from (reference.env for reference in (one if isinstance(one, tuple) else (one,)))


def _retry_after_s(answer: aiohttp.ClientResponse, otherwise: float) -> float:
    try:
        return max(0.05, float(answer.headers["retry-after"]))
    except (KeyError, ValueError):
        return otherwise


def _entry(number: int, one: Planned, sent_at: datetime, status: str, tried: int) -> Entry:
    fact = one.fact
    details: dict[str, Any] = {}
    if fact is not None:
        details = {"fact": fact.id, "type": fact.type, "agent": fact.agent, "occurred_at": fact.time}
    return Entry(
        id=number,
        source=one.account.id,
        what=one.request.what,
        due_at=one.at,
        sent_at=sent_at,
        status=status,
        attempts=tried,
        **details,
    )
