"""``ONVOXIMPLANTCALLEND``: one per call, at its end.

There is no answer and no end time: for an answered call ``CALL_START_DATE`` is taken as the answer and
start + ``CALL_DURATION`` as the end, which is too early by the time it rang. ``ts`` is when the queue sent the event.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from schemas import facts
from schemas.facts import CallEnded
from services.ingest.providers import instants, values
from services.ingest.providers.base import Draft, Source
from services.ingest.providers.bitrix24 import statuses
from services.kit.errors import BadInput


def draft(event: Mapping[str, Any], source: Source) -> Draft | None:
    """The call, or None for an info call. Raises: BadInput (missing_field, bad_value)."""
    call = values.mapping(event.get("data"))
    call_id = values.text(call.get("CALL_ID"))
    if call_id is None:
        raise BadInput("call end without CALL_ID", "missing_field")
    kind = values.integer(call.get("CALL_TYPE"))
    if kind == statuses.INFO_CALL:
        return None
    direction = statuses.DIRECTIONS.get(kind or 0)
    if direction is None:
        raise BadInput(f"CALL_TYPE {kind} is none of 1 to 5", "missing_field" if kind is None else "bad_value")
    code = (values.text(call.get("CALL_FAILED_CODE")) or "").upper()
    length = max(0.0, min(values.number(call.get("CALL_DURATION")) or 0.0, 7 * 86_400.0))
    disposition = statuses.STATUSES.get(code, "failed") if code else ("answered" if length > 0 else "no_answer")
    answered = disposition == "answered"
    sent = instants.from_epoch(event.get("ts"))
    started = instants.instant(call.get("CALL_START_DATE"), source.timezone)
    talk = timedelta(seconds=length if answered else 0)
    if started is None:
        if sent is None:
            raise BadInput("call end without CALL_START_DATE and ts", "missing_field")
        started = sent - talk
    line = values.text(call.get("PORTAL_NUMBER"))
    data = CallEnded(
        call_id=source.call_id(call_id),
        identity=values.text(call.get("PORTAL_USER_ID")),
        direction=direction,
        started_at=started,
        answered_at=started if answered else None,
        ended_at=started + talk,
        talk_s=values.seconds(talk.total_seconds()),
        disposition=disposition,
        sip_status=statuses.sip_status(code),
        line=source.line(line),
        did=values.digits(line),
        customer=source.customer(values.number_part(values.text(call.get("PHONE_NUMBER")))),
        recording_url=values.text(call.get("CALL_RECORD_URL"), 500),
    )
    return Draft(facts.CALL, call_id, data.ended_at, data)
