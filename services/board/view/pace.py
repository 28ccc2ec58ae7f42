"""Pace of one step: done against what is due now and by the end of the day; shapes of bars and sparklines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.steps import Step
from services.board.today import Today
from services.reads.funnel import HALF_S, Half
from services.rules.exposure import NONE


@dataclass(frozen=True, slots=True)
class Pace:
    """``due`` and ``day`` are None without a norm. ``fill`` and ``mark`` are per cent of the bar's width."""

    step: Step
    done: int
    due: float | None
    day: float | None

    @property
    def fill(self) -> float:
        scale = max(self.day or 0.0, 1e-9)
        return round(min(100.0, 100 * self.done / scale), 1) if self.day else (100.0 if self.done else 0.0)

    @property
    def mark(self) -> float | None:
        return round(min(100.0, 100 * self.due / self.day), 1) if self.day and self.due is not None else None


def of_agent(today: Today, agent: str, step: Step, now: datetime) -> Pace:
    known = today.agents.get(agent)
    done = known.done.get(step, 0) if known else 0
    return Pace(step, done, today.due(agent, step, now), today.due(agent, step, today.day.ends))


def of_group(paces: Sequence[Pace]) -> Pace:
    """Sum of several agents' paces of one step; those without a norm add to the count only."""
    due = [pace.due for pace in paces if pace.due is not None]
    day = [pace.day for pace in paces if pace.day is not None]
    return Pace(paces[0].step, sum(pace.done for pace in paces), sum(due) if due else None, sum(day) if day else None)


@dataclass(frozen=True, slots=True)
class Point:
    """End of one half-hour: counts since local midnight."""

    at: datetime
    done: int | None
    """None when the half-hour has not come yet."""
    due: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A step through the day. ``done_path`` and ``due_path`` are SVG polylines in a box of *width* × *height*."""

    step: Step
    points: tuple[Point, ...]
    done_path: str
    due_path: str
    width: int
    height: int


class Day:
    """Half-hours of today's working time, with what is due at the end of each: computed once for all curves."""

    def __init__(self, today: Today, now: datetime) -> None:
        self.today, self.now = today, now
        spans = today.day.hours
        first = datetime.fromtimestamp(spans[0][0], now.tzinfo) if spans else today.day.starts
        last = max(today.day.over, self._seen_to()) if spans else today.day.ends
        self.first_half = int((first - today.day.starts).total_seconds() // HALF_S)
        count = int(-(-(last - today.day.starts).total_seconds() // HALF_S)) - self.first_half
        self.edges = tuple(
            today.day.starts + timedelta(seconds=HALF_S * (self.first_half + at)) for at in range(count + 1)
        )
        self._exposed: dict[tuple[str, Step | None], tuple[float, ...]] = {}

    def _seen_to(self) -> datetime:
        """Now; of a day that is over, when the last thing was counted: its evening has nothing to show."""
        if self.now < self.today.day.ends - timedelta(seconds=1):
            return self.now
        busy = max((one.half for one in self.today.halves if any(one.done.values())), default=0)
        return min(self.today.day.ends, self.today.day.starts + timedelta(seconds=HALF_S * busy))

    def exposed(self, agent: str, step: Step) -> tuple[float, ...]:
        """Exposure minutes of the agent up to every edge, as they weigh for *step*."""
        day = self.today.day_of(agent)
        key = agent, step if step in day.curves else None
        if key not in self._exposed:
            own = self.today.exposures.get(agent, NONE).net
            self._exposed[key] = tuple(day.weighted_min(key[1], own, day.starts, edge) for edge in self.edges)
        return self._exposed[key]

    def due(self, agents: Sequence[str], step: Step) -> list[float | None]:
        weights = [
            (norm / standard, self.exposed(agent, step))
            for agent in agents
            if (norm := self._norm(agent, step)) is not None
            and (standard := self.today.day_of(agent).standard_of(step))
        ]
        if not weights:
            return [None] * len(self.edges)
        return [sum(per_min * exposed[at] for per_min, exposed in weights) for at in range(len(self.edges))]

    def _norm(self, agent: str, step: Step) -> float | None:
        return self.today.norms.get(agent, {}).get(step)

    def curve(self, agents: Sequence[str], halves: Mapping[int, int], step: Step, *, width: int, height: int) -> Curve:
        """*halves*: number of the half-hour → count in it; see services.reads.funnel.Half."""
        dues = self.due(agents, step)
        done = sum(count for half, count in halves.items() if half <= self.first_half)
        points = []
        for at, edge in enumerate(self.edges):
            if at:
                done += halves.get(self.first_half + at, 0)
            running = edge > self.now and at > 0 and self.edges[at - 1] < self.now
            shown = done if edge <= self.now or running else None
            points.append(Point(min(edge, self.now) if running else edge, shown, dues[at]))
        top = max([1.0, *(float(p.done) for p in points if p.done is not None), *(p.due for p in points if p.due)])
        start, whole = self.edges[0], max(1.0, (self.edges[-1] - self.edges[0]).total_seconds())

        def place(moment: datetime, value: float) -> str:
            x = (moment - start).total_seconds() / whole * width
            y = height - 1 - value / top * (height - 3)
            return f"{x:.1f},{y:.1f}"

        return Curve(
            step=step,
            points=tuple(points),
            done_path=" ".join(place(point.at, point.done) for point in points if point.done is not None),
            due_path=" ".join(
                place(edge, point.due) for edge, point in zip(self.edges, points, strict=True) if point.due is not None
            ),
            width=width,
            height=height,
        )


def by_half(halves: Sequence[Half], step: Step, *, team: str | None = None, agent: str | None = None) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in halves:
        if (team is None or one.team == team) and (agent is None or one.agent == agent):
            found[one.half] = found.get(one.half, 0) + one.done.get(step, 0)
    return found
