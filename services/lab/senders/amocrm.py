"""amoCRM: the full form of a lead moved to another stage; the secret is in the path (amocrm-kommo §1–4)."""

from typing import Final

from schemas.facts import Fact, InvoiceIssued, Payment, PresentationMade
from services.lab.senders.account import Account, Outgoing
from services.lab.simulate.names import name_of

WON: Final = 142
FIRST_STAGE: Final = 45648900
PIPELINE: Final = 788512
UNKNOWN_PRICE: Final = 0


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """One status hook; raises Misconfigured nowhere: a step whose stage is not configured is not sent."""
    stages = {
        "presentation": _stage(account, "presentation"),
        "invoice": _stage(account, "invoice"),
        "payment": _stage(account, "payment"),
    }
    match fact.data:
        case PresentationMade():
            old, new, minor = FIRST_STAGE, stages["presentation"], UNKNOWN_PRICE
        case InvoiceIssued():
            old, new, minor = stages["presentation"] or FIRST_STAGE, stages["invoice"], fact.data.amount_minor
        case Payment():
            old, new, minor = stages["invoice"] or FIRST_STAGE, stages["payment"], fact.data.amount_minor
        case _:
            return ()
    if new is None:
        return ()
    return (account.form("amocrm leads[status]", _lead(fact, old, new, minor)),)


def _stage(account: Account, what: str) -> int | None:
    counts = getattr(account.source.counts, what)
    if counts is None:
        return None
    if counts.status:
        return int(counts.status[0])
    return WON if counts.won else None


def _lead(fact: Fact, old: int, new: int, minor: int) -> dict[str, str]:
    at = str(int(fact.time.timestamp()))
    responsible = fact.identity or ""
    fields = {
        "id": name_of(fact),
        "name": f"Сделка {name_of(fact)}",
        "status_id": str(new),
        "old_status_id": str(old),
        "price": str(minor // 100),
        "responsible_user_id": responsible,
        "last_modified": at,
        "modified_user_id": responsible,
        "created_user_id": responsible,
        "date_create": str(int(fact.time.timestamp()) - 86400),
        "pipeline_id": str(PIPELINE),
        "account_id": "16503244",
        "created_at": str(int(fact.time.timestamp()) - 86400),
        "updated_at": at,
    }
    form = {f"leads[status][0][{name}]": value for name, value in fields.items()}
    return {
        **form,
        "account[subdomain]": "example",
        "account[id]": "16503244",
        "account[_links][self]": "https://example.amocrm.ru",
    }
