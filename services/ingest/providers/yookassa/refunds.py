"""Whose refund it is: a refund names its payment only, and the payment's metadata name the manager.

So a refund is completed by a second question. Until the answer is there it counts without a manager.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from schemas import facts
from schemas.facts import Payment
from services.ingest.providers.base import Draft, Ignored, Leg, Parsed, ReadBack, Source
from services.ingest.providers.yookassa import money_moved
from services.kit.errors import BadInput

KIND: Final = "refund_payment"
"""Kind of the question for the payment of a refund; its id is ``<payment>.<refund>``."""
_REFUND, _PAYMENT = "refund", "payment"


def told(thing: Mapping[str, Any], name: str, source: Source) -> Parsed:
    """The answer about a refund. Raises: BadInput."""
    made = money_moved.refund(thing, name, source)
    if isinstance(made, Ignored):
        return Parsed(ignored=(made,))
    paid = money_moved.paid_by(thing)
    leg = Leg(name, _REFUND, {"fact": facts.encode_data(made.data).decode()})
    if paid is None or "." in paid + name or len(paid) + len(name) > 99:
        return Parsed(legs=(leg,))
    return Parsed(
        legs=(leg,),
        ignored=(Ignored("needs_readback", f"payment {paid} of refund {name}"),),
        readbacks=(ReadBack(KIND, f"{paid}.{name}"),),
    )


def paid(thing: Mapping[str, Any], name: str, source: Source) -> Parsed:
    """The answer about the payment of refund *name*. Raises: BadInput."""
    return Parsed(legs=(Leg(name, _PAYMENT, money_moved.people(thing, source)),))


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """Raises: BadInput."""
    known = {leg.leg: leg.data for leg in legs}
    if _REFUND not in known:
        return None
    try:
        data = facts.decode_data(facts.REFUND, str(known[_REFUND].get("fact")).encode())
    except facts.BadFact as error:
        raise BadInput(f"refund {call}: {error}", "bad_value") from error
    assert isinstance(data, Payment)
    people = {name: getattr(data, name) or value for name, value in known.get(_PAYMENT, {}).items()}
    data = msgspec.structs.replace(data, **people)
    return Draft(facts.REFUND, call, data.at, data)
