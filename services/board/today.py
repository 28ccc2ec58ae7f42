"""Today on the floor: one consistent reading of PostgreSQL, and the pure rules over it.

Reads every table it shows in one snapshot. Live news then replaces single agents' counts until the next reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import date as Date

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.messages import FunnelChanged
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.board.storage import alerts, calls, closes, issues, slices, sources, tasks
from services.board.storage.alerts import Alert
from services.board.storage.closes import Close
from services.board.storage.sources import LineCount, SourceCount
from services.board.storage.tasks import Task
from services.reads import answers, cases, freshness, funnel, money, states
from services.reads import technical as technical_minutes
from services.reads.cases import Case
from services.reads.day import due_of, exposures_of
from services.reads.freshness import Freshness
from services.reads.kept import Kept
from services.reads.money import Money
from services.rules.day import CutOff, WorkingDay, date_of, working_day
from services.rules.exposure import NONE, Exposure, States
from services.rules.forecast import Paid
from services.rules.norms import norms_of
from services.rules.versions import floor_on

Versions = Sequence[tuple[int, datetime, Floor]]
NOTHING: Mapping[Step, int] = dict.fromkeys(STEPS, 0)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AgentNow:
    """One agent's counts since local midnight and state, as known now."""

    agent: str
    done: Mapping[Step, int] = field(default_factory=lambda: dict(NOTHING))
    short_calls: int = 0
    counted: int = 0
    last_call_at: datetime | None = None
    received_at: datetime | None = None
    state: str | None = None
    state_since: datetime | None = None
    at: datetime | None = None


@dataclass(slots=True)
class Today:
    """Everything the Floor page shows. ``as_of`` is the floor's time of the last reading or news."""

    version: int
    floor: Floor
    day: WorkingDay
    as_of: datetime
    agents: dict[str, AgentNow]
    exposures: Mapping[str, Exposure]
    norms: Mapping[str, Mapping[Step, float]]
    technical_now: Mapping[str, datetime]
    """Agent → since when a technical verdict stands."""
    affected: Mapping[str, int]
    """Alert → agents who lost time to it today."""
    halves: Sequence[funnel.Half]
    closes: tuple[Close, ...]
    rows: Mapping[tuple[str, Step], SliceRow]
    """Rows of the last closed slice."""
    tasks: Sequence[Task]
    cases: Sequence[Case]
    alerts: Sequence[Alert]
    freshness: Freshness
    money: Money
    paid: Mapping[str, Paid]
    """Team → payments of the month, in the reporting currency."""
    first_payment: tuple[str, datetime] | None
    long_calls: Sequence[calls.CallRow]
    lines: Sequence[LineCount]
    sources: Sequence[SourceCount]
    team_below: frozenset[tuple[str, Step]] = frozenset()
    """(team, step) of a common cause at the last closed slice."""
    lost_answers: Mapping[str, float] = field(default_factory=dict)
    """Team → conversations lost today on numbers and lists found bad."""
    whole: "Today | None" = None
    """Where this is narrowed to what one agent may see (services.board.sight): the day of all, for sums only."""

    @property
    def everybody(self) -> "Today":
        """For sums of teams and of the floor; nothing about a person is shown from it."""
        return self.whole or self

    @property
    def date(self) -> Date:
        return self.day.date

    @property
    def last_close(self) -> Close | None:
        return self.closes[-1] if self.closes else None

    def day_of(self, agent: str) -> WorkingDay:
        """The day as the agent's team has it."""
        return self.day.of(self.floor.agent_by_id[agent].team)

    def next_cut(self, now: datetime) -> CutOff | None:
        return next((cut for cut in self.day.cut_offs if cut.at > now), None)

    def due(self, agent: str, step: Step, moment: datetime) -> float | None:
        """Part of the agent's norm due by *moment*; None without a norm."""
        return due_of(self, agent, step, moment)

    def idle_s(self, agent: str, now: datetime) -> float | None:
        """Productive seconds since the agent's last call: breaks, faults and what is past the shift do not count."""
        known = self.agents.get(agent)
        if known is None or known.last_call_at is None or not self.on_shift(agent):
            return None
        return 60 * self.exposures[agent].minutes(known.last_call_at, now)

    def on_shift(self, agent: str) -> bool:
        return bool(self.exposures.get(agent, NONE).scheduled)

    def open_task(self, agent: str) -> Task | None:
        return next((task for task in self.tasks if task.open and task.row.agent == agent), None)

    def take(self, news: FunnelChanged) -> bool:
        """Put newer counts of one agent in; False when they are older than what is shown, or of another day."""
        known = self.agents.get(news.agent)
        if news.date != self.date or news.agent not in self.floor.agent_by_id:
            return False
        if known is not None and (known.counted, known.at or datetime.min.replace(tzinfo=UTC)) > (
            news.counted,
            news.at,
        ):
            return False
        self.agents[news.agent] = AgentNow(
            agent=news.agent,
            done={**NOTHING, **news.done},
            short_calls=news.short_calls,
            counted=news.counted,
            last_call_at=news.last_call_at,
            received_at=news.received_at,
            state=news.state,
            state_since=news.state_since,
            at=news.at,
        )
        return True


async def read(
    connection: AsyncConnection,
    versions: Versions,
    now: datetime,
    second: timedelta = SECOND,
    kept: Kept | None = None,
) -> Today:
    """One snapshot of the day that *now* belongs to. Raises what the database raises.

    Args:
        second: how long a real second is on the floor's clock.
        kept: for a day that is over.
    """
    version, floor = floor_on(versions, date_of(now, versions[-1][2].zone))
    date = date_of(now, floor.zone)
    day = working_day(floor, date)
    counts: Mapping[str, funnel.AgentCount]
    if kept is None:
        counts = await funnel.by_agent(connection, floor, date, day.ends)
        halves = await funnel.by_half(connection, floor, date, day.starts, now)
    else:
        counts = await funnel.by_agent_kept(connection, kept, floor, date, day.ends)
        halves = await funnel.by_half_kept(connection, kept, floor, date, day.starts, now)
    seen = await states.of_day(connection, date)
    lost = await technical_minutes.between(connection, day.starts, day.ends)
    closed = await closes.of_day(connection, date)
    last = closed[-1] if closed else None
    rows = await slices.find(connection, floor, date, slice_=last.slice, kept=kept) if last else []
    common = await issues.below(connection, date) if last else {}
    recent_from = now - timedelta(seconds=floor.outages.line_failure.window_s)
    return Today(
        version=version,
        floor=floor,
        day=day,
        as_of=now,
        agents={agent.id: _agent(agent.id, counts.get(agent.id), seen.get(agent.id, ())) for agent in floor.agents},
        exposures=exposures_of(floor, day, seen, lost, now),
        norms={agent.id: norms_of(floor, agent, day.weekday) for agent in floor.agents},
        technical_now={agent: start for agent, spans in lost.items() for start, end in spans if end is None},
        affected=await technical_minutes.affected(connection, day.starts, day.ends),
        halves=halves,
        closes=closed,
        rows={(row.agent, row.step): row for row in rows},
        tasks=await tasks.find(connection, day=date, open_too=True),
        cases=await cases.find(connection, recheck_from=date),
        alerts=await alerts.find(connection, day=date, open_too=True),
        freshness=await freshness.read(
            connection, day, last.cut_off if last else day.starts, floor, now=now, second=second
        ),
        money=await money.between(connection, floor, date, date),
        paid=await money.paid(connection, floor, date),
        first_payment=await money.first_payment(connection, floor, date),
        long_calls=await calls.find(connection, date, min_talk_s=float(floor.long_call_s), limit=8),
        lines=await sources.lines(connection, floor, date, recent_from),
        sources=await sources.sources(connection, date, day.starts, day.ends),
        team_below=frozenset(
            (team, step) for (slice_, team), steps in common.items() if last and slice_ == last.slice for step in steps
        ),
        lost_answers=await answers.lost(connection, floor, date, date, now),
    )


def _agent(agent: str, count: funnel.AgentCount | None, seen: States) -> AgentNow:
    since, state = seen[-1] if seen else (None, None)
    if count is None:
        return AgentNow(agent, state=state, state_since=since)
    return AgentNow(
        agent=agent,
        done=count.done,
        short_calls=count.short_calls,
        counted=count.counted,
        last_call_at=count.last_call_at,
        received_at=count.received_at,
        state=state,
        state_since=since,
    )
