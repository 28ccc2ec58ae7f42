"""Retry-After: seconds, dates, and what is neither."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.kit.retry_after import seconds


@pytest.mark.parametrize(("value", "told"), [("0", 0), (" 30 ", 30), ("9" * 400, 999_999_999)])
def test_seconds(value: str, told: float) -> None:
    """As they are, however many digits a peer sends."""
    assert seconds(value) == told


def test_a_date() -> None:
    """The time left; of one that has passed a second."""
    ahead = seconds(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert ahead is not None
    assert 3500 < ahead <= 3600
    assert seconds("Mon, 23 Nov 2015 06:00:00 GMT") == 1


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "\u00b9", "\u0663"])
def test_what_is_neither(value: str | None) -> None:
    """Digits that are no ASCII digits neither."""
    assert seconds(value) is None
