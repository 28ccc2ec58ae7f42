"""When background work rests."""

import time

from services.ingest.stream.pace import Pace


def test_the_rate_is_that_of_the_last_window() -> None:
    """500 requests in half a second are 1,000 a second; nothing new is a rate of 0, once a window has passed."""
    seen = [0]
    pace = Pace(lambda: seen[0])
    began = time.monotonic()
    seen[0] = 500
    assert 900 < pace.rate(began + 0.5) <= 1000
    assert 900 < pace.rate(began + 0.55) <= 1000
    assert pace.rate(began + 1) == 0
