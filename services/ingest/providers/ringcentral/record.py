"""A record of the REST call log, posted by whoever reads it: one leg, named ``record``, of its session.

``duration`` is the only length it has: seconds of talk of a call that was accepted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from schemas.facts import CallEnded, Direction
from services.ingest.providers import instants, values
from services.ingest.providers.base import Leg, Source
from services.ingest.providers.ringcentral import party, statuses
from services.kit.errors import BadInput

LEG: Final = "record"
_WEEK_S: Final = 7 * 86_400


def is_one(found: Mapping[str, Any]) -> bool:
    return "result" in found and "startTime" in found


def leg(found: Mapping[str, Any], source: Source) -> Leg:
    """Raises: BadInput (missing_field)."""
    call = next(
        (one for name in ("telephonySessionId", "sessionId", "id") if (one := values.text(found.get(name)))), None
    )
    started = instants.instant(found.get("startTime"))
    if call is None or started is None:
        raise BadInput("a call-log record without sessionId or startTime", "missing_field")
    result = statuses.word(values.text(found.get("result")))
    recording = values.mapping(found.get("recording"))
    data = {
        "started": started.isoformat(),
        "length_s": max(0.0, min(values.number(found.get("duration")) or 0.0, _WEEK_S)),
        "result": result,
        "way": values.direction(found.get("direction")),
        "recording": values.text(recording.get("contentUri"), 500),
        **party.ends(found, source, ours=True),
    }
    return Leg(call, LEG, {name: value for name, value in data.items() if value is not None})


def call(source: Source, name: str, data: Mapping[str, Any]) -> CallEnded:
    started, length = datetime.fromisoformat(data["started"]), timedelta(seconds=data["length_s"])
    disposition = statuses.RESULTS.get(data["result"], "no_answer")
    answered = disposition == "answered"
    direction = _direction(data)
    ours = None if direction == "internal" else data.get("to_line" if direction == "inbound" else "from_line")
    customer = (
        None if direction == "internal" else data.get("from_customer" if direction == "inbound" else "to_customer")
    )
    return CallEnded(
        call_id=source.call_id(name),
        identity=data.get("identity") or data.get("to_id" if direction == "inbound" else "from_id"),
        direction=direction,
        started_at=started,
        answered_at=started if answered else None,
        ended_at=started + length,
        talk_s=values.seconds(length.total_seconds()) if answered else 0,
        disposition=disposition,
        q850=statuses.Q850.get(data["result"]),
        line=source.line(data.get("line") or ours),
        did=values.digits(ours),
        campaign=data.get("campaign"),
        customer=customer,
        recording_url=data.get("recording"),
    )


def _direction(data: Mapping[str, Any]) -> Direction:
    if data["from_ours"] and data["to_ours"]:
        return "internal"
    return cast(Direction, data.get("set") or data.get("way") or "outbound")
