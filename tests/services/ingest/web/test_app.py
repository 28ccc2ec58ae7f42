"""Probes and OpenAPI beside the hooks."""

from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance

from services.ingest.web.app import IngestApp
from services.ingest.web.rate import Bucket
from tests.services.ingest.events import body, call, signed
from tests.services.ingest.web.asking import Endpoint, Memory


def app(problem: str | None = None) -> IngestApp:
    endpoint = Endpoint(Memory())
    notes = {"source unset": "secret is not set: NOT_SET_ANYWHERE", "kafka": None}
    return IngestApp(endpoint.hooks, endpoint.metrics.registry, lambda: {"journal": problem}, lambda: notes)


async def test_hooks_and_probes_live_beside_each_other() -> None:
    """One application answers both; a note does not make it unready, a check does."""
    raw = body(call("a"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://test") as http:
        assert (await http.post("/hooks/own/x", content=raw, headers=signed(raw))).status_code == 200
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["notes"]) == (
            200,
            {"source unset": "secret is not set: NOT_SET_ANYWHERE"},
        )
        metrics = (await http.get("/metrics")).text
    assert 'srez_webhooks_total{outcome="accepted",source="own"} 1.0' in metrics
    assert 'srez_rejected_total{reason="unparseable",source="fs"} 0.0' in metrics
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app("down")), base_url="http://test") as http:
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/healthz")).status_code == 200


async def test_openapi_tells_of_hooks() -> None:
    """Every code the endpoint answers is documented."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://test") as http:
        schema = (await http.get("/openapi.json")).json()
    assert set(schema["paths"]["/hooks/{source}"]["post"]["responses"]) == {
        "200", "401", "404", "405", "408", "413", "429", "503",
    }  # fmt: skip
    assert "/readyz" in schema["paths"]


def test_openapi_keeps_its_word() -> None:
    """Whatever is asked of any path it names, of known sources too: an answer of a documented code, never 5xx."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 9
    for operation in operations:

        @settings(
            max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
        )
        @given(case=operation.as_strategy(), source=st.sampled_from(["own", "fs", None]))
        def one(case: Any, source: str | None) -> None:
            if source is not None and "source" in case.path_parameters:
                case.path_parameters["source"] = source
            case.call_and_validate(checks=[not_a_server_error, status_code_conformance])

        one()


def test_a_bucket_refills() -> None:
    """Two a second: two at once, then one every half a second."""
    bucket = Bucket(2)
    assert [bucket.wait(0), bucket.wait(0), bucket.wait(0)] == [0, 0, 0.5]
    assert [bucket.wait(0.5), bucket.wait(0.5)] == [0, 0.5]
    assert [bucket.wait(100), bucket.wait(100), bucket.wait(100)] == [0, 0, 0.5]


def test_a_slow_source_may_be_slower_than_one_a_second() -> None:
    """One every ten seconds."""
    bucket = Bucket(0.1)
    assert (bucket.wait(0), round(bucket.wait(0), 6)) == (0, 10)
