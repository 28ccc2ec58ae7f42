"""``amocrm``: webhooks of amoCRM and Kommo, full and thin, several items and actions in one POST.

Nothing is signed: ``secrets.path`` (the last part of the URL).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.ingest.providers import credentials, form, values
from services.ingest.providers.amocrm import lead
from services.ingest.providers.base import Draft, Ignored, Parsed, Provider, Rejected, Request, Secrets, Source
from services.ingest.providers.deals import Part
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    parts = list(_parts(_root(request.body), source, request.received_at))
    if not parts:
        raise BadInput("no entity with an action, such as leads[status][0][id]")
    return Parsed(
        drafts=tuple(part for part in parts if isinstance(part, Draft)),
        ignored=tuple(part for part in parts if isinstance(part, Ignored)),
        rejected=tuple(part for part in parts if isinstance(part, Rejected)),
    )


def _root(body: bytes) -> Mapping[str, Any]:
    if body.lstrip().startswith((b"{", b"[")):
        return values.mapping(values.load_json(body))
    return form.nested(form.pairs(body))


def _parts(root: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part]:
    for entity, actions in root.items():
        if entity == "account" or not isinstance(actions, Mapping):
            continue
        for action, listed in actions.items():
            if entity != "leads":
                yield Ignored("not_counted", f"{entity[:40]} {str(action)[:20]}")
                continue
            for item in values.items(listed):
                if isinstance(item, Mapping):
                    yield from lead.parts(action, item, source, received_at)
                else:
                    yield Rejected("bad_value", f"leads[{action[:20]}]: not an object")


PROVIDER = Provider(name="amocrm", verify=verify, parse=parse, signs="path")
