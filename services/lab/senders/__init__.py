"""What providers really send, written from their documentation alone (providers' notes), not from our parsers.

A sender turns one fact into the request or requests its provider would make, signed. That it knows nothing of ingest is
its worth: the two sides are checked against each other by whatever a feed finds.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.facts import Fact
from services.lab.senders import amocrm, asterisk, bitrix24, freeswitch, generic, mango, twilio
from services.lab.senders.account import Account, Outgoing

Sender = Callable[[Fact, Account], tuple[Outgoing, ...]]

SENDERS: Final[Mapping[str, Sender]] = {
    "amocrm": amocrm.requests,
    "asterisk": asterisk.requests,
    "bitrix24": bitrix24.requests,
    "freeswitch": freeswitch.requests,
    "generic": generic.requests,
    "mango": mango.requests,
    "twilio": twilio.requests,
}

__all__ = ["SENDERS", "Account", "Outgoing", "Sender"]
