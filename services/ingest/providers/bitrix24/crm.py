"""CRM events name an id only: which object is read back for them, by which REST method, and what its answer gives.

Deals (``deal/410``) always; items of smart processes and smart invoices (``item/31-24``) for the entity types that
``options.items`` lists. An item counts by its stage or a field alone: no answer says which stages of it are won.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from services.ingest.providers import deals, instants, values
from services.ingest.providers.base import Fetch, Ignored, ReadBack, Rejected, Secrets, Source
from services.ingest.providers.deals import Deal, Part
from services.kit.errors import BadInput

DEAL, ITEM = "deal", "item"
REST: Final = "rest_url"
SMART_INVOICE: Final = 31
_DEAL_EVENTS: Final = frozenset({"ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY"})
_ITEM_EVENT: Final = re.compile(r"ONCRMDYNAMICITEM(?:ADD|UPDATE)(?:_([0-9]{1,10}))?")
"""The handler of one type may be named with it: ``onCrmDynamicItemUpdate_1220``."""
_ID: Final = re.compile(r"[0-9]{1,18}")
_WON: Final = "S"
"""``STAGE_SEMANTIC_ID``: P in work, S won, F lost."""
_TIMES: Final = ("MOVED_TIME", "DATE_MODIFY", "DATE_CREATE")
_ITEM_TIMES: Final = ("movedTime", "updatedTime", "createdTime")
_GONE: Final = ("NOT_FOUND", "not found")


def thin(name: str, event: Mapping[str, Any], source: Source) -> Iterator[Part | ReadBack]:
    """What an ``ONCRM…`` event gives: an object to be read back, if it is one that may count."""
    fields = values.mapping(values.reach(event, "data.FIELDS"))
    item = _ITEM_EVENT.fullmatch(name)
    entity = values.text(fields.get("ENTITY_TYPE_ID"), 20) or (item[1] if item else None)
    object_id = values.text(fields.get("ID"), 40)
    told = " ".join(part for part in (name, entity, object_id) if part)
    if name.endswith("DELETE"):
        yield Ignored("not_counted", told)
        return
    if name not in _DEAL_EVENTS and (item is None or entity not in _items(source)):
        yield Ignored("needs_readback", told)
    elif _ID.fullmatch(object_id or ""):
        yield Ignored("needs_readback", told)
        yield ReadBack(ITEM, f"{entity}-{object_id}") if item else ReadBack(DEAL, str(object_id))
    else:
        yield Rejected("bad_value" if object_id else "missing_field", f"{name}: data[FIELDS][ID] is no id")


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    """None without ``rest_url``, the address of an inbound webhook; whoever has it can call the portal."""
    base = next(iter(secrets.get(REST, ())), "").strip().rstrip("/")
    if not base.startswith(("https://", "http://")):
        return None
    if wanted.kind == DEAL and _ID.fullmatch(wanted.id):
        return _post(f"{base}/crm.deal.get", {"id": wanted.id})
    entity, _, item = wanted.id.partition("-")
    if wanted.kind == ITEM and _ID.fullmatch(entity) and _ID.fullmatch(item):
        return _post(f"{base}/crm.item.get", {"entityTypeId": entity, "id": item})
    return None


def answered(path: str, answer: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part]:
    """What the answer to *path* (``kind/id``) gives. Raises: BadInput."""
    kind, _, wanted = path.strip("/").partition("/")
    if "error" in answer:
        yield _error(path, answer)
        return
    result = values.mapping(answer.get("result"))
    if kind == DEAL:
        yield from deals.parts(_deal(wanted, result, received_at), source)
    elif kind == ITEM:
        yield from deals.parts(_item(wanted, values.mapping(result.get("item")), received_at), source)
    else:
        raise BadInput(f"nothing called {kind[:40]!r} is read back", "unknown_event")


def _deal(wanted: str, fields: Mapping[str, Any], received_at: datetime) -> Deal:
    """Raises: BadInput."""
    stage = values.text(fields.get("STAGE_ID"))
    if stage is None:
        raise BadInput(f"deal {wanted[:40]}: the answer holds no deal", "missing_field")
    semantic = values.text(fields.get("STAGE_SEMANTIC_ID"))
    return Deal(
        id=values.text(fields.get("ID"), 60) or wanted,
        at=_at(fields, _TIMES, received_at),
        stage=stage,
        pipeline=values.text(fields.get("CATEGORY_ID")) or "0",
        won=semantic == _WON if semantic else stage.rpartition(":")[2] == "WON",
        identity=values.text(fields.get("ASSIGNED_BY_ID")),
        amounts=(fields.get("OPPORTUNITY"),),
        currency=values.text(fields.get("CURRENCY_ID"), 10),
        fields=fields,
    )


def _item(wanted: str, fields: Mapping[str, Any], received_at: datetime) -> Deal:
    """An item of a smart process or a smart invoice; ``parentId2`` is the deal it belongs to. Raises: BadInput."""
    stage = values.text(fields.get("stageId"))
    if stage is None:
        raise BadInput(f"item {wanted[:40]}: the answer holds no item", "missing_field")
    return Deal(
        id=wanted,
        at=_at(fields, _ITEM_TIMES, received_at),
        stage=stage,
        pipeline=values.text(fields.get("categoryId")),
        identity=values.text(fields.get("assignedById")),
        amounts=(fields.get("opportunity"),),
        currency=values.text(fields.get("currencyId"), 10),
        fields={**fields, "OPPORTUNITY": fields.get("opportunity")},  # so that one ``amount`` serves deals and items
        parent=parent if (parent := values.text(fields.get("parentId2"), 60)) not in (None, "0") else None,
    )


def _error(path: str, answer: Mapping[str, Any]) -> Part:
    """Bitrix24 tells errors in the body; what is gone counts nothing, everything else is shown."""
    said = " ".join(found for name in ("error", "error_description") if (found := values.text(answer.get(name), 120)))
    if any(word.lower() in said.lower() for word in _GONE):
        return Ignored("not_counted", f"{path[:80]}: not found")
    return Rejected("bad_value", f"{path[:80]}: the portal answered {said or 'an error'}")


def _items(source: Source) -> frozenset[str]:
    """Entity types of ``options.items``, as texts."""
    listed = source.config.options.get("items")
    return frozenset(found for one in values.items(listed) if (found := values.text(one, 20)))


def _at(fields: Mapping[str, Any], names: tuple[str, ...], received_at: datetime) -> datetime:
    return next((at for name in names if (at := instants.from_iso(fields.get(name)))), received_at)


def _post(url: str, form: Mapping[str, str]) -> Fetch:
    headers = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
    return Fetch("POST", url, headers, urlencode(form).encode())
