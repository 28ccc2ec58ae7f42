"""When background work rests."""

import asyncio
import time

import pytest

from services.ingest.stream.pace import BUSY_PER_S, LONGEST_S, WINDOW_S, Pace, wanted_s


def test_the_rate_is_that_of_the_last_window() -> None:
    """500 requests in half a second are 1,000 a second; nothing new is a rate of 0, once a window has passed."""
    seen = [0]
    pace = Pace(lambda: seen[0])
    began = time.monotonic()
    seen[0] = 500
    assert 900 < pace.rate(began + 0.5) <= 1000
    assert 900 < pace.rate(began + 0.55) <= 1000
    assert pace.rate(began + 1) == 0


def test_pressure_is_many_requests_and_no_processor_to_spare() -> None:
    """Many requests that leave the process idle do not press, nor does work without requests; both together do."""
    seen, wanted = [0], [0.0]
    pace = Pace(lambda: seen[0], lambda: wanted[0])
    now = time.monotonic()

    def pressed_after(requests: float, busy_s: float) -> bool:
        nonlocal now
        now += 1.0
        seen[0] += int(requests)
        wanted[0] += busy_s
        return pace.pressed(now)

    assert not pressed_after(10 * BUSY_PER_S, 0.3)
    assert not pressed_after(BUSY_PER_S / 2, 1.0)
    assert pressed_after(10 * BUSY_PER_S, 0.95)
    assert not pressed_after(0, 1.0)


async def test_it_rests_under_pressure_and_then_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a batch took, the rest ends: a backlog keeps moving."""
    seen, wanted = [0], [0.0]
    pace = Pace(lambda: seen[0], lambda: wanted[0])
    await asyncio.sleep(WINDOW_S)
    seen[0], wanted[0] = 10**9, 10.0**9
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await pace.rest_after(time.monotonic() - 5)
    assert slept == [LONGEST_S]


def test_work_is_noticed() -> None:
    """Time spent running counts as wanted."""
    before = wanted_s()
    ends = time.process_time() + 0.05
    while time.process_time() < ends:
        pass
    assert wanted_s() - before > 0.02
