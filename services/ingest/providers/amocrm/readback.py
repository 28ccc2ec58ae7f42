"""Leads that a thin event only names: ``GET /api/v4/leads/{id}``, and what it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.ingest.providers import deals, instants, values
from services.ingest.providers.amocrm import lead
from services.ingest.providers.base import Fetch, Ignored, ReadBack, Rejected, Secrets, Source
from services.ingest.providers.deals import Part


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    """None unless ``rest_url`` (the account's address) and ``access_token`` (a long-lived token) are both given."""
    base = next(iter(secrets.get("rest_url", ())), "").strip().rstrip("/")
    token = next(iter(secrets.get("access_token", ())), "").strip()
    if wanted.kind != lead.KIND or not lead.ID.fullmatch(wanted.id):
        return None
    if not token or not base.startswith(("https://", "http://")):
        return None
    headers = (("authorization", f"Bearer {token}"), ("accept", "application/json"))
    return Fetch("GET", f"{base}/api/v4/leads/{wanted.id}", headers)


def parts(path: str, answer: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part]:
    """What the answer to *path* (``lead/id``) gives. An empty one (204) means that there is no such lead."""
    lead_id = values.text(answer.get("id"), 60)
    status = values.integer(answer.get("status_id"), largest=2**53)
    if not answer or answer.get("is_deleted") is True:
        yield Ignored("not_counted", f"{path[:80]}: there is no such lead")
    elif lead_id is None or status is None:
        said = values.text(answer.get("title"), 60) or values.text(answer.get("detail"), 120)
        yield Rejected("bad_value", f"{path[:80]}: amoCRM answered no lead: {said}")
    else:
        yield from deals.parts(_deal(lead_id, status, answer, received_at), source)


def _deal(lead_id: str, status: int, answer: Mapping[str, Any], received_at: datetime) -> deals.Deal:
    """A closed lead came to its stage when it was closed, whatever was edited in it since."""
    found = lead.deal(lead_id, status, answer, received_at)
    closed = instants.from_epoch(answer.get("closed_at")) if status in lead.CLOSED else None
    tags = lead.tags(values.reach(answer, "_embedded.tags"))
    return replace(found, at=closed or found.at, tags=tags)
