"""What rules and dashboards ask for is what the services really export: asked from their /metrics, with a floor in force."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.local import floors
from services.local.postgres import EmbeddedPostgres
from tests.deploy.dashboard import expressions, floor
from tests.deploy.files import DEPLOY, ROOT, metrics_in, yaml
from tests.support.running import Services, embedded_environment
from tests.support.servers import fresh_broker, fresh_database
from tests.support.waiting import wait_until

SERVICES = ("ingest", "aggregator", "alerts", "board")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@pytest.fixture(scope="module")
def exported(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """Service → names of the series that its /metrics offers."""
    running = Services(tmp_path_factory.mktemp("scrape"))
    with fresh_database(postgres) as dsn, fresh_broker() as bootstrap:
        floors.apply(dsn, (DEPLOY / "floor.example.yaml").read_text(), datetime.now(UTC))
        environment = embedded_environment(dsn, bootstrap)
        try:
            started = [running.start(name, environment) for name in SERVICES]
            found = {service.name: names(service.wait_ready().url) for service in started}
            wait_until(lambda: "srez_money_at_risk" in names(started[-1].url), "the board to have read", 60)
            found["board"] = names(started[-1].url)
            yield found
        finally:
            running.stop_all()


def names(url: str) -> set[str]:
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics", timeout=10).text)
    return {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES.get(family.type, ("",))}


def recorded() -> set[str]:
    groups = yaml("prometheus/rules/srez.yaml")["groups"]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}


@pytest.mark.integration
def test_rules_ask_for_what_is_exported(exported: dict[str, set[str]]) -> None:
    """Every metric of a rule exists in a real scrape or is recorded by another rule."""
    known = set().union(*exported.values()) | recorded()
    groups = yaml("prometheus/rules/srez.yaml")["groups"]
    wanted = {name for group in groups for rule in group["rules"] for name in metrics_in(rule["expr"])}
    assert wanted
    assert wanted - known == set()


@pytest.mark.integration
def test_dashboards_ask_for_what_is_exported(exported: dict[str, set[str]]) -> None:
    """The same for every panel and variable; where a job is named, it is one that exports the metric."""
    known = set().union(*exported.values()) | recorded()
    wanted = {name for expression in expressions(floor()) for name in metrics_in(expression)}
    assert len(wanted) > 20
    assert wanted - known == set()
    for job, name in (("alerts", "srez_alerts"), ("board", "srez_slices_closed_total")):
        assert any(f'{name}{{job="srez-{job}"' in expression for expression in expressions(floor()))
        assert name in exported[job]


@pytest.mark.integration
def test_promised_metrics_are_exported(exported: dict[str, set[str]]) -> None:
    """Names that the guide lists are names of a real scrape."""
    guide = (ROOT / "docs" / "OPERATIONS.md").read_text()
    known = set().union(*exported.values())
    listed = {name for line in guide.splitlines() if line.startswith("| `srez_") for name in metrics_in(line)}
    assert listed
    assert listed - known == set()
