"""The demo's own judgement: it passes what is right and names what is wrong."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.steps import STEPS
from services.lab.feeder import FeedReport
from services.local.demo.checks import Check, Outcome, checks
from services.local.demo.day import DemoDay, prepare
from services.local.demo.summary import told, verdict


@pytest.fixture(scope="module")
def demo() -> DemoDay:
    return prepare(
        environment={"SREZ_POSTGRES_DSN": "real", "OWN_SIGNING": "real", "SLACK_BOT_TOKEN": "real", "PATH": "p"}
    )


def rows(demo: DemoDay) -> list[dict[str, Any]]:
    """The slices as a perfect product would freeze them."""
    counts = demo.day.truth.counts[demo.day.truth.dates[0]]
    found, upto = [], []
    for cut in demo.day.days[0].cut_offs:
        upto.append(cut.name)
        for agent, steps in counts.items():
            for step in STEPS:
                done = sum(steps[step].slices[name] for name in upto)
                found.append({"slice": cut.name, "agent": agent, "step": step, "done": done, "late": 0})
    return found


@pytest.fixture(scope="module")
def outcome(demo: DemoDay) -> Outcome:
    """Everything as it should be."""
    truth = demo.day.truth
    (outage,) = truth.outages
    assert outage.fourth_failure is not None
    fired = outage.fourth_failure + timedelta(seconds=5)
    alert = {"kind": "outage", "verdict": "line", "scope": outage.scope, "fired_at": fired, "resolved_at": None}
    cut_offs = demo.day.days[0].cut_offs
    closes = [{"slice": cut.name, "closed_at": cut.at, "on_time": True, "trust": {}} for cut in cut_offs]
    counts = {"journal": 2000, "facts": truth.facts, "unattributed": len(truth.unattributed), "sent": 9}
    counts |= {"dead": 0, "waiting": 0, "rejected": 1, "ignored": 2, "reports": 1}
    report = FeedReport(requests=2000, accepted=2000, retried=0, outcomes={"200": 2000}, unfed={}, seconds=1.0)
    names = [cut.name for cut in cut_offs]
    return Outcome(report, truth, counts, closes, rows(demo), [], [], [alert], names, timedelta(seconds=1))


def failed(outcome: Outcome) -> list[str]:
    return [check.what for check in checks(outcome) if not check.passed]


def test_a_perfect_day_passes(outcome: Outcome, demo: DemoDay) -> None:
    """Nothing fails when everything is right, and the summary can be written."""
    assert failed(outcome) == []
    text = "\n".join([*told(outcome, demo.floor.zone), *verdict([Check("x", True)])])
    assert "2000 accepted" in text


def changed(outcome: Outcome, **counts: int) -> Outcome:
    return replace(outcome, counts={**outcome.counts, **counts})


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        ({"journal": 1999}, "accepted = journal"),
        ({"facts": 1}, "every fact once"),
        ({"unattributed": 0}, "unknown extensions are kept apart"),
        ({"reports": 0}, "the day was reported once"),
        ({"dead": 1}, "every message was delivered"),
    ],
)
def test_wrong_counts_are_named(outcome: Outcome, counts: Mapping[str, int], what: str) -> None:
    """Each count that differs fails its own check and no other."""
    assert failed(changed(outcome, **counts)) == [what]


def test_one_wrong_number_of_hundreds_is_found(outcome: Outcome) -> None:
    """A single frozen count that differs from the truth by one fails the recount; told as late it passes."""
    first, *others = outcome.slices
    wrong = {**first, "done": first["done"] - 1}
    assert failed(replace(outcome, slices=[wrong, *others])) == ["slices = an independent recount"]
    assert failed(replace(outcome, slices=[{**wrong, "late": 1}, *others])) == []


def test_a_missed_an_invented_and_a_slow_outage(outcome: Outcome) -> None:
    """No alert, an alert for nothing, and one more than a minute after the fourth failure are each told."""
    (alert,) = outcome.alerts
    assert any("was reported" in what for what in failed(replace(outcome, alerts=[])))
    invented = {**alert, "scope": "source:own"}
    assert failed(replace(outcome, alerts=[alert, invented])) == ["no outage that was none"]
    slow = {**alert, "fired_at": alert["fired_at"] + timedelta(seconds=90)}
    assert any("reported as a line" in what for what in failed(replace(outcome, alerts=[slow])))


def test_a_demo_touches_nothing_real(demo: DemoDay) -> None:
    """Real stores, secrets and messengers of the environment do not reach it."""
    assert dict(demo.environment) == {"PATH": "p"}
    assert {channel.kind for channel in demo.floor.notify.channels} == {"console"}
