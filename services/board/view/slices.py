"""The Slices page: teams first, then every agent × step of one frozen cut-off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy.special import gammaincinv

from schemas.floor import Floor
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.board.storage.closes import Close
from services.board.storage.issues import Below
from services.board.view import saying
from services.board.view.look import Told, told
from services.board.view.reason import reason
from services.board.view.revisions import Questioned, questioned
from services.board.words import Words
from services.reads.look import LookRow
from services.reads.revisions import Revisions
from services.rules.day import CutOff, WorkingDay
from services.rules.deviation import of_agent

SPAN = 1.6
"""Right end of the certainty plot, in multiples of the norm."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """Dot and 80 % interval of M, as places 0–100 on an axis from 0 to SPAN."""

    index: float
    low: float
    high: float

    @staticmethod
    def place(value: float) -> float:
        return round(min(100.0, 100 * value / SPAN), 1)


@dataclass(frozen=True, slots=True)
class Cell:
    row: SliceRow
    certainty: Certainty | None
    reason: str
    """Why its level is what it is."""
    drop: Told | None
    """Against the agent's own pace; only where the level does not say it already."""
    revised: Questioned | None = None
    """How it would be judged with the technical minutes known now, where that is another way."""


@dataclass(frozen=True, slots=True)
class AgentSlice:
    agent: str
    name: str
    team: str
    cells: dict[Step, Cell]
    late: int


@dataclass(frozen=True, slots=True)
class TeamStep:
    """Sums of a team at the cut-off; ``target`` is None without norms."""

    done: int
    in_slice: int
    target: float | None
    late: int


@dataclass(frozen=True, slots=True)
class TeamSlice:
    team: str
    title: str
    steps: dict[Step, TeamStep]
    reasons: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SlicesView:
    day: WorkingDay
    closes: Sequence[Close]
    chosen: Close | None
    teams: list[TeamSlice]
    agents: list[AgentSlice]
    previous: str
    following: str
    questioned: int
    """Verdicts of the slice, of the teams shown, that would be others now."""
    first: CutOff | None
    """While none of the day is closed: the first still to come, with the moment it is closed (after the grace)."""


def slices_view(
    floor: Floor,
    day: WorkingDay,
    closed: Sequence[Close],
    chosen: Close | None,
    rows: Sequence[SliceRow],
    w: Words,
    team: str,
    now: datetime,
    *,
    below: Below | None = None,
    drops: Sequence[LookRow] = (),
    revisions: Revisions | None = None,
) -> SlicesView:
    titles = {one.id: one.title for one in floor.teams}
    teams = [
        TeamSlice(
            of,
            titles.get(of, of),
            {step: _sum([row for row in rows if row.team == of and row.step == step]) for step in STEPS},
            saying.doubts(chosen.reasons(of), w) if chosen else [],
        )
        for of in sorted(
            {row.team for row in rows}, key=list(titles).index if rows and _all_known(rows, titles) else str
        )
        if not team or of == team
    ]
    seen = _Seen(chosen, below or {}, drops, revisions or {})
    agents = _agents(floor, [row for row in rows if not team or row.team == team], seen, w)
    return SlicesView(
        day,
        closed,
        chosen,
        teams,
        agents,
        (day.date - timedelta(days=1)).isoformat(),
        (day.date + timedelta(days=1)).isoformat(),
        sum(cell.revised is not None for one in agents for cell in one.cells.values()),
        None if closed else first_to_close(floor, day, now),
    )


def first_to_close(floor: Floor, day: WorkingDay, now: datetime) -> CutOff | None:
    grace = timedelta(seconds=floor.grace_s)
    return next((CutOff(cut.name, cut.at + grace) for cut in day.cut_offs if cut.at + grace > now), None)


def _all_known(rows: Sequence[SliceRow], titles: dict[str, str]) -> bool:
    return all(row.team in titles for row in rows)


def _sum(rows: Sequence[SliceRow]) -> TeamStep:
    targets = [row.target for row in rows if row.target is not None]
    return TeamStep(
        sum(row.done for row in rows),
        sum(row.in_slice for row in rows),
        sum(targets) if targets else None,
        sum(row.late for row in rows),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stands beside the rows of the slice."""

    close: Close | None
    below: Below
    drops: Sequence[LookRow]
    revisions: Revisions

    def why(self, row: SliceRow, floor: Floor, w: Words) -> str:
        doubts = self.close.reasons(row.team).get(row.step, ()) if self.close else ()
        return reason(row, floor, w, doubts=doubts, team_below=row.step in self.below.get((row.slice, row.team), ()))


def _agents(floor: Floor, rows: Sequence[SliceRow], seen: _Seen, w: Words) -> list[AgentSlice]:
    numbers = {agent.id: number for number, agent in enumerate(floor.agents, 1)}
    dropped = told(seen.drops, floor, w)
    found: dict[str, AgentSlice] = {}
    for row in rows:
        agent = floor.agent_by_id.get(row.agent)
        name = agent.title if agent else row.agent
        if floor.board.hide_names and agent:
            name = w("agents.number", n=numbers[row.agent])
        own = found.setdefault(row.agent, AgentSlice(row.agent, name, row.team, {}, 0))
        drop = dropped.get(row.agent, {}).get(row.step) if row.level not in ("soft", "hard") else None
        own.cells[row.step] = Cell(
            row,
            certainty(floor, row),
            seen.why(row, floor, w),
            drop,
            questioned(row, seen.revisions.get((row.slice, row.agent, row.step)), w),
        )
    return sorted(found.values(), key=lambda one: (one.team, one.name.casefold()))


def certainty(floor: Floor, row: SliceRow) -> Certainty | None:
    """80 % interval of the agent's multiplier, from the frozen counts; None where nothing can be said."""
    if row.target is None or row.level == "not_enough_data":
        return None
    own = of_agent(row.done, row.target, floor.judgement.of(row.team, row.step))
    low, high = (float(gammaincinv(own.shape, p)) / own.rate for p in (0.1, 0.9))
    return Certainty(own.mean, low, high)
