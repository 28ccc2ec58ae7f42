"""``genesys``: Genesys Cloud's ``customer.end``, as EventBridge carries it or as a trigger posts it.

Nothing is signed: ``secrets.path``, ``secrets.basic``, ``secrets.bearer``, all that are configured.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from schemas import facts
from schemas.facts import CallEnded
from services.ingest.providers import credentials, instants, spans, values
from services.ingest.providers.base import Draft, Ignored, Parsed, Provider, Request, Secrets, Source
from services.ingest.providers.genesys import statuses
from services.kit.errors import BadInput

_ENDED: Final = ".customer.end"


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_with_bearer(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body cannot be understood."""
    body = values.load_json(request.body)
    if not isinstance(body, dict):
        raise BadInput("the body is not an object")
    detail = values.mapping(body.get("detail")) or body
    topic = values.text(detail.get("topicName"))
    event = values.mapping(detail.get("eventBody")) or detail
    if topic is not None and not topic.endswith(_ENDED):
        return Parsed(ignored=(Ignored("unknown_event", topic),))
    media = (values.text(event.get("mediaType")) or "VOICE").upper()
    if media != "VOICE":
        return Parsed(ignored=(Ignored("not_counted", media[:40]),))
    return Parsed(drafts=(_draft(event, detail, source),))


def _draft(event: Mapping[str, Any], detail: Mapping[str, Any], source: Source) -> Draft:
    """Raises: BadInput."""
    name = values.text(event.get("conversationId"))
    ended = instants.from_epoch(event.get("eventTime"))
    direction = values.direction(event.get("direction"))
    if name is None or ended is None or direction is None:
        raise BadInput("one of conversationId, eventTime, direction is missing", "missing_field")
    length_ms = values.number(event.get("interactingDurationMs"))
    talk = timedelta(seconds=spans.seconds(length_ms and length_ms / 1000, "interactingDurationMs"))
    began = ended - talk
    reason = (values.text(event.get("disconnectType")) or "").upper()
    ani, dnis = (_number(event.get(key)) for key in ("ani", "dnis"))
    ours, theirs = (dnis, ani) if direction == "inbound" else (ani, dnis)
    data = CallEnded(
        call_id=source.call_id(name),
        identity=_reach(detail, source.config.fields.identity),
        direction=direction,
        started_at=began,
        answered_at=began if talk else None,
        ended_at=ended,
        talk_s=values.seconds(talk.total_seconds()),
        disposition="answered" if talk else statuses.STATUSES.get(reason, "no_answer"),
        line=source.line(_reach(detail, source.config.fields.line) or ours),
        did=values.digits(ours),
        customer=None if direction == "internal" else source.customer(theirs),
    )
    return Draft(facts.CALL, name, ended, data)


def _number(value: object) -> str | None:
    """``tel:+7916…`` → ``+7916…``."""
    return values.number_part(values.text(value))


def _reach(detail: Mapping[str, Any], path: str | None) -> str | None:
    return values.text(values.reach(detail, path)) if path else None


PROVIDER = Provider(name="genesys", verify=verify, parse=parse, signs="path")
