"""Counts through the core give what facts of the same counts give in a back-test."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.facts import PAYMENT, Fact, Payment
from schemas.floor import Floor
from schemas.steps import Step
from services.lab.accuracy.counts import AgentDay, funnel_day, one_step_day, shares
from services.lab.accuracy.floors import DATE, KINDS, five_steps, kind_in_team, one_step
from services.lab.accuracy.naive import play_naively
from services.lab.accuracy.play import play
from services.lab.simulate.chance import stream
from services.rules.day import working_day
from tests.services.lab.backtest.telling import ZONE, call, invoice, judged, presentation

GAP = timedelta(seconds=20)
Told = Callable[[int], tuple[Floor, dict[str, AgentDay]]]


def of_five_steps(seed: int) -> tuple[Floor, dict[str, AgentDay]]:
    floor, random = five_steps(40), stream(seed, "facts")
    parts = shares(working_day(floor, DATE))
    return floor, {a.id: funnel_day(random, parts, kind_in_team(n).pace, 1.3) for n, a in enumerate(floor.agents)}


def of_one_step(seed: int) -> tuple[Floor, dict[str, AgentDay]]:
    floor, random = one_step(60), stream(seed, "facts")
    return floor, {a.id: one_step_day(random, [10] * 4, KINDS[n % 3].pace) for n, a in enumerate(floor.agents)}


def as_facts(floor: Floor, counts: dict[str, AgentDay]) -> list[Fact]:
    """Facts of exactly these counts: those of a slice lie in the last part of it."""
    return [
        _fact(step, n, slices[position], f"{agent}-{position}-{step}-{n}", cut.at - n * GAP, agent)
        for position, cut in enumerate(working_day(floor, DATE).cut_offs)
        for agent, slices in counts.items()
        for step, count in slices[position].items()
        if _told(step)
        for n in range(count)
    ]


def _told(step: Step) -> bool:
    """Answered and long calls are calls already."""
    return step not in ("answered", "long_calls")


def _fact(step: Step, n: int, own: Mapping[Step, int], id_: str, at: datetime, agent: str) -> Fact:
    clock = at.astimezone(ZONE).time().isoformat()
    if step == "calls":
        talk_s = 700 if n < own.get("long_calls", 0) else 60 if n < own.get("answered", 0) else 0
        return call(id_, clock, agent, on=DATE, talk_s=talk_s)
    if step == "presentations":
        return presentation(id_, clock, agent, on=DATE)
    if step == "invoices":
        return invoice(id_, clock, agent, on=DATE)
    paid = Payment(payment=f"crm:{id_}", agent=agent, at=at, amount_minor=100, currency="RUB")
    return Fact(id=id_, type=PAYMENT, source="crm", time=at, data=paid)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("told", [of_one_step, of_five_steps])
def test_counts_are_judged_as_facts_are(told: Told, seed: int, tmp_path: Path) -> None:
    """The same people get a task at the same slices, and the same cases go to the trainer."""
    floor, counts = told(seed)
    ours, theirs = play(floor, counts), judged(tmp_path, as_facts(floor, counts), floor)
    assert theirs.unattributed == theirs.outside == 0
    assert all(row.trusted for row in theirs.slices)
    cuts = working_day(floor, DATE).cut_offs
    assert [{row.agent for row in theirs.tasks if row.opened == cut.at} for cut in cuts] == ours.tasked
    assert {row.agent for row in theirs.coaching} == ours.escalated
    assert any(ours.tasked)
    assert ours.escalated


def test_the_naive_rule() -> None:
    """Below a slice's target is a task; below on the same step twice running is the trainer's."""
    counts: dict[str, AgentDay] = {
        "even": [{"calls": 10, "payments": 1}, {"calls": 12, "payments": 1}],
        "once": [{"calls": 9, "payments": 1}, {"calls": 10}],
        "twice": [{"calls": 9, "payments": 1}, {"calls": 9, "payments": 1}],
    }
    found = play_naively(counts, {"calls": 20, "payments": 2}, [0.5, 0.5])
    assert found.tasked == [{"once", "twice"}, {"once", "twice"}]
    assert found.escalated == {"twice"}
