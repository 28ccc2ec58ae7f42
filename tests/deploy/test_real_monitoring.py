"""A real Prometheus and a real Alertmanager with the files of deploy/, against running services."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from services.local import floors
from services.local.postgres import EmbeddedPostgres
from tests.deploy.files import DEPLOY, yaml
from tests.support.monitoring import ALERTMANAGER, MISSING, PROMETHEUS, alertmanager_as_delivered, prometheus
from tests.support.running import Services, embedded_environment
from tests.support.servers import fresh_broker, fresh_database
from tests.support.sink import Sink, running_sink
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(PROMETHEUS is None or ALERTMANAGER is None, reason=MISSING),
]
SERVICES = ("ingest", "aggregator", "alerts", "board")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as found:
        yield found


def write(path: Path, data: Any) -> Path:
    text = StringIO()
    YAML(typ="safe").dump(data, text)
    path.write_text(text.getvalue())
    return path


def secrets_of(folder: Path, sink: Sink) -> Path:
    """The two files that stand beside the configuration in production; an address may hold what sed gives a meaning to."""
    found = folder / "secrets"
    found.mkdir()
    (found / "operator_slack_url").write_text(f"{sink.url}/operators\n")
    (found / "dead_man_url").write_text(f"{sink.url}/dead-man?a=1&b=2|3\n")
    return found


def prometheus_file(folder: Path, ports: dict[str, str]) -> Path:
    """Ours, every second, with addresses of this machine instead of names of compose."""
    config = yaml("prometheus/prometheus.yml")
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOY / "prometheus" / name) for name in config["rule_files"]]
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [ports["alertmanager"]]}]
    jobs = [job for job in config["scrape_configs"] if job["job_name"] != "prometheus"]
    for job in jobs:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [ports[job["job_name"].removeprefix("srez-")]]}]
    config["scrape_configs"] = jobs
    return write(folder / "prometheus.yml", config)


def test_prometheus_sees_the_services_and_loads_the_rules(
    postgres: EmbeddedPostgres, tmp_path: Path, sink: Sink
) -> None:
    """Every target up, every rule evaluated without an error; the watchdog reaches the dead man's switch; a service that is
    killed is told to the operators."""
    running = Services(tmp_path)
    started: list[Any] = []
    with fresh_database(postgres) as dsn, fresh_broker() as bootstrap:
        floors.apply(dsn, (DEPLOY / "floor.example.yaml").read_text(), datetime.now(UTC))
        try:
            environment = embedded_environment(dsn, bootstrap)
            services = {name: running.start(name, environment) for name in SERVICES}
            ports = {name: one.wait_ready().url.removeprefix("http://") for name, one in services.items()}
            started.append(alertmanager_as_delivered(tmp_path, secrets_of(tmp_path, sink)))
            ports["alertmanager"] = started[0].url.removeprefix("http://")
            started.append(prometheus(tmp_path, prometheus_file(tmp_path, ports)))
            _targets_are_up(started[1].url)
            _rules_are_evaluated(started[1].url)
            wait_until(lambda: any(path == "/dead-man" for path, _ in sink.posted), "the watchdog to be heard", 60)

            services["board"].kill()
            wait_until(lambda: _firing(started[1].url, "SrezTargetDown", "pending"), "the dead board to be noticed", 30)
        finally:
            for one in started:
                one.stop()
            running.stop_all()


def _targets_are_up(url: str) -> None:
    def health() -> bool:
        found = httpx.get(f"{url}/api/v1/targets", timeout=5).json()["data"]["activeTargets"]
        up = {one["labels"]["job"] for one in found if one["health"] == "up"}
        return up == {*(f"srez-{name}" for name in SERVICES), "alertmanager"}

    wait_until(health, "all targets to be up", 60)


def _rules_are_evaluated(url: str) -> None:
    def whole() -> bool:
        groups = httpx.get(f"{url}/api/v1/rules", timeout=5).json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
        wanted = sum(len(group["rules"]) for group in yaml("prometheus/rules/srez.yaml")["groups"])
        return len(rules) == wanted and all(rule["health"] == "ok" for rule in rules)

    wait_until(whole, "all rules to be evaluated", 60)


def _firing(url: str, name: str, state: str) -> bool:
    found = httpx.get(f"{url}/api/v1/alerts", timeout=5).json()["data"]["alerts"]
    return any(one["labels"]["alertname"] == name and one["state"] in (state, "firing") for one in found)
