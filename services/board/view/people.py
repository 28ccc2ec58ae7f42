"""Names of people: who did something, as the floor file calls them, or the computer that an open board was used from."""

from collections.abc import Mapping
from typing import Final

from services.board.words import Words

OPEN: Final = "board"
"""Who acts on a board without accounts: ``board``, or ``board, ADDRESS`` (services.board.web.gate)."""
NEAR: Final = ("127.0.0.1", "::1")


def named(by: str, names: Mapping[str, str], w: Words) -> str:
    """
    Args:
        by: account, agent, trainer, name in a messenger, or the computer.
        names: of agents and of people whom the floor file names.
    """
    if by == OPEN:
        return w("by.board")
    computer = by.removeprefix(f"{OPEN}, ")
    if computer == by:
        return names.get(by, by)
    return w("by.this_computer") if computer in NEAR else w("by.computer", address=computer)
