"""``freeswitch``: CDRs of mod_json_cdr (one per leg, joined into one call), or ESL hang-up events.

Nothing is signed: ``secrets.basic`` (``cred`` of the module), ``secrets.path``, or both.
"""

from datetime import datetime

from services.ingest.providers import credentials
from services.ingest.providers.base import Ignored, Parsed, Provider, Rejected, Request, Secrets, Source
from services.ingest.providers.freeswitch import body, leg
from services.ingest.providers.freeswitch.cdr import Cdr
from services.ingest.providers.freeswitch.join import join
from services.kit.errors import BadInput

_ENDS = (None, "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
_NO = (False, 0, "false", "no", "off", "0")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body is no CDR."""
    raw = body.decode(request.body)
    if raw.get("Event-Name") not in _ENDS:
        return Parsed(ignored=(Ignored("ringing", str(raw["Event-Name"])[:60]),))
    cdr = Cdr(raw, source.timezone, encoded=source.config.options.get("encode_values", True) not in _NO)
    if not cdr.variables and "callflow" not in raw:
        raise BadInput("an object without variables and callflow is no CDR")
    try:
        return Parsed(legs=(leg.of(cdr, source, body.uuid_in(request.query)),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


PROVIDER = Provider(name="freeswitch", verify=verify, parse=parse, join=join, signs="basic")
