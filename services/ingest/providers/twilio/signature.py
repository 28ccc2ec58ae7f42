"""``X-Twilio-Signature``: base64 of HMAC-SHA1 over the public URL and, for a form, its sorted parameters.

Source: twilio-python ``request_validator.py``: every distinct value of a name counts once; the URL is tried with and
without a port; a URL that carries ``bodySHA256`` is signed alone and the body is compared by its hash.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from services.ingest.providers import form
from services.ingest.providers.base import Request, Source
from services.ingest.providers.credentials import matches

HEADER = "x-twilio-signature"
_PORTS = {"https": 443, "http": 80}


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
    for url in {variant for candidate in _candidates(request, source) for variant in variants(candidate)}:
        body_hash = parse_qs(urlsplit(url).query).get("bodySHA256")
        if body_hash and not matches(hashlib.sha256(request.body).hexdigest(), body_hash[:1]):
            continue
        accepted += [sign(token, url, () if body_hash else fields) for token in tokens]
    return matches(given, accepted)


def variants(url: str) -> Iterator[str]:
    """As given, without its port, and with the standard port of its scheme."""
    yield url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return
    if parts.hostname is None:
        return
    if port is not None:
        yield _with_host(parts, parts.netloc.rpartition(":")[0])
    elif parts.scheme in _PORTS:
        yield _with_host(parts, f"{parts.netloc}:{_PORTS[parts.scheme]}")


def _with_host(parts: SplitResult, host: str) -> str:
    return parts._replace(netloc=host).geturl()


def _candidates(request: Request, source: Source) -> Iterator[str]:
    """The URL as the core knows it, as the floor file names it, and as the proxy in front of us saw it."""
    query = f"?{request.query}" if request.query else ""
    bases = [request.url.partition("?")[0]] if request.url else []
    if request.url:
        yield request.url
    if configured := source.config.public_url:
        base = configured.partition("?")[0].rstrip("/")
        bases += [base, f"{base}/{quote(request.path)}"] if request.path else [base, f"{base}/"]
    host = request.headers.get("x-forwarded-host") or request.headers.get("host")
    if host:
        scheme = request.headers.get("x-forwarded-proto", "https")
        path = f"/{quote(request.path)}" if request.path else ""
        bases.append(f"{scheme}://{host}/hooks/{source.id}{path}")
    for base in bases:
        yield base + query
