"""One agent's day: every step against the norm, slices, calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.floor import Agent, Floor
from schemas.floor.origin import Origin, Source
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.board.standing import Standing, standing
from services.board.storage.calls import CallRow
from services.board.storage.issues import Below
from services.board.storage.revisions import Revisions
from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.board.view.dues import carried, due_at, owed, task_done
from services.board.view.floor import shown_name
from services.board.view.look import Told, told
from services.board.view.norms import briefly
from services.board.view.pace import Curve, Day, Pace, by_half, of_agent
from services.board.view.reason import of_standing, reason
from services.board.view.revisions import Questioned, questioned
from services.board.words import Words
from services.reads.look import LookRow
from services.rules.exposure import NONE
from services.rules.norms import governing, norms_of
from services.rules.spans import clock_minutes


@dataclass(frozen=True, slots=True)
class StepChart:
    pace: Pace
    curve: Curve
    cuts: tuple[tuple[str, float], ...]
    """(name, x) of every cut-off inside the chart."""
    norm: "NormLine | None"
    source: str
    """Where the norm comes from, in words; empty without one."""


@dataclass(frozen=True, slots=True)
class NormLine:
    """What a full shift of today owes and by whose norm: *kind* agent, role, team or floor; ``reference`` is the best's;
    ``source`` and ``origin`` say where the norm comes from."""

    per_day: float
    kind: str
    name: str
    reference: float | None
    source: Source = "hand"
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class AgentView:
    agent: Agent
    name: str
    team: str
    now: AgentNow
    state: str
    state_since: datetime | None
    standing: Standing
    reason: str
    """Why the level of the last slice is what it is."""
    charts: tuple[StepChart, ...]
    slices: dict[str, dict[Step, SliceRow]]
    reasons: dict[str, dict[Step, str]]
    """Slice → step → why its level is what it is."""
    drops: dict[str, dict[Step, Told]]
    calls: Sequence[CallRow]
    technical_min: int
    tasks: list[tuple[Task, int, int, datetime, bool]]
    """(task, done of it, what meets it then, when it is looked at next, carried over)."""
    revised: dict[str, dict[Step, Questioned]]
    """Slice → step → how it would be judged now, where that is another way."""

    @property
    def told(self) -> list[tuple[Step, Told]]:
        """Drops at the last slice, beside steps that are not told as lagging."""
        last = next(reversed(self.slices), None)
        if last is None:
            return []
        rows = self.slices[last]
        return [(step, one) for step, one in self.drops[last].items() if rows[step].level not in ("soft", "hard")]


def agent_view(
    today: Today,
    agent: str,
    now: datetime,
    own: Sequence[CallRow],
    rows: Sequence[SliceRow],
    w: Words,
    *,
    below: Below | None = None,
    drops: Sequence[LookRow] = (),
    revisions: Revisions | None = None,
) -> AgentView:
    found = today.floor.agent_by_id[agent]
    number = [one.id for one in today.everybody.floor.agents].index(agent) + 1
    known = today.agents.get(agent) or AgentNow(agent)
    slices: dict[str, dict[Step, SliceRow]] = {}
    for row in rows:
        slices.setdefault(row.slice, {})[row.step] = row
    exposure = today.exposures.get(agent, NONE)
    stands = standing(today, agent)
    return AgentView(
        agent=found,
        name=shown_name(today, number, found, w),
        team=today.floor.team_by_id[found.team].title,
        now=known,
        state="technical" if agent in today.technical_now else known.state or "unknown",
        state_since=today.technical_now.get(agent, known.state_since),
        standing=stands,
        reason=of_standing(stands, today, agent, w),
        charts=charts(today, agent, now, w),
        slices=slices,
        reasons=_reasons(today, rows, below or {}, w),
        drops={
            name: told([one for one in drops if one.slice == name], today.floor, w).get(agent, {}) for name in slices
        },
        calls=own,
        technical_min=clock_minutes(exposure.technical),
        tasks=[
            (task, task_done(today, task, known), owed(today, task), due_at(today, task), carried(today, task))
            for task in today.tasks
            if task.row.agent == agent
        ],
        revised=_revised(slices, revisions or {}, w),
    )


def _revised(
    slices: dict[str, dict[Step, SliceRow]], revisions: Revisions, w: Words
) -> dict[str, dict[Step, Questioned]]:
    return {
        name: {
            step: told
            for step, row in steps.items()
            if (told := questioned(row, revisions.get((name, row.agent, step)), w)) is not None
        }
        for name, steps in slices.items()
    }


def _reasons(today: Today, rows: Sequence[SliceRow], below: Below, w: Words) -> dict[str, dict[Step, str]]:
    closed = {close.slice: close for close in today.closes}
    found: dict[str, dict[Step, str]] = {}
    for row in rows:
        close = closed.get(row.slice)
        found.setdefault(row.slice, {})[row.step] = reason(
            row,
            today.floor,
            w,
            doubts=close.reasons(row.team).get(row.step, ()) if close else (),
            team_below=row.step in below.get((row.slice, row.team), ()),
        )
    return found


def charts(today: Today, agent: str, now: datetime, w: Words) -> tuple[StepChart, ...]:
    day = Day(today, now)
    start, end = day.edges[0], day.edges[-1]
    whole = max(1.0, (end - start).total_seconds())
    width, height = 320, 96
    cuts = tuple(
        (cut.name, round((cut.at - start).total_seconds() / whole * width, 1))
        for cut in today.day.cut_offs
        if start < cut.at <= end
    )
    norms = norm_lines(today.floor, today.floor.agent_by_id[agent], today.day.weekday)
    return tuple(
        StepChart(
            pace=of_agent(today, agent, step, now),
            curve=day.curve([agent], by_half(today.halves, step, agent=agent), step, width=width, height=height),
            cuts=cuts,
            norm=(norm := norms.get(step)),
            source=briefly(norm.source, norm.origin, w) if norm else "",
        )
        for step in STEPS
    )


def norm_lines(floor: Floor, agent: Agent, weekday: str) -> dict[Step, NormLine]:
    reference = norms_of(floor, agent, weekday, "reference")
    found = {}
    for step, entry in governing(floor, agent, weekday).items():
        kind, name = next((kind, name) for kind, name in entry.for_ if name is not None)
        if kind == "team":
            name = floor.team_by_id[name].title
        found[step] = NormLine(
            entry.per_day[step], kind, name, reference.get(step), entry.source(step), entry.from_.get(step)
        )
    return found
