"""Genesys' ``disconnectType`` into our dispositions, for calls in which the customer talked to nobody.

Only ERROR was seen in a sample; the others are the vendor's names as its SDKs list them, and our reading (doubtful).
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "ERROR": "failed",
    "TRANSPORT_FAILURE": "congestion",  # doubtful
    "TIMEOUT": "no_answer",  # doubtful
    "PEER": "canceled",  # doubtful: the customer's side hung up
    "CLIENT": "canceled",  # doubtful: our side hung up
    "SPAM": "rejected",  # doubtful
}
"""Type → disposition; what is not here is ``no_answer``."""
