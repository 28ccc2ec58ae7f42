"""What providers really send, written from their documentation alone (providers' notes), not from our parsers.

A sender turns one fact into the request or requests its provider would make, signed. That it knows nothing of ingest is
its worth: the two sides are checked against each other by whatever a feed finds.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.facts import Fact
from services.lab.senders import (
    aircall,
    amocrm,
    asterisk,
    beeline,
    bitrix24,
    freeswitch,
    generic,
    genesys,
    hubspot,
    mango,
    megafon,
    pipedrive,
    plivo,
    retailcrm,
    ringcentral,
    salesforce,
    stripe,
    telnyx,
    threecx,
    twilio,
    uis,
    vonage,
    wazo,
    yookassa,
    zadarma,
)
from services.lab.senders.account import Account, Outgoing

Sender = Callable[[Fact, Account], tuple[Outgoing, ...]]

SENDERS: Final[Mapping[str, Sender]] = {
    "3cx": threecx.requests,
    "aircall": aircall.requests,
    "amocrm": amocrm.requests,
    "asterisk": asterisk.requests,
    "beeline": beeline.requests,
    "bitrix24": bitrix24.requests,
    "freeswitch": freeswitch.requests,
    "generic": generic.requests,
    "genesys": genesys.requests,
    "hubspot": hubspot.requests,
    "mango": mango.requests,
    "megafon": megafon.requests,
    "pipedrive": pipedrive.requests,
    "plivo": plivo.requests,
    "retailcrm": retailcrm.requests,
    "ringcentral": ringcentral.requests,
    "salesforce": salesforce.requests,
    "stripe": stripe.requests,
    "telnyx": telnyx.requests,
    "twilio": twilio.requests,
    "uis": uis.requests,
    "vonage": vonage.requests,
    "wazo": wazo.requests,
    "yookassa": yookassa.requests,
    "zadarma": zadarma.requests,
}

__all__ = ["SENDERS", "Account", "Outgoing", "Sender"]
