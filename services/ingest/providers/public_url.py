"""The URL a provider signed: rebuilt from what the core, the floor file and the proxy in front of us know.

Which of them the provider has is not known for sure, nor whether it names the standard port: a signature may hold over
any of the candidates.
"""

from collections.abc import Iterator
from urllib.parse import SplitResult, quote, urlsplit

from services.ingest.providers.base import Request, Source

_PORTS = {"https": 443, "http": 80}


def candidates(request: Request, source: Source) -> set[str]:
    """Every URL, with its query, that the request may have been sent to."""
    return {variant for url in _urls(request, source) for variant in _variants(url)}


def _variants(url: str) -> Iterator[str]:
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


def _urls(request: Request, source: Source) -> Iterator[str]:
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
