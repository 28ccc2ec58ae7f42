"""Salesforce: an outbound message of one opportunity, the secret in the path (salesforce §1–4)."""

import hashlib
from datetime import UTC
from typing import Final
from xml.sax.saxutils import escape

from schemas.facts import Fact
from services.lab.senders.account import Account, Outgoing
from services.lab.senders.stages import Standing, standing

XML: Final = "text/xml; charset=UTF-8"
SF: Final = "urn:sobject.enterprise.soap.sforce.com"
_MESSAGE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
    "<OrganizationId>{organization}</OrganizationId><ActionId>04k5g0000001InvAAI</ActionId>"
    '<SessionId xsi:nil="true"/><EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/60.0</EnterpriseUrl>'
    "<PartnerUrl>https://example.my.salesforce.com/services/Soap/u/60.0</PartnerUrl>"
    '<Notification><Id>{notification}</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="' + SF + '">{fields}</sObject>'
    "</Notification></notifications></soapenv:Body></soapenv:Envelope>"
)


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """One notification; a queued message is sent with the record's newest values, and this is one."""
    at = standing(fact, account)
    if at is None:
        return ()
    fields = "".join(f"<sf:{name}>{escape(value)}</sf:{name}>" for name, value in _fields(fact, at).items() if value)
    return (message(account, "salesforce outbound message", hashlib.sha256(fact.id.encode()).hexdigest()[:15], fields),)


def message(account: Account, what: str, notification: str, fields: str) -> Outgoing:
    """One message of this organization with one notification."""
    body = _MESSAGE.format(
        organization=escape(account.secrets.get("organization_id", "")),
        notification=f"04l{notification}",
        fields=fields,
    )
    return account.with_headers(account.post(what, body.encode(), XML), {"soapaction": '""'})


def _fields(fact: Fact, at: Standing) -> dict[str, str]:
    """In the order of the alphabet, the id first, as Salesforce writes them."""
    return {
        "Id": at.deal,
        "Amount": str(at.amount) if at.amount_minor else "",
        "CurrencyIsoCode": at.currency or "",
        "IsWon": "true" if at.won else "false",
        "LastModifiedDate": fact.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "Name": f"Сделка {at.deal}",
        "OwnerId": fact.identity or "",
        "StageName": at.stage or "Closed Won",
    }
