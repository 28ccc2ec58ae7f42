"""Which events have been counted already, in about nine bytes an event."""

from array import array
from bisect import bisect_left
from typing import Final

MIN_RECENT: Final = 16


def short_id(event_id: str) -> int:
    """The lower 62 random bits of a UUID as a number: two events of one agent-day meet once in 10¹³ days.

    Raises: ValueError when it is not a UUID.
    """
    if len(event_id) != 36:
        raise ValueError("event id is not a UUID")
    return int(event_id[19:23] + event_id[24:], 16)


class Counted:
    """A set of 64-bit numbers: a sorted array, and a small set of the newest that is merged into it now and then."""

    __slots__ = ("_recent", "_settled")

    def __init__(self, packed: bytes = b"") -> None:
        """*packed*: big-endian 64-bit numbers, ascending."""
        self._settled = array("Q", packed)
        self._settled.byteswap()
        self._recent: set[int] | None = None

    def __len__(self) -> int:
        return len(self._settled) + len(self._recent or ())

    def __contains__(self, number: int) -> bool:
        if self._recent is not None and number in self._recent:
            return True
        where = bisect_left(self._settled, number)
        return where < len(self._settled) and self._settled[where] == number

    def add(self, number: int) -> bool:
        """False when it was there already."""
        if number in self:
            return False
        if self._recent is None:
            self._recent = set()
        self._recent.add(number)
        if len(self._recent) >= max(MIN_RECENT, len(self._settled) >> 4):
            self._settled = array("Q", sorted([*self._settled, *self._recent]))
            self._recent = None
        return True
