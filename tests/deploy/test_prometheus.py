"""Prometheus: configuration, rules and their unit tests, by its own promtool; and that every alert is explained."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from services.kit.settings import ServiceSettings
from tests.deploy.files import DEPLOY, ROOT, yaml

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: apt-get install prometheus")


def promtool(*arguments: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts() -> list[dict[str, Any]]:
    groups = yaml("prometheus/rules/srez.yaml")["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


@needs_promtool
def test_promtool_accepts_the_configuration() -> None:
    """Prometheus would start with it, and load the rules."""
    promtool("check", "config", "prometheus/prometheus.yml")
    promtool("check", "rules", "prometheus/rules/srez.yaml")


@needs_promtool
def test_rules_fire_when_they_should_and_stay_silent_when_they_should() -> None:
    """Owner moved, two owners, target down, no data, zero below the line, and each alert once."""
    promtool("test", "rules", "prometheus/tests/srez.yaml")


def test_every_alert_is_tried() -> None:
    """No alert without a case in the promtool tests."""
    tests = (DEPLOY / "prometheus/tests/srez.yaml").read_text()
    assert [
        rule["alert"] for rule in alerts() if f'"{rule["alert"]}"' not in tests and rule["alert"] not in tests
    ] == []


def test_every_alert_says_what_to_do() -> None:
    """A severity that Alertmanager routes, a summary, an action, and a row in the operations guide."""
    guide = (ROOT / "docs" / "OPERATIONS.md").read_text()
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket", "none")
        assert set(rule["annotations"]) == {"summary", "action"}
        assert f"`{rule['alert']}`" in guide, f"docs/OPERATIONS.md does not explain {rule['alert']}"


def test_the_guide_explains_no_alert_that_is_gone() -> None:
    """Names in the guide are names of rules."""
    guide = (ROOT / "docs" / "OPERATIONS.md").read_text()
    assert set(re.findall(r"^\| `(Srez\w+)`", guide, re.MULTILINE)) == {rule["alert"] for rule in alerts()}


@pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not installed: apt-get install prometheus-alertmanager"
)
def test_amtool_accepts_the_configuration() -> None:
    """As it stands, by whatever version this machine has; Debian's is 0.25."""
    file = str(DEPLOY / "alertmanager" / "alertmanager.yml")
    done = subprocess.run(["amtool", "check-config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanager_knows_the_alerts_it_speaks_of() -> None:
    """Receivers exist; names in routes and inhibitions are alerts."""
    config = yaml("alertmanager/alertmanager.yml")
    receivers = {receiver["name"] for receiver in config["receivers"]}
    routes = [config["route"], *config["route"]["routes"]]
    assert {route["receiver"] for route in routes} <= receivers
    matchers = [text for route in routes for text in route.get("matchers", ())]
    for rule in config["inhibit_rules"]:
        matchers += [*rule["source_matchers"], *rule["target_matchers"]]
    named = {name for text in matchers if text.startswith("alertname") for name in text.split('"')[1].split("|")}
    assert named
    assert named <= {rule["alert"] for rule in alerts()}


def test_every_service_is_scraped_where_it_listens() -> None:
    """Jobs, ports and names are those of compose.yaml; the board answers to the name it is scraped by."""
    compose = yaml("compose.yaml")["services"]
    targets: dict[str, tuple[str, int]] = {}
    for job in yaml("prometheus/prometheus.yml")["scrape_configs"]:
        for found in job.get("dns_sd_configs", ()):
            targets[job["job_name"]] = found["names"][0], found["port"]
        for found in job.get("static_configs", ()):
            name, _, port = found["targets"][0].partition(":")
            targets[job["job_name"]] = name, int(port)
    for service in ("ingest", "aggregator", "alerts", "board"):
        port = int(compose[service]["environment"][f"SREZ_{service.upper()}_PORT"])
        assert targets[f"srez-{service}"] == (service, port)
    assert ServiceSettings.model_fields["bind"].default == "127.0.0.1", "the image must say SREZ_BIND=0.0.0.0"
    assert "SREZ_BIND=0.0.0.0" in (DEPLOY / "Dockerfile").read_text()
