"""Instants in every form that vendors use."""

import pytest

from services.ingest.providers import instants
from tests.services.ingest.providers.reading import at


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1795413600", "2026-11-23T06:00:00+00:00"),
        (1795413600.25, "2026-11-23T06:00:00.250000+00:00"),
        ("1795413600250", "2026-11-23T06:00:00.250000+00:00"),
        ("1795413600250001", "2026-11-23T06:00:00.250001+00:00"),
        (1795413600250001000, "2026-11-23T06:00:00.250001+00:00"),
        (" 1795413600 ", "2026-11-23T06:00:00+00:00"),
    ],
)
def test_unix_instants_by_their_size(value: object, expected: str) -> None:
    """Seconds, milliseconds, microseconds and nanoseconds, exact to the microsecond."""
    assert instants.from_epoch(value) == at(expected)


@pytest.mark.parametrize("value", ["", "0", 0, -5, None, True, "NaN", "inf", "x", "9" * 39, [], {}, 1e300])
def test_no_unix_instant(value: object) -> None:
    """0 means never; garbage is no instant and no exception."""
    assert instants.from_epoch(value) is None


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-23 09:00:00", "2026-11-23T08:00:00+00:00"),
        ("2026-07-01T09:00:00", "2026-07-01T07:00:00+00:00"),
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00+00:00"),  # comes twice: the first, still in summer time
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00+00:00"),  # skipped: read as before the change
        ("2026-11-23T09:00:00+03:00", "2026-11-23T06:00:00+00:00"),
        ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00+00:00"),
        ("2026-11-23T10:00:00.5+0100", "2026-11-23T09:00:00.500000+00:00"),
    ],
)
def test_local_stamps_follow_the_zone(stamp: str, expected: str) -> None:
    """A stamp without an offset is the zone's wall clock, summer time included; with one it needs no zone."""
    assert instants.from_iso(stamp, "Europe/Berlin") == at(expected)


def test_a_local_stamp_without_a_zone_is_no_instant() -> None:
    """Guessing UTC would move a floor by hours."""
    assert instants.from_iso("2026-11-23 09:00:00") is None


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("Sun, 25 Mar 2018 09:53:19 +0000", "2018-03-25T09:53:19+00:00"),
        ("Thurs, 20 July 1989 18:30:43 +0000", "1989-07-20T18:30:43+00:00"),
        ("20 Jul 1989 18:30 GMT", "1989-07-20T18:30:00+00:00"),
        ("Mon, 23 Nov 2026 09:00:00 +0300", "2026-11-23T06:00:00+00:00"),
        ("Mon, 23 Nov 2026 09:00:00", "2026-11-23T09:00:00+00:00"),
    ],
)
def test_rfc_2822_with_its_faults(stamp: str, expected: str) -> None:
    """Long names of days and months and a missing zone are read all the same."""
    assert instants.from_rfc2822(stamp) == at(expected)


@pytest.mark.parametrize("stamp", ["", "yesterday", "32 Foo 2026 99:99:99", "Sun, 31 Feb 2026 10:00:00 +0000", None, 5])
def test_no_rfc_2822(stamp: object) -> None:
    """What is no date is None."""
    assert instants.instant(stamp if not isinstance(stamp, int) else "5 5") is None
