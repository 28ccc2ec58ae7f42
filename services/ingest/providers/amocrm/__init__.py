"""``amocrm``: webhooks of amoCRM and Kommo, full and thin, several items and actions in one POST.

Nothing is signed: ``secrets.path`` (the last part of the URL). To read thin events back: ``rest_url``, ``access_token``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.ingest.providers import credentials, deals, form, values
from services.ingest.providers.amocrm import lead, readback
from services.ingest.providers.base import (
    READBACK,
    Ignored,
    Parsed,
    Provider,
    ReadBack,
    Rejected,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.deals import Part
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)
    pinned = source.config.options.get("account_id")
    if pinned is not None:
        try:
            account = values.text(values.reach(_root(request.body), "account.id"))
        except BadInput as error:
            raise Unauthorized("the body names no account", "bad_signature") from error
        credentials.verify_account(pinned, account, "account[id]")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    if request.method == READBACK:
        answer = values.mapping(values.load_json(request.body)) if request.body.strip() else {}
        return deals.collect(readback.parts(request.path, answer, source, request.received_at))
    parts = list(_parts(_root(request.body), source, request.received_at))
    if not parts:
        raise BadInput("no entity with an action, such as leads[status][0][id]")
    return deals.collect(parts)


def _root(body: bytes) -> Mapping[str, Any]:
    if body.lstrip().startswith((b"{", b"[")):
        return values.mapping(values.load_json(body))
    return form.nested(form.pairs(body))


def _parts(root: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part | ReadBack]:
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


PROVIDER = Provider(name="amocrm", verify=verify, parse=parse, fetch=readback.fetch, signs="path")
