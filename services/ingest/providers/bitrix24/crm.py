"""CRM events name an id only: which object is read back for them, by which REST method, and what its answer gives.

Deals (``deal/410``) always; items of smart processes and smart invoices (``item/31-24``) for the entity types that
``options.items`` lists. An item counts by its stage or a field alone: no answer says which stages of it are won.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, values
from services.ingest.providers.base import Fetch, Ignored, ReadBack, Rejected, Source
from services.ingest.providers.bitrix24 import record, rest
from services.ingest.providers.deals import Part

DEAL, ITEM = "deal", "item"
ID: Final = re.compile(r"[0-9]{1,18}")
DEALS: Final = "2"
"""The entity type of deals in methods that serve all types."""
_STAGES: Final = "stages"
_DEAL_EVENTS: Final = frozenset({"ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY"})
_ITEM_EVENT: Final = re.compile(r"ONCRMDYNAMICITEM(?:ADD|UPDATE)(?:_([0-9]{1,10}))?")
"""The handler of one type may be named with it: ``onCrmDynamicItemUpdate_1220``."""


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
    elif ID.fullmatch(object_id or ""):
        yield Ignored("needs_readback", told)
        yield ReadBack(ITEM, f"{entity}-{object_id}") if item else ReadBack(DEAL, str(object_id))
    else:
        yield Rejected("bad_value" if object_id else "missing_field", f"{name}: data[FIELDS][ID] is no id")


def fetch(wanted: ReadBack, base: str) -> Fetch | None:
    """The object and the history of its stages, as one question."""
    if wanted.kind == DEAL and ID.fullmatch(wanted.id):
        return _with_stages(base, DEAL, ("crm.deal.get", {"id": wanted.id}), DEALS, wanted.id)
    entity, _, item = wanted.id.partition("-")
    if wanted.kind == ITEM and ID.fullmatch(entity) and ID.fullmatch(item):
        return _with_stages(base, ITEM, ("crm.item.get", {"entityTypeId": entity, "id": item}), entity, item)
    return None


def _with_stages(base: str, kind: str, command: tuple[str, rest.Form], entity: str, owner: str) -> Fetch:
    stages = {"entityTypeId": entity, "filter[OWNER_ID]": owner, "order[ID]": "ASC"}
    return rest.batch(base, {kind: command, _STAGES: ("crm.stagehistory.list", stages)})


def answered(
    kind: str, wanted: str, answer: Mapping[str, Any], source: Source, received_at: datetime
) -> Iterator[Part]:
    """What the answer to ``kind/wanted`` gives. A portal that has no history of stages still tells the object.

    Raises: BadInput.
    """
    batch = rest.commanded(answer)
    results, errors = batch or ({kind: answer.get("result")}, {})
    if kind in errors:
        yield rest.refused(f"{kind}/{wanted}", values.mapping(errors[kind]))
        return
    found, history = values.mapping(results.get(kind)), values.mapping(results.get(_STAGES)).get("items")
    states = (
        record.of_deal(wanted, found, history, received_at)
        if kind == DEAL
        else record.of_item(wanted, values.mapping(found.get("item")), history, received_at)
    )
    yield from deals.firsts(states, source)


def _items(source: Source) -> frozenset[str]:
    """Entity types of ``options.items``, as texts."""
    listed = source.config.options.get("items")
    return frozenset(found for one in values.items(listed) if (found := values.text(one, 20)))
