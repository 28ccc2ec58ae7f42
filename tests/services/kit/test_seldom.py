"""What is said over and over: at once, then at growing intervals, with how often it was left out."""

import logging

import structlog
from structlog.testing import CapturingLogger

from services.kit.seldom import FIRST_S, LONGEST_S, MOST, OfLibraries, Ours, Seldom


class At:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_hour_of_the_same_ten_times_a_second() -> None:
    """After one minute, two, four, eight, then every ten; all that were left out are counted."""
    at = At()
    seldom = Seldom(at)
    said = []
    for tenth in range(36_000):
        at.now = tenth / 10
        if (left_out := seldom.due("the broker")) is not None:
            said.append((at.now, left_out))
    assert [moment for moment, _ in said] == [0, 60, 180, 420, 900, 1500, 2100, 2700, 3300]
    assert said[1][1] == FIRST_S * 10 - 1
    assert sum(left_out for _, left_out in said) == 33_001 - len(said)


def test_what_comes_back_later_is_new() -> None:
    """Another outage is told at once; other things are told beside."""
    at = At()
    seldom = Seldom(at)
    assert [seldom.due("one"), seldom.due("one"), seldom.due("other")] == [0, None, 0]
    at.now = LONGEST_S
    assert seldom.due("one") == 0
    for number in range(MOST):
        seldom.due(number)
    assert [seldom.due("beyond"), seldom.due("beyond")] == [0, 0]


def record(name: str, text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, values, None)


def test_libraries_are_bounded_by_what_they_say_not_by_its_values() -> None:
    """The same sentence about another node is the same; our own records and other loggers pass."""
    at = At()
    bounded = OfLibraries(("aiokafka",), Seldom(at))
    node = "Unable connect to node with id %s"
    assert bounded.filter(record("aiokafka.client", node, 1))
    assert not bounded.filter(record("aiokafka.client", node, 2))
    assert bounded.filter(record("aiokafka.client", "Failed fetch messages from %s", 2))
    assert bounded.filter(record("services.alerts", node, 1))
    assert bounded.filter(record("services.alerts", node, 1))
    at.now = FIRST_S
    again = record("aiokafka.client", node, 3)
    assert bounded.filter(again)
    assert again.getMessage() == "Unable connect to node with id 3 (and 1 times more since)"


def test_events_of_ours_are_bounded_when_they_ask_for_it() -> None:
    """seldom=True, or a text that keeps them apart; it is not printed."""
    at, logger = At(), CapturingLogger()
    log = structlog.wrap_logger(logger, processors=[Ours(Seldom(at)), lambda _, __, event: ((), event)])
    for about in (True, True, "funnel", "health", "funnel"):
        log.warning("away", seldom=about)
    log.warning("away")
    log.warning("away")
    assert [call.kwargs for call in logger.calls] == [{"event": "away"}] * 5
    at.now = FIRST_S
    log.warning("away", seldom=True)
    assert logger.calls[-1].kwargs == {"event": "away", "left_out": 1}
