"""What is worth a look, in words: what was seen, by which numbers, and what may innocently explain it."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.floor import Agent, Floor
from schemas.steps import Step
from services.board.words import Words
from services.reads.look import LookRow

PACES = ("drift", "drop_today", "drop_of_days")


@dataclass(frozen=True, slots=True)
class Shown:
    title: str
    evidence: str
    maybe: str
    """What may explain it without any fault."""


@dataclass(frozen=True, slots=True)
class OfAgent:
    agent: Agent
    team: str
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A drop beside a verdict: in a cell, and whole."""

    short: str
    whole: str


def told(rows: Sequence[LookRow], floor: Floor, w: Words) -> dict[str, dict[Step, Told]]:
    """Agent → step → the surest drop of one slice, from *rows* in order of certainty."""
    found: dict[str, dict[Step, Told]] = {}
    for row in rows:
        if row.step is not None:
            short = w(f"look.{row.what}.short", done=w.num(row.done), due=w.due(row.due))
            found.setdefault(row.agent, {}).setdefault(row.step, Told(short, _evidence(row, floor, w)))
    return found


def look_view(rows: Sequence[LookRow], floor: Floor, w: Words) -> list[OfAgent]:
    """One entry an agent, in the order of *rows*."""
    found: dict[str, list[Shown]] = {}
    for row in rows:
        found.setdefault(row.agent, []).append(shown(row, floor, w))
    titles = {team.id: team.title for team in floor.teams}
    return [
        OfAgent(floor.agent_by_id[agent], titles.get(floor.agent_by_id[agent].team, ""), tuple(own))
        for agent, own in found.items()
    ]


def shown(row: LookRow, floor: Floor, w: Words) -> Shown:
    group = "drop" if row.what.startswith("drop") else row.what
    step = w(f"step.{row.step}") if row.step else ""
    return Shown(w(f"look.{row.what}", step=step), _evidence(row, floor, w), w(f"look.maybe.{group}"))


def _evidence(row: LookRow, floor: Floor, w: Words) -> str:
    by = floor.gaming
    if row.what == "drift":
        since = w.day_short(row.since) if row.since else ""
        return w("look.drift.seen", since=since, done=w.num(row.done), due=w.due(row.due))
    if row.before_due is not None:
        return w(
            f"look.{row.what}.seen",
            slice=row.slice,
            done=w.num(row.done),
            due=w.due(row.due),
            before=w.num(row.before_done or 0),
            before_due=w.due(row.before_due),
            sure=w.sure(row.probability or 0.0),
            below=w.num(floor.judgement.drop.below, 1),
        )
    long_s = floor.long_call_of(row.team)
    return w(
        f"look.{row.what}.seen",
        n=row.done,
        of=w.num(row.due),
        usual=w.num(row.usual or 0.0, 1),
        share=w.share(row.done / row.due if row.due else 0.0),
        limit=w.span(long_s),
        until=w.span(long_s + by.pile_width_s),
        quick=w.num(by.quick_s),
        hours=w.num(by.unheard_within_s / 3600, 0 if by.unheard_within_s % 3600 == 0 else 1),
        late=w.num(by.late_mark_s / 3600, 0 if by.late_mark_s % 3600 == 0 else 1),
        days=w.num(by.unpaid_after_days),
        window=w.num(by.days),
    )
