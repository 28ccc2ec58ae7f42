"""Calls to hear: what broke on the rung, twice at most, and a good one to set against it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import parse
from schemas.rows import SliceRow
from schemas.steps import Step
from services.rules.closing import Closing
from services.rules.day import CutOff, working_day
from services.rules.deeds import Deed
from services.rules.hearing import listeners, with_calls, without_phone
from services.rules.tasks import Task
from tests.services.aggregator.feeding import floor_text

FLOOR = parse(floor_text(agents=3, zone="UTC"))
DATE = date(2026, 11, 23)
DAY = working_day(FLOOR, DATE)
CUT = CutOff("16:00", datetime(2026, 11, 23, 16, tzinfo=UTC))


def at(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, 23, int(hour), int(minute), tzinfo=UTC)


def call(agent: str, clock: str, talk_s: float | None, name: str = "") -> Deed:
    ended = at(clock)
    began = ended - timedelta(seconds=(talk_s or 0) + 10)
    return Deed(CALL, agent, ended, call=name or f"{agent}-{clock}", started_at=began, talk_s=talk_s)


def told(step: Step, deeds: list[Deed]) -> list[tuple[str, str]]:
    """(call, why) of a task of a0 on *step*; a1 did most of everything."""
    team = FLOOR.agents[0].team
    task = Task("t", DATE, "16:00", "a0", team, step, CUT.at, CUT.at + timedelta(hours=2), 5)
    rows = [
        SliceRow(date=DATE, slice="16:00", agent=agent, team=team, step=step, done=done, in_slice=0, target=None,
                 index=None, p_below=None, level="ok", trusted=True)
        for agent, done in (("a0", 1), ("a1", 9), ("a2", 4))
    ]  # fmt: skip
    closing = Closing(rows, [task], [], [], [], {})
    assert listeners(closing) == {"a0", "a1"}
    found: Any = with_calls(closing, FLOOR, DAY, CUT, deeds).opened[0].evidence.get("hear", [])
    return [(one["call"], one["why"]) for one in found]


STORIES: list[tuple[Step, list[Deed], list[tuple[str, str]]]] = [
    (
        "long_calls",
        [call("a0", "10:00", 5), call("a0", "10:10", 20), call("a0", "10:20", 45), call("a0", "10:30", 59),
         call("a0", "10:40", 60), call("a1", "10:00", 700)],
        [("a0-10:30", "cut_off"), ("a0-10:20", "cut_off"), ("a1-10:00", "good_peer")],
    ),
    (
        "long_calls",
        [call("a0", "10:00", 30), call("a0", "11:00", 640), call("a1", "10:00", 700)],
        [("a0-10:00", "cut_off"), ("a0-11:00", "good_own")],
    ),
    ("long_calls", [call("a0", "10:00", 200)], [("a0-10:00", "not_long")]),
    (
        "presentations",
        [call("a0", "10:00", 700), call("a0", "11:30", 900), call("a0", "14:00", 650),
         Deed(PRESENTATION, "a0", at("14:05"), deal="d1")],
        [("a0-11:30", "not_presented"), ("a0-10:00", "not_presented"), ("a0-14:00", "good_own")],
    ),
    (
        "presentations",
        [call("a0", "10:00", 700), Deed(PRESENTATION, "a0", at("15:00"), call="a0-10:00", deal="d1")],
        [("a0-10:00", "good_own")],
    ),
    (
        "invoices",
        [call("a0", "10:00", 700), Deed(PRESENTATION, "a0", at("10:01"), deal="d1"), call("a0", "12:00", 800),
         Deed(PRESENTATION, "a0", at("12:01"), deal="d2"), Deed(INVOICE, "a0", at("15:00"), deal="d2", invoice="i2")],
        [("a0-10:00", "not_invoiced"), ("a0-12:00", "good_own")],
    ),
    (
        "payments",
        [call("a0", "10:00", 700), Deed(INVOICE, "a0", at("10:05"), invoice="i1"), call("a0", "12:00", 800),
         Deed(INVOICE, "a0", at("12:01"), invoice="i2"), Deed(PAYMENT, "a0", at("15:00"), invoice="i2")],
        [("a0-10:00", "not_paid"), ("a0-12:00", "good_own")],
    ),
    ("answered", [call("a0", "10:00", 3), call("a0", "10:05", 30)], [("a0-10:00", "hung_up")]),
    ("calls", [call("a0", "10:00", None), call("a0", "10:50", 30), call("a0", "15:58", None)],
     [("a0-10:50", "pause")]),
    ("payments", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("step", "deeds", "expected"), STORIES)
def test_what_is_chosen(step: Step, deeds: list[Deed], expected: list[tuple[str, str]]) -> None:
    """By the rung; whatever the order in which the facts come."""
    assert told(step, deeds) == expected
    assert told(step, deeds[::-1]) == expected


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://records.example/2026/11/23/17326.mp3", True),
        ("https://records.example/call-1732612345.77.mp3", True),
        ("https://records.example/79161234567.mp3", False),
        ("https://records.example/?to=%2B79161234567", False),
        ("file:///var/spool/1.wav", False),
        (None, False),
    ],
)
def test_no_number_in_an_address(url: str | None, kept: bool) -> None:
    """An address that names a phone number is not passed on."""
    assert (without_phone(url) is not None) == kept
