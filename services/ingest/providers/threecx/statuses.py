"""3CX's ``[CallType]`` into direction and disposition.

3CX publishes no list. The four words are those that public templates compare with; a word that is not here is told by
``[CallDirection]`` where a template sends it, and is called answered only where the moment of the answer is told.
"""

from typing import Final

from schemas.facts import Direction, Disposition
from services.ingest.providers import values

STATUSES: Final[dict[str, tuple[Direction, Disposition]]] = {
    "inbound": ("inbound", "answered"),
    "outbound": ("outbound", "answered"),
    "missed": ("inbound", "no_answer"),
    "notanswered": ("outbound", "no_answer"),
}
"""Type, lower case and letters only → direction and disposition."""


def of(call_type: str | None, direction: Direction | None, established: bool) -> tuple[Direction, Disposition]:
    """*direction* is what the template says beside the type; an unknown type that names none is an attempt outwards.

    *established*: a moment of the answer was told, which 3CX has none of for a call that nobody took.
    """
    word = "".join(char for char in (call_type or "").lower() if char.isalpha())
    if word in STATUSES:
        found, disposition = STATUSES[word]
        return direction or found, disposition
    return direction or values.direction(word) or "outbound", "answered" if established else "no_answer"
