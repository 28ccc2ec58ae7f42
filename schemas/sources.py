"""Names of sources that no floor file describes."""

from typing import Final

BOARD: Final = "~board"
"""What people say on the board; the name is none that a floor file can give."""
