"""One notification: an opportunity with the fields that the administrator ticked, and only those."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, instants, values
from services.ingest.providers.base import Ignored, Rejected, Source
from services.ingest.providers.deals import Deal, Part
from services.ingest.providers.salesforce import soap

OPPORTUNITY: Final = "Opportunity"
_KEY_PREFIX: Final = "006"
"""What the id of every opportunity begins with."""
CLOSED_WON: Final = "Closed Won"
"""The standard won stage, believed only while IsWon is not ticked: the label may be translated."""
_STAGE_CHANGED: Final = "LastStageChangeDate"
_TIMES: Final = (_STAGE_CHANGED, "LastModifiedDate", "SystemModstamp")


def parts(notification: object, source: Source, received_at: datetime) -> Iterator[Part]:
    """What one notification gives."""
    if not isinstance(notification, Mapping):
        yield Rejected("bad_value", "an empty Notification")
        return
    name = soap.text(notification.get("out:Id")) or "without Id"
    record = values.mapping(notification.get("out:sObject"))
    fields = {key.removeprefix("sf:"): soap.text(node) for key, node in record.items() if key.startswith("sf:")}
    deal_id = fields.get("Id")
    if deal_id is None:
        yield Rejected("missing_field", f"notification {name}: an sObject without Id")
        return
    kind = _kind(record, fields)
    if kind != OPPORTUNITY and (kind is not None or not deal_id.startswith(_KEY_PREFIX)):
        yield Ignored("not_counted", f"{kind or 'sObject'} {deal_id}")
    elif not any(fields.get(known) for known in ("StageName", "IsWon", *deals.named_fields(source))):
        yield Rejected("missing_field", f"opportunity {deal_id}: tick StageName in the outbound message")
    else:
        yield from deals.parts(_deal(deal_id, fields, received_at), source)


def _deal(deal_id: str, fields: Mapping[str, str | None], received_at: datetime) -> Deal:
    stage, won = fields.get("StageName"), fields.get("IsWon")
    return Deal(
        id=deal_id,
        at=next((at for name in _times(fields) if (at := instants.from_iso(fields.get(name), "UTC"))), received_at),
        stage=stage,
        pipeline=fields.get("RecordTypeId"),
        won=won in ("true", "1") if won is not None else stage == CLOSED_WON,
        identity=fields.get("OwnerId"),
        amounts=(fields.get("Amount"),),
        currency=fields.get("CurrencyIsoCode"),
        fields=fields,
    )


def _times(fields: Mapping[str, str | None]) -> tuple[str, ...]:
    """Ticked and empty, it says that the stage is the one the opportunity was created with."""
    never = _STAGE_CHANGED in fields and not fields[_STAGE_CHANGED]
    return ("CreatedDate", *_TIMES) if never else _TIMES


def _kind(record: Mapping[str, Any], fields: Mapping[str, str | None]) -> str | None:
    """``xsi:type="sf:Opportunity"`` of the enterprise form, the element ``type`` of the partner form."""
    declared = values.text(record.get("@xsi:type"))
    word = declared.rpartition(":")[2] if declared else None
    return fields.get("type") if word in (None, "sObject") else word
