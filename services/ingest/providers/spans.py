"""Lengths of time as vendors write them: whole or fractional seconds, in numbers or texts, blank for "none"."""

from typing import Final

from services.ingest.providers import values
from services.kit.errors import BadInput

LONGEST_S: Final = 7 * 86_400


def seconds(value: object, name: str) -> float:
    """0 for what is missing, blank or negative. *name* is the vendor's, for the message.

    Raises: BadInput (bad_value) for what is no number, or longer than a week.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return 0.0
    found = values.number(value)
    if found is None or found > LONGEST_S:
        raise BadInput(f"{name} is no length of a call in seconds: {str(value)[:40]!r}", "bad_value")
    return max(0.0, found)
