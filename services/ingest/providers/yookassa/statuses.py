"""YooKassa's status of an object into whether its money has moved. Source: the API reference of payments and refunds.

``paid: true`` stands already on ``waiting_for_capture``, when the money is only held: it is never looked at.
"""

from typing import Final, Literal

Outcome = Literal["moved", "held", "pending", "never"]

STATUSES: Final[dict[str, Outcome]] = {
    "succeeded": "moved",
    "waiting_for_capture": "held",
    "pending": "pending",
    "canceled": "never",
}
"""A status that is not here is unknown, and then nothing is counted."""


def moved(status: str | None) -> bool:
    return status is not None and STATUSES.get(status) == "moved"
