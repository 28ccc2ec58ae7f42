"""Line failure, as stories of attempts: ``"10:00:05 ivan c1 fail"``."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from schemas.floor.outages import LineFailure
from services.rules.detectors.line_failure import (
    Attempt,
    LineState,
    advance,
    base_rate,
    close_day,
    evidence,
    settle,
)
from tests.services.rules.stories import instant

BY = LineFailure()


def line(base: float = 0.03, by: LineFailure = BY) -> LineState:
    return LineState("mango/trunk-a", base, by)


def attempt(story: str) -> Attempt:
    clock, agent, customer, what = story.split()
    failed = what == "fail"
    return Attempt(
        at=instant(clock),
        agent=None if agent == "-" else agent,
        customer=None if customer == "-" else customer,
        failed=failed,
        code="SIP 503" if failed else "",
        call_id=f"{clock}{agent}",
        disposition="congestion" if failed else "answered",
    )


def told(*stories: str, state: LineState | None = None) -> LineState:
    found = state or line()
    for story in stories:
        advance(found, attempt(story))
    return found


FOUR = ("10:00:05 ivan c1 fail", "10:00:20 maria c2 fail", "10:00:40 ivan c3 fail", "10:01:00 ivan c4 fail")


def test_four_in_a_row() -> None:
    """The fourth network failure in a row fires, dated from the first."""
    found = told(*FOUR)
    assert found.open is not None
    assert (found.open.path, found.open.since, found.open.fired_at) == (
        "in_a_row",
        instant("10:00:05"),
        instant("10:01"),
    )
    assert (found.open.attempts, found.open.failures, found.open.agents, found.open.p) == (4, 4, 2, None)
    assert found.name(instant("10:01:30")) == "failing"
    assert evidence(found, found.open)["codes"] == {"SIP 503": 4}
    assert told(*FOUR[:3]).open is None


@pytest.mark.parametrize(
    ("who", "fires"),
    [
        (("ivan c1", "ivan c1", "ivan c1", "ivan c1"), False),
        (("ivan c1", "ivan c1", "ivan c2", "ivan c1"), True),
        (("ivan c1", "maria c1", "ivan c1", "ivan c1"), True),
        (("ivan -", "ivan -", "ivan -", "ivan -"), False),
        (("ivan c1", "- c1", "ivan c1", "- -"), False),
        (("- -", "- -", "- -", "- -"), False),
    ],
    ids=["one to one", "two customers", "two agents", "customers unknown", "agents unknown", "nobody known"],
)
def test_one_person_redialling_one_number_is_no_outage(who: tuple[str, ...], fires: bool) -> None:
    """Two agents or two customers must be known to be different."""
    assert (told(*(f"10:00:0{n} {pair} fail" for n, pair in enumerate(who))).open is not None) is fires


def test_a_success_breaks_the_row() -> None:
    """Three failures, one answer, three failures: no row of four."""
    assert told(*FOUR[:3], "10:00:50 olga c9 ok", *FOUR[:3]).open is None


@pytest.mark.parametrize(("base", "fires"), [(0.03, True), (0.0999, True), (0.1, False), (0.3, False)])
def test_four_in_a_row_mean_little_on_a_bad_line(base: float, fires: bool) -> None:
    """The fast path needs base⁴ < 1e-4."""
    assert (told(*FOUR, state=line(base)).open is not None) is fires


def crowd(pattern: str, start: str = "10:00", step_s: float = 10, state: LineState | None = None) -> LineState:
    """Attempts of five agents in turn; ``x`` failed, ``.`` did not."""
    found = state or line()
    for n, sign in enumerate(pattern):
        when = instant(start) + timedelta(seconds=n * step_s)
        failed = sign == "x"
        advance(found, Attempt(when, f"a{n % 5}", f"c{n}", failed, "SIP 503" if failed else "", f"id{n}"))
    return found


def test_the_tail_by_hand() -> None:
    """Eight failures of twenty, never four in a row: P(X ≥ 8 | 20, 3 %) < 1e-4 ÷ the hundred windows of a day; seven are
    more likely than that, and a window that is looked at alone may fire sooner."""
    assert stats.binom.sf(7, 20, 0.03) < 1e-6 < stats.binom.sf(6, 20, 0.03)
    eight = crowd("..x..x..x..x..x.x.xx")
    assert eight.open is not None
    assert (eight.open.path, eight.open.attempts, eight.open.failures) == ("tail", 20, 8)
    assert eight.open.p == pytest.approx(stats.binom.sf(7, 20, 0.03))
    assert eight.open.since == instant("10:00:20")
    assert crowd("..x..x..x..x..x.x..x").open is None
    alone = BY.model_copy(update={"looks": 1})
    assert stats.binom.sf(5, 20, 0.03) < 1e-4 < stats.binom.sf(4, 20, 0.03)
    assert crowd("..x..x..x..x..x....x", state=line(by=alone)).open is not None
    assert crowd("..x..x..x..x.......x", state=line(by=alone)).open is None


def test_a_failure_as_usual_begins_no_fault() -> None:
    """One failure five minutes before the others stands in the window, and is not when it began."""
    found = crowd("x" + "." * 30 + ".xx.xx.xx.xx.x", step_s=6)
    assert found.open is not None
    assert found.open.since == instant("10:00") + timedelta(seconds=32 * 6)


def test_a_thin_line_is_judged_by_its_newest_twenty() -> None:
    """Three attempts a minute, every other failing: the twentieth attempt tells. What is half an hour old does not count."""
    slow = crowd(".x" * 10, step_s=20)
    assert slow.open is not None
    assert slow.open.fired_at == instant("10:06:20")
    assert crowd(".x" * 20, step_s=100).open is None, "eighteen in half an hour are not twenty"
    one_window = BY.model_copy(update={"thin_s": BY.window_s})
    assert crowd(".x" * 20, step_s=20, state=line(by=one_window)).open is None


def test_the_tail_needs_twenty_attempts_and_five_failures() -> None:
    """Nineteen attempts are too few however bad; four failures too few however unlikely."""
    assert crowd("xx.xx.xx.xx.xx.xx.x").open is None
    assert crowd("xx.xx.xx.xx.xx.xx.xx").open is not None
    assert crowd("....x....x....x....x", state=line(0.005)).open is None


def test_the_window_forgets() -> None:
    """Failures older than five minutes, or before the last hundred attempts, do not count."""
    busy = crowd("xx.xx." + "." * 100 + "x.x.x", step_s=1)
    assert busy.open is None
    assert len(busy.window) <= 100


def test_leaving_takes_ten_minutes_below_twice_the_base() -> None:
    """Recovered at 10:07, when the last failure left the window: resolved ten minutes later."""
    found = told(*FOUR)
    for minute in range(2, 20):
        advance(found, attempt(f"10:{minute:02} olga c{minute} ok"))
        if minute == 5:
            assert found.name(instant("10:05:30")) == "failing"
        if minute == 7:
            assert found.name(instant("10:07:30")) == "recovering"
    assert found.open is None
    (episode,) = found.closed
    assert episode.below_since is not None
    assert episode.resolved_at == episode.below_since + timedelta(minutes=10) == instant("10:16")
    assert episode.last_failure == instant("10:01")
    assert found.name(instant("10:20")) == "ok"


def test_a_failure_while_recovering_starts_the_ten_minutes_anew() -> None:
    """One failure among few attempts is above twice the base: still the same episode."""
    found = told(
        *FOUR, "10:07 olga c5 ok", "10:08 olga c6 ok", "10:12 olga c7 fail", "10:18 olga c8 ok", "10:20 olga c9 ok"
    )
    assert found.open is not None
    assert found.open.below_since == instant("10:18")
    settle(found, instant("10:27:59"))
    assert found.open is not None
    settle(found, instant("10:28"))
    assert found.open is None
    assert found.closed[0].resolved_at == instant("10:28")
    assert found.closed[0].total_failures == 5


def test_a_usual_failure_keeps_no_episode_open() -> None:
    """A line with 2 % fails one of 25 attempts every other time: over is over, and so is the lost time.

    One of eight is no usual line: still the same fault, though 25 attempts in a row were well.
    """
    over = crowd("xxxx" + "." * 28 + "x" + "." * 60, step_s=12, state=line(0.02))
    assert over.open is None
    (episode,) = over.closed
    assert episode.last_failure == instant("10:00:36")
    assert episode.resolved_at == instant("10:15:36")
    lasts = crowd("xxxx" + "." * 28 + "x......." * 6, step_s=12, state=line(0.02))
    assert lasts.open is not None
    assert lasts.open.last_failure == instant("10:14:24")


def test_no_attempts_are_no_recovery() -> None:
    """Nobody dials any more: open as ``no_data``, closed when the working day is over."""
    found = told(*FOUR)
    settle(found, instant("12:00"))
    assert found.name(instant("12:00")) == "no_data"
    assert found.open is not None
    close_day(found, instant("18:00"))
    assert found.open is None
    assert found.closed[0].resolved_at == instant("18:00")


def test_nothing_ends_before_it_was_found() -> None:
    """A trunk that dies after hours: its end is not the end of the working day before."""
    found = told("18:30:05 ivan c1 fail", "18:30:20 maria c2 fail", "18:30:40 ivan c3 fail", "18:31 ivan c4 fail")
    close_day(found, instant("18:00"))
    (episode,) = found.closed
    assert episode.resolved_at is not None
    assert episode.resolved_at >= episode.fired_at


def test_the_next_episode_is_another_one() -> None:
    """After the end four in a row fire again, dated from their own first failure."""
    found = told(*FOUR)
    close_day(found, instant("11:00"))
    told(*(story.replace("10:0", "11:3") for story in FOUR), state=found)
    assert [episode.since for episode in found.findings] == [instant("10:00:05"), instant("11:30:05")]


def test_technical_time_ends_with_the_last_failure_or_soon_after_the_last_attempt() -> None:
    """While it fails technical time runs with the clock, but not long past the last attempt."""
    found = told(*FOUR)
    assert found.open is not None
    assert found.open.technical_until(instant("10:02"), BY.window_s) == instant("10:02")
    assert found.open.technical_until(instant("12:00"), BY.window_s) == instant("10:06")
    told("10:07 olga c5 ok", state=found)
    assert found.open.technical_until(instant("12:00"), BY.window_s) == instant("10:01")


@pytest.mark.parametrize(
    ("history", "base"),
    [
        ([], 0.03),
        ([(199, 100)], 0.03),
        ([(200, 10)], 0.05),
        ([(100, 10), (100, 2), (100, 4)], 0.04),
        ([(100, 10), (100, 2), (19, 19), (19, 19)], 0.06),
        ([(180, 90), (19, 0), (19, 0)], 0.03),
        ([(1000, 0)], 0.005),
        ([(20, 2)] * 10, 0.1),
    ],
)
def test_the_base_rate_of_a_line(history: list[tuple[int, int]], base: float) -> None:
    """The median day with at least 20 attempts; 3 % until those days have 200; never under half a percent."""
    assert base_rate(history, BY) == pytest.approx(base)


@given(st.text("x.", max_size=150), st.integers(1, 40))
def test_the_clock_may_tick_between_attempts(pattern: str, step_s: int) -> None:
    """Letting time pass second by second, or not at all, gives the same episodes: live is back-test."""
    ticking, jumping = line(), line()
    for n, sign in enumerate(pattern):
        when = instant("10:00") + timedelta(seconds=n * step_s)
        one = Attempt(when, f"a{n % 3}", f"c{n}", sign == "x", "SIP 503", f"id{n}")
        advance(ticking, one)
        advance(jumping, one)
        for pause in range(0, step_s, 7):
            settle(ticking, when + timedelta(seconds=pause))
    for state in (ticking, jumping):
        settle(state, instant("20:00"))
        close_day(state, instant("20:00"))
    assert ticking.findings == jumping.findings
    assert ticking.failures == jumping.failures == pattern.count("x")
    assert ticking.attempts == len(pattern)


@given(st.text("x..........", max_size=200))
def test_every_finding_is_justified(pattern: str) -> None:
    """A finding is four in a row, or a tail under 1e-4; episodes are in order and do not overlap."""
    found = crowd(pattern, step_s=3)
    close_day(found, instant("18:00"))
    ends: datetime | None = None
    for episode in found.findings:
        if episode.path == "tail":
            assert episode.failures >= 5
            assert stats.binom.sf(episode.failures - 1, episode.attempts, 0.03) < 1e-4
        else:
            assert episode.failures == 4
        assert ends is None or ends <= episode.fired_at
        assert episode.since <= episode.fired_at <= (episode.resolved_at or episode.fired_at)
        ends = episode.resolved_at


@pytest.mark.parametrize(("fourth", "fires"), [("10:10:40", True), ("10:10:41", False)])
def test_failures_hours_apart_are_no_row(fourth: str, fires: bool) -> None:
    """Failures further apart than a recovery takes are not one episode."""
    assert (told(*FOUR[:3], f"{fourth} maria c4 fail").open is not None) is fires


def test_nothing_is_found_after_hours() -> None:
    """What is dialled after the working day is over is nobody's outage, live as in a back-test."""
    state = LineState("mango/trunk-a", 0.03, BY, over=instant("10:00:50"))
    assert told(*FOUR, state=state).findings == []
    assert state.attempts == 3
