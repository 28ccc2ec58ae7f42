"""What is due of every agent × step at the cut-off, and the rows that are frozen."""

from datetime import date as Date

from schemas.rows import SliceRow
from schemas.steps import STEPS
from services.rules.closing.evidence import Doubts
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.judging import Due, Judged


def dues(view: FloorView, cut: CutOff, doubts: Doubts) -> list[Due]:
    """Every agent × step with a norm or a count, sorted by team, agent and step."""
    found = []
    date, starts, before = view.today.date, view.today.starts, view.today.previous(cut.name)
    for agent in sorted(view.floor.agents, key=lambda agent: (agent.team, agent.id)):
        own, own_in_slice = view.evidence.done.get(agent.id, {}), view.evidence.in_slice.get(agent.id, {})
        due = view.due(agent, starts, cut.at)
        steps = [step for step in STEPS if step in due or own.get(step)]
        if not steps:
            continue
        due_in_slice = due if before == starts else view.due(agent, before, cut.at)
        exposure = view.exposure(agent, date)
        exposed = exposure.minutes(starts, cut.at) > 0
        lost = exposure.technical_share(starts, cut.at)
        found += [
            Due(
                agent=agent.id,
                team=agent.team,
                step=step,
                done=own.get(step, 0),
                in_slice=own_in_slice.get(step, 0),
                expected=due.get(step),
                exposed=exposed,
                trusted=not doubts[agent.team][step] and (agent.id, step) not in view.missing,
                expected_in_slice=due_in_slice.get(step),
                technical_share=lost,
            )
            for step in steps
        ]
    return found


def row(one: Judged, date: Date, cut: CutOff) -> SliceRow:
    return SliceRow(
        date=date,
        slice=cut.name,
        agent=one.due.agent,
        team=one.due.team,
        step=one.due.step,
        done=one.due.done,
        in_slice=one.due.in_slice,
        target=rounded(one.due.expected),
        index=rounded(one.index),
        p_below=rounded(one.p_below),
        level=one.level,
        trusted=one.due.trusted,
    )


def rounded(value: float | None) -> float | None:
    """As rows carry it."""
    return None if value is None else round(value, 6)
