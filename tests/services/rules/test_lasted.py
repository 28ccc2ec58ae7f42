"""From when to when a trouble lasted: by its evidence, and by the alert's own instants where that says nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.rules.lasted import Lasted, between, lasted

MOSCOW = ZoneInfo("Europe/Moscow")


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{clock}+00:00")


NOTICED, LIFTED = at("11:23:10"), at("12:09:30")


@pytest.mark.parametrize(
    ("evidence", "began", "ended"),
    [
        ({"since": "2026-11-23T14:22:05+03:00", "until": "2026-11-23T11:54:40+00:00"}, "11:22:05", "11:54:40"),
        ({"since": "2026-11-22T18:00:00+00:00", "began": "2026-11-23T06:00:00+00:00"}, "06:00", "12:09:30"),
        ({"since": "2026-11-23T11:30:00+00:00", "until": "2026-11-23T13:00:00+00:00"}, "11:23:10", "12:09:30"),
        ({"since": "2026-11-23T11:22:05", "until": 7}, "11:22:05", "12:09:30"),
        ({"since": "yesterday"}, "11:23:10", "12:09:30"),
        ({"until": "2026-11-23T09:00:00+00:00"}, "11:23:10", "11:23:10"),
    ],
    ids=["failures", "a night before", "never after it was noticed or lifted", "odd", "unreadable", "never backwards"],
)
def test_it_lasted_as_its_evidence_says(evidence: dict[str, object], began: str, ended: str) -> None:
    """First and last failure; not when it was noticed, nor when the alert was lifted."""
    assert lasted(evidence, NOTICED, LIFTED) == Lasted(at(began), at(ended))


def test_what_lasts_has_no_end() -> None:
    """An end in the evidence of an open alert is of an earlier look."""
    assert lasted({"until": "2026-11-23T11:54:40+00:00"}, NOTICED, None) == Lasted(NOTICED, None)


def test_the_length_is_what_clocks_differ_by() -> None:
    """14:31:50–14:52:10 is shown as 14:31–14:52: 21 minutes; over the hour that is left out in spring, real ones."""
    assert between(at("11:31:50"), at("11:52:10"), MOSCOW) == 21
    assert between(at("11:31:01"), at("11:31:59"), MOSCOW) == 0
    one = Lasted(at("11:31:50"), None)
    assert one.minutes(at("11:40:00"), MOSCOW) == 9
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert between(spring, spring + timedelta(hours=1), ZoneInfo("Europe/Berlin")) == 60
