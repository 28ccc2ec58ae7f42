"""From a draft to a fact: its id, its agent, its instant and its day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schemas import facts
from schemas.facts import CallEnded, Data, Fact
from schemas.floor import Floor
from services.ingest.providers.base import Draft
from services.kit.errors import BadInput

AHEAD = timedelta(seconds=60)
"""An event may lie this far after its arrival; a faster clock is not believed (DOMAIN §3)."""
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
INT4, INT8 = 2**31 - 1, 2**63 - 1
LONGEST = 1000
"""Characters of a text that is indexed or a key."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """``day`` is the floor's local day of ``fact.time``; ``clamped``: the event claimed to come from the future."""

    fact: Fact
    day: date
    clamped: bool


def stamp(draft: Draft, source: str, received_at: datetime, floor: Floor | None) -> Stamped:
    """Without a floor (``normalize``) the day is UTC's and only an outright agent is kept.

    Raises: BadInput when the draft cannot be a fact: no offset, absurd instants, numbers or texts out of range.
    """
    check(draft)
    time = draft.time.astimezone(UTC)
    clamped = time > received_at + AHEAD
    time = received_at if clamped else draft.time
    data = attributed(draft.data, source, floor) if floor else draft.data
    fact = Fact(
        id=facts.event_id(source, draft.type, draft.provider_id),
        type=draft.type,
        source=source,
        time=time,
        data=data,
        received_at=received_at,
    )
    return Stamped(fact, time.astimezone(floor.zone if floor else ZoneInfo("UTC")).date(), clamped)


def attributed(data: Data, source: str, floor: Floor) -> Data:
    """The data with its agent, or with None when the roster does not know them.

    An agent that was given outright (generic) is also kept as identity, so that a fact whose agent joins the roster
    later finds them.
    """
    identity = data.identity or data.agent
    return msgspec.structs.replace(data, identity=identity, agent=resolve(floor, source, identity, data.agent))


def resolve(floor: Floor, source: str, identity: str | None, given: str | None = None) -> str | None:
    if given is not None and given in floor.agent_by_id:
        return given
    if identity is None:
        return None
    found = floor.agent_by_identity.get((source, identity))
    if found is None and identity in floor.agent_by_id:
        config = floor.source_by_id.get(source)
        return identity if config is not None and config.provider == "generic" else None
    return found


def check(draft: Draft) -> None:
    """Raises: BadInput for what PostgreSQL could not hold or no clock can have shown."""
    for name in ("started_at", "answered_at", "ended_at", "at"):
        _check_instant(name, getattr(draft.data, name, None))
    _check_instant("time", draft.time)
    for name, limit in (("q850", INT4), ("sip_status", INT4), ("amount_minor", INT8)):
        value = getattr(draft.data, name, None)
        if value is not None and not -limit <= value <= limit:
            raise BadInput(f"{name} is out of range", "bad_value")
    texts = [draft.provider_id, draft.data.agent, draft.data.identity]
    if isinstance(draft.data, CallEnded):
        texts += [draft.data.line, draft.data.call_id]
        if not 0 <= draft.data.talk_s < 10**7:
            raise BadInput("talk_s is out of range", "bad_value")
    if any(text is not None and len(text) > LONGEST for text in texts):
        raise BadInput("an identifier is too long", "bad_value")
    if rb"\u0000" in facts.encode_data(draft.data) or "\0" in draft.provider_id:
        raise BadInput("a text contains a NUL character", "bad_value")


def _check_instant(name: str, value: datetime | None) -> None:
    if value is None:
        return
    if value.tzinfo is None:
        raise BadInput(f"{name} has no offset", "bad_value")
    if not EARLIEST < value < LATEST:
        raise BadInput(f"{name} lies before 1971 or after 2199", "bad_value")
