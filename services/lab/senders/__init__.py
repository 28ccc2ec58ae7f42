"""What providers really send, written from their documentation alone (providers' notes), not from our parsers.

A sender turns one fact into the request or requests its provider would make, signed. That it knows nothing of ingest is
its worth: the two sides are checked against each other by whatever a feed finds.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.facts import Fact
from services.lab.senders import (
    amocrm,
    bitrix24,
    freeswitch,
    generic,
    mango,
    plivo,
    ringcentral,
    telnyx,
    twilio,
    vonage,
)
from services.lab.senders.account import Account, Outgoing

Sender = Callable[[Fact, Account], tuple[Outgoing, ...]]

SENDERS: Final[Mapping[str, Sender]] = {
    "amocrm": amocrm.requests,
    "bitrix24": bitrix24.requests,
    "freeswitch": freeswitch.requests,
    "generic": generic.requests,
    "mango": mango.requests,
    "plivo": plivo.requests,
    "ringcentral": ringcentral.requests,
    "telnyx": telnyx.requests,
    "twilio": twilio.requests,
    "vonage": vonage.requests,
}

__all__ = ["SENDERS", "Account", "Outgoing", "Sender"]
