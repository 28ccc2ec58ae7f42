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
from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.board.view.dues import carried, due_at, task_done
from services.board.view.floor import shown_name
from services.board.view.norms import briefly
from services.board.view.pace import Curve, Day, Pace, by_half, of_agent
from services.board.words import Words
from services.rules.exposure import NONE
from services.rules.norms import governing, norms_of


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
    charts: tuple[StepChart, ...]
    slices: dict[str, dict[Step, SliceRow]]
    calls: Sequence[CallRow]
    technical_min: float
    tasks: list[tuple[Task, int, datetime, bool]]
    """(task, done of it, when it is looked at next, carried over)."""


def agent_view(
    today: Today, agent: str, now: datetime, own: Sequence[CallRow], rows: Sequence[SliceRow], w: Words
) -> AgentView:
    found = today.floor.agent_by_id[agent]
    number = [one.id for one in today.everybody.floor.agents].index(agent) + 1
    known = today.agents.get(agent) or AgentNow(agent)
    slices: dict[str, dict[Step, SliceRow]] = {}
    for row in rows:
        slices.setdefault(row.slice, {})[row.step] = row
    exposure = today.exposures.get(agent, NONE)
    return AgentView(
        agent=found,
        name=shown_name(today, number, found, w),
        team=today.floor.team_by_id[found.team].title,
        now=known,
        state="technical" if agent in today.technical_now else known.state or "unknown",
        state_since=today.technical_now.get(agent, known.state_since),
        standing=standing(today, agent),
        charts=charts(today, agent, now, w),
        slices=slices,
        calls=own,
        technical_min=sum(end - start for start, end in exposure.technical) / 60,
        tasks=[
            (task, task_done(today, task, known), due_at(today, task), carried(today, task))
            for task in today.tasks
            if task.row.agent == agent
        ],
    )


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
