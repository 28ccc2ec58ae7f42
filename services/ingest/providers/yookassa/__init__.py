"""``yookassa``: notifications that are not signed. The secret is in the path, and the object is asked for again.

Secrets: ``path``; ``shop_id`` and ``secret_key`` to ask the API.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import credentials, values
from services.ingest.providers.base import (
    READBACK,
    Draft,
    Fetch,
    Ignored,
    Parsed,
    Provider,
    ReadBack,
    Request,
    Secrets,
    Source,
)
from services.ingest.providers.yookassa import address, money_moved, refunds
from services.kit.errors import BadInput

API: Final = "https://api.yookassa.ru/v3"
_PLACES: Final = {"payment": "payments", "refund": "refunds", refunds.KIND: "payments"}
_WORTH: Final = ("payment.succeeded", "refund.succeeded")
_CREDENTIALS: Final = ("shop_id", "secret_key")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)
    address.check(request.headers, source.config.options.get("address_header"))


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body cannot be understood."""
    body = values.load_json(request.body)
    if not isinstance(body, dict):
        raise BadInput("not an object of YooKassa")
    return _answered(request.path, body, source) if request.method == READBACK else _notified(body, source)


def _answered(path: str, thing: Mapping[str, Any], source: Source) -> Parsed:
    kind, _, wanted = path.strip("/").partition("/")
    asked, _, about = wanted.partition(".") if kind == refunds.KIND else (wanted, "", "")
    if kind not in _PLACES or _name(thing) != asked or (kind == refunds.KIND and not about):
        raise BadInput(f"the answer is not {path[:120]}", "bad_value")
    if kind == "refund":
        return refunds.told(thing, wanted, source)
    if kind == refunds.KIND:
        return refunds.paid(thing, about, source)
    return _parsed(money_moved.payment(thing, wanted, source))


def _notified(body: Mapping[str, Any], source: Source) -> Parsed:
    """The object of a notification is believed where nobody can be asked, unless the floor file forbids it or the
    object contradicts its event. Raises: BadInput."""
    event, thing = values.text(body.get("event"), 60), body.get("object")
    if event is None or not isinstance(thing, Mapping):
        raise BadInput("no event, or no object", "missing_field")
    kind = event.partition(".")[0]
    status = values.text(thing.get("status"), 40)
    if kind not in ("payment", "refund") or (event not in _WORTH and status != "succeeded"):
        return _parsed(Ignored("not_counted", f"{event}, status {status}"))
    name = _name(thing)
    if status == "succeeded" and _trusted(source):
        read = money_moved.payment if kind == "payment" else money_moved.refund
        return _parsed(read(thing, name, source))
    return Parsed(
        ignored=(Ignored("needs_readback", f"{event} {name}"),),
        readbacks=(ReadBack(kind, name),),
    )


def _trusted(source: Source) -> bool:
    """Whether the secret address is proof enough. Raises: BadInput."""
    option = source.config.options.get("trust_notifications", True)
    if not isinstance(option, bool):
        raise BadInput("sources[].options.trust_notifications is true or false", "bad_value")
    return option and not all(name in source.config.secrets for name in _CREDENTIALS)


def _name(thing: Mapping[str, Any]) -> str:
    """Raises: BadInput for an id that could not stand in an address."""
    name = values.text(thing.get("id"), 100)
    if name is None or not money_moved.is_id(name):
        raise BadInput("the object has no id", "missing_field")
    return name


def _parsed(part: Draft | Ignored) -> Parsed:
    return Parsed(ignored=(part,)) if isinstance(part, Ignored) else Parsed(drafts=(part,))


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    """``GET /v3/payments/{id}`` or ``/v3/refunds/{id}``; of a secret in rotation the first value is used."""
    shop, key = (next(iter(secrets.get(name, ())), None) for name in _CREDENTIALS)
    if not shop or not key or wanted.kind not in _PLACES or not money_moved.is_id(wanted.id):
        return None
    asked = wanted.id.partition(".")[0] if wanted.kind == refunds.KIND else wanted.id
    basic = base64.b64encode(f"{shop}:{key}".encode()).decode()
    return Fetch("GET", f"{API}/{_PLACES[wanted.kind]}/{asked}", (("Authorization", f"Basic {basic}"),))


PROVIDER = Provider(name="yookassa", verify=verify, parse=parse, join=refunds.join, fetch=fetch, signs="path")
