"""The URL a sender used, for providers that sign it; buckets across floor versions."""

import pytest

from schemas.floor import SourceConfig
from services.ingest.metrics import Metrics
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Source
from services.ingest.source import Configured
from services.ingest.web.gate import Gate


def gate(public_url: str | None = None, former: Gate | None = None, rate: float = 5) -> Gate:
    config = SourceConfig(id="tw", provider="twilio", public_url=public_url, rate_per_s=rate)
    return Gate(Configured(Source(config), PROVIDERS["twilio"], {}), Metrics(), former)


@pytest.mark.parametrize(
    ("public", "path", "query", "expected"),
    [
        (None, "/hooks/tw/a%20b", b"x=%2B&x=1", "https://inside:8080/hooks/tw/a%20b?x=%2B&x=1"),
        ("https://srez.example/hooks/tw", "/hooks/tw", b"", "https://srez.example/hooks/tw"),
        ("https://srez.example/hooks/tw/", "/hooks/tw/", b"", "https://srez.example/hooks/tw/"),
        ("https://srez.example/pbx", "/hooks/tw/status", b"a=1", "https://srez.example/pbx/status?a=1"),
        ("https://srez.example/pbx/?a=1", "/hooks/tw", b"a=1", "https://srez.example/pbx/?a=1"),
    ],
)
def test_the_url_as_the_sender_has_it(public: str | None, path: str, query: bytes, expected: str) -> None:
    """Bytes of path and query stay as they were sent; behind a proxy the public address stands in front."""
    scope = {"path": path.replace("%20", " "), "raw_path": path.encode(), "query_string": query, "scheme": "https"}
    assert gate(public).url(scope, {"host": "inside:8080"}) == expected


def test_a_bucket_survives_a_new_floor_version() -> None:
    """Applying a floor does not hand out tokens; a changed rate makes a new bucket."""
    first = gate()
    assert gate(former=first).bucket is first.bucket
    assert gate(former=first, rate=6).bucket is not first.bucket
