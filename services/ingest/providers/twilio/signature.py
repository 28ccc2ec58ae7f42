"""``X-Twilio-Signature``: base64 of HMAC-SHA1 over the public URL and, for a form, its sorted parameters.

Source: twilio-python ``request_validator.py``: every distinct value of a name counts once; the URL is tried with and
without a port; a URL that carries ``bodySHA256`` is signed alone and the body is compared by its hash.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from services.ingest.providers import form, public_url
from services.ingest.providers.base import Request, Source
from services.ingest.providers.credentials import matches

HEADER = "x-twilio-signature"


def sign(token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """The signature Twilio would send."""
    named: dict[str, set[str]] = {}
    for name, value in parameters:
        named.setdefault(name, set()).add(value)
    signed = url + "".join(name + value for name in sorted(named) for value in sorted(named[name]))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode("utf-8", "replace"), hashlib.sha1)).decode()


def holds(request: Request, source: Source, tokens: Iterable[str]) -> bool:
    """Whether the request carries the signature of one of the *tokens* over one of the URLs it may have been sent to.

    Raises: BadInput when the form is too large to be one of Twilio's.
    """
    given = request.headers.get(HEADER, "").strip()
    if not given:
        return False
    accepted = []
    fields = [] if request.method == "GET" else form.pairs(request.body)
    for url in public_url.candidates(request, source):
        body_hash = parse_qs(urlsplit(url).query).get("bodySHA256")
        if body_hash and not matches(hashlib.sha256(request.body).hexdigest(), body_hash[:1]):
            continue
        accepted += [sign(token, url, () if body_hash else fields) for token in tokens]
    return matches(given, accepted)
