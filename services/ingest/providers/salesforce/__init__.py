"""``salesforce``: outbound messages about opportunities, SOAP with up to 100 notifications each.

Nothing is signed: the secret in the path (``secrets.path``, or ``secrets.basic``) and ``organization_id`` must both hold.
"""

from datetime import datetime
from typing import Final

from services.ingest.providers import credentials, deals
from services.ingest.providers.base import Parsed, Provider, Reply, Request, Secrets, Source, Unauthorized
from services.ingest.providers.salesforce import opportunity, session, soap
from services.kit.errors import BadInput

ACK: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
"""A bare 200 is a failure to Salesforce. What the journal has kept is acknowledged, whether it can be read or not."""


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)
    try:
        named = soap.organizations(soap.read(request.body))
    except BadInput as error:
        raise Unauthorized("the body names no OrganizationId", "bad_signature") from error
    accepted = [soap.short_id(known) for known in secrets.get("organization_id", ()) if soap.is_id(known)]
    right = [soap.is_id(one) and credentials.matches(soap.short_id(one), accepted) for one in named]
    if not right or not all(right):
        raise Unauthorized("OrganizationId is missing or another one", "bad_signature")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    found = list(soap.notifications(soap.read(request.body)))
    if not found:
        raise BadInput("the message holds no Notification", "missing_field")
    return deals.collect(part for one in found for part in opportunity.parts(one, source, request.received_at))


PROVIDER = Provider(
    name="salesforce",
    verify=verify,
    parse=parse,
    redact=session.redact,
    reply=Reply(200, ACK, "text/xml"),
    required_secrets=("organization_id",),
    signs="path",
)
