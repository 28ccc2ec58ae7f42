"""``Retry-After`` as peers write it: seconds, or an HTTP date (RFC 9110 §10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds(value: str | None) -> float | None:
    """How long to wait, of a date at least a second; None when the header is missing or neither of the two."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(1.0, (at - datetime.now(UTC)).total_seconds())
