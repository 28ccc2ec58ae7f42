"""``retailcrm``: pages of ``orders/history`` that ``srez retailcrm`` fetches, and a trigger with our own template.

Nothing is signed: ``secrets.path``. ``rest_url`` and ``api_key`` are for asking the API.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from services.ingest.providers import credentials, form, values
from services.ingest.providers.base import (
    READBACK,
    Fetch,
    Ignored,
    Parsed,
    Provider,
    ReadBack,
    Request,
    Secrets,
    Source,
)
from services.ingest.providers.retailcrm import history, trigger
from services.ingest.providers.retailcrm.join import join
from services.kit.errors import BadInput

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_ADDRESS: Final = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w./-]*)?", re.ASCII)


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    root = _root(request)
    if request.method == READBACK:
        return _answered(request, root, source)
    if "history" in root:
        if not isinstance(root["history"], list):
            raise BadInput("history is not a list", "bad_value")
        return history.parsed(root["history"], source)
    return trigger.parsed(root, request.received_at, source)


def _root(request: Request) -> Mapping[str, Any]:
    if request.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        found = values.load_json(request.body)
        if not isinstance(found, dict):
            raise BadInput("not an object")
        return found
    return dict([*form.pairs(request.query.encode("utf-8", "replace")), *form.pairs(request.body)])


def _answered(request: Request, root: Mapping[str, Any], source: Source) -> Parsed:
    kind, _, wanted = request.path.strip("/").partition("/")
    order = values.mapping(root.get("order") or root.get("orders"))
    if kind != "order" or values.text(order.get("id"), 60) != wanted:
        raise BadInput(f"the answer is not {request.path[:120]}", "bad_value")
    legs = tuple(history.of_order(order, wanted, request.received_at, source))
    return Parsed(legs=legs) if legs else Parsed(ignored=(Ignored("not_counted", f"order {wanted}: no payment"),))


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    """The order by its id, through the list: asking for one by its address needs the shop's code as well."""
    address, key = (next(iter(secrets.get(name, ())), "") for name in ("rest_url", "api_key"))
    if not key or not _ADDRESS.fullmatch(address) or wanted.kind != "order" or not _NUMBER.fullmatch(wanted.id):
        return None
    query = f"{quote('filter[ids][]')}={wanted.id}"
    return Fetch("GET", f"{address.rstrip('/')}/api/v5/orders?{query}", (("X-API-KEY", key),))


PROVIDER = Provider(
    name="retailcrm", verify=verify, parse=parse, join=join, fetch=fetch, methods=("POST", "GET"), signs="path"
)
