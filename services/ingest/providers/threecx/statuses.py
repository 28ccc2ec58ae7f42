"""3CX's ``[CallType]`` into direction and disposition.

3CX publishes no list. The four words are those that public templates compare with; a word that is not here is told by
``[CallDirection]`` where a template sends it, and is never called answered.
"""

from typing import Final

from schemas.facts import Direction, Disposition

STATUSES: Final[dict[str, tuple[Direction, Disposition]]] = {
    "inbound": ("inbound", "answered"),
    "outbound": ("outbound", "answered"),
    "missed": ("inbound", "no_answer"),
    "notanswered": ("outbound", "no_answer"),
}
"""Type, lower case and letters only → direction and disposition."""


def of(call_type: str | None, direction: Direction | None) -> tuple[Direction, Disposition]:
    """*direction* is what the template says beside the type; an unknown type alone counts as an attempt outwards."""
    word = "".join(char for char in (call_type or "").lower() if char.isalpha())
    found, disposition = STATUSES.get(word, ("outbound", "no_answer"))
    return direction or found, disposition
