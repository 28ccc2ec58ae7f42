"""What was frozen, judged again with technical minutes that became known later. Ten calls an hour are due of everybody."""

from dataclasses import replace

import msgspec

from schemas.floor import Floor
from schemas.rows import SliceRevisionRow
from services.rules.closing import Evidence, Frozen, Opened, Revised, revised
from services.rules.day import CutOff
from services.rules.memory import Past
from services.rules.spans import Spans
from tests.services.rules.stories import MONDAY, crew, floor, instant, spans
from tests.services.rules.test_closing import CALLS_ONLY, PLAIN, calls, closed

FLOOR = floor(norms=CALLS_ONLY, more=PLAIN)


def frozen(slice_: str, of: Floor = FLOOR, **done: int) -> Frozen:
    cut = CutOff(slice_, instant(slice_))
    return Frozen(cut, closed(of, slice_, calls(**done)).rows)


def again(
    *slices: Frozen, of: Floor = FLOOR, past: tuple[Past, ...] = (), cases: tuple[Opened, ...] = (), **lost: Spans
) -> Revised:
    return revised(of, MONDAY, slices, Evidence({}, {}, technical={MONDAY: lost}), past, cases)


def told(rows: list[SliceRevisionRow]) -> list[tuple[object, ...]]:
    return [(one.slice, one.agent, one.target, one.level, one.technical_min, one.reason) for one in rows]


def test_time_found_technical_later_is_told_beside_the_row() -> None:
    """Ivan did 8 of 20 by eleven: hard. From nine to ten his line was dead: 8 of 10, index 0.877, in the norm."""
    eleven = frozen("11:00", ivan=8, maria=20)
    assert [(row.agent, row.target, row.level) for row in eleven.rows] == [
        ("ivan", 20.0, "hard"),
        ("maria", 20.0, "ok"),
    ]
    (one,) = again(eleven, ivan=spans("09:00-10:00")).rows
    assert told([one]) == [("11:00", "ivan", 10.0, "ok", 60.0, "technical")]
    assert one.index == round(14.25 / 16.25, 6)  # (a + 8) / (a + 10), a = 1 / 0.4²


def test_nothing_known_later_says_nothing() -> None:
    """The same minutes, minutes after the cut-off, minutes of a break."""
    eleven = frozen("11:00", ivan=8, maria=20)
    assert again(eleven).rows == []
    assert again(eleven, ivan=spans("11:00-12:00")).rows == []
    one = frozen("13:00", ivan=16, maria=40)
    assert again(one, ivan=spans("13:00-14:00")).rows == []


def test_a_verdict_taken_back_is_told_too() -> None:
    """Frozen with an hour of Ivan's taken out; a correction of the facts has since given it back."""
    cut = CutOff("11:00", instant("11:00"))
    rows = closed(FLOOR, "11:00", calls(ivan=8, maria=20), technical={MONDAY: {"ivan": spans("09:00-10:00")}}).rows
    assert told(again(Frozen(cut, rows)).rows) == [("11:00", "ivan", 20.0, "hard", 0.0, "withdrawn")]


def test_later_slices_of_the_day_are_judged_again_too() -> None:
    """The hour before eleven is missing at one as well: 26 of 40 was soft, 26 of 30 is not; watch had nothing to watch."""
    rows = again(frozen("11:00", ivan=8, maria=20), frozen("13:00", ivan=26, maria=40), ivan=spans("09:00-10:00")).rows
    assert [(one.slice, one.target) for one in rows] == [("11:00", 10.0), ("13:00", 30.0)]
    assert {one.level for one in rows} == {"ok"}


def test_what_was_not_trusted_was_not_judged() -> None:
    """A doubted row says so already: no verdict, so none to take back."""
    eleven = frozen("11:00", ivan=8, maria=20)
    doubted = Frozen(
        eleven.cut, [msgspec.structs.replace(row, trusted=False, level="not_enough_data") for row in eleven.rows]
    )
    assert again(doubted, ivan=spans("09:00-10:00")).rows == []


def test_others_are_judged_against_what_the_team_becomes() -> None:
    """All four of a team did 8 of 20, a common cause; three lost an hour and a half: the fourth is alone now, and hard."""
    of = floor(crew(5), CALLS_ONLY, PLAIN)
    eleven = frozen("11:00", of, a0=9, a1=9, a2=9, a3=9, a4=9)
    assert {row.level for row in eleven.rows} == {"ok"}
    lost = spans("09:00-10:06")  # 9 of 9 remain due
    rows = again(eleven, of=of, a0=lost, a1=lost, a2=lost, a3=lost).rows
    assert {one.agent: (one.reason, one.level) for one in rows} == {
        **{f"a{n}": ("technical", "ok") for n in range(4)},
        "a4": ("others", "hard"),
    }


def failed(opened: str, at: str) -> Past:
    return Past("ivan", "calls", MONDAY, instant(at), "not_done", False, 0.3, instant(opened), f"t-{opened}")


CASE = Opened("c-1", MONDAY, "ivan", "calls", instant("16:00"), "not_done_twice", MONDAY.replace(day=30))
DAY = (frozen("11:00", ivan=4, maria=20), frozen("13:00", ivan=8, maria=40), frozen("16:00", ivan=12, maria=60))
TWICE = (failed("11:00", "13:00"), failed("13:00", "16:00"))


def test_a_case_stands_while_its_failures_do() -> None:
    """Two failures, hard at four: half an hour of the first interval takes one away, a minute less does not."""
    assert again(*DAY, past=TWICE, cases=(CASE,)).fallen == []
    short = again(*DAY, past=TWICE, cases=(CASE,), ivan=spans("11:00-11:29"))
    assert (short.tasks, short.fallen) == ([], [])
    enough = again(*DAY, past=TWICE, cases=(CASE,), ivan=spans("11:00-11:30"))
    assert [(one.past.task, one.result, one.technical_min) for one in enough.tasks] == [
        ("t-11:00", "invalidated", 30.0)
    ]
    assert enough.fallen == [CASE]


def test_a_case_falls_with_the_level_it_needs() -> None:
    """36 of 60 by four is hard. The two hours before the first task were technical: 36 of 40 is in the norm."""
    day = (frozen("11:00", ivan=0, maria=20), frozen("13:00", ivan=18, maria=40), frozen("16:00", ivan=36, maria=60))
    assert {row.agent: row.level for row in day[2].rows}["ivan"] == "hard"
    found = again(*day, past=TWICE, cases=(CASE,), ivan=spans("09:00-11:00"))
    assert (found.tasks, found.fallen) == ([], [CASE])


def test_done_in_vain_falls_too() -> None:
    """A case for targets met in vain does not stand on results that are something else."""
    vain = replace(CASE, reason="done_without_result")
    assert again(*DAY, past=TWICE, cases=(vain,)).fallen == [vain]
    met = tuple(replace(one, result="done", met=True) for one in TWICE)
    assert again(*DAY, past=met, cases=(vain,)).fallen == []
    assert again(*DAY, past=met, cases=(vain,), ivan=spans("14:00-14:30")).fallen == [vain]
