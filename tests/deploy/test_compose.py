"""compose.yaml, as far as it can be judged without Docker: names, versions, variables, files, ports, promises."""

import re
from typing import Any

import pytest

from schemas.floor import load
from services.aggregator.settings import AggregatorSettings
from services.alerts.settings import AlertsSettings
from services.board.settings import BoardSettings
from services.ingest.settings import IngestSettings
from services.local.secrets import source_secrets
from tests.deploy.files import DEPLOY, ROOT, environment_file, yaml

OURS = ("ingest", "aggregator", "alerts", "board")
SETTINGS = (IngestSettings, AggregatorSettings, AlertsSettings, BoardSettings)
KEYS = {
    *("name", "services", "volumes", "secrets"),
    *("image", "build", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "restart", "stop_grace_period"),
    *("env_file", "logging", "entrypoint", "command", "environment", "ports", "depends_on", "healthcheck", "shm_size"),
}
"""Of the compose specification, those we use: a misspelt key is found by this."""


def compose() -> dict[str, Any]:
    return yaml("compose.yaml")


def test_keys_are_those_of_compose() -> None:
    """No key that Docker would refuse or, worse, overlook."""
    whole = compose()
    assert {key for key in whole if not key.startswith("x-")} <= KEYS
    for name, service in whole["services"].items():
        assert set(service) <= KEYS, name


def test_every_image_has_a_version() -> None:
    """Nothing is "latest", and Kafka is the version the tests run."""
    services = compose()["services"]
    for name, service in services.items():
        _, colon, tag = service["image"].rpartition(":")
        assert colon, name
        assert tag != "latest"
        assert re.search(r"\d", tag), name
    tested = re.search(r"kafka_2\.13</artifactId>\s*<version>([\d.]+)<", (ROOT / "tests/kafka/pom.xml").read_text())
    assert tested is not None
    assert services["kafka"]["image"] == f"apache/kafka:{tested.group(1)}"


def test_everything_restarts_and_is_watched() -> None:
    """Restart policies everywhere; a health check in compose or in the image, probing the service's own port."""
    for name, service in compose()["services"].items():
        assert service["restart"] == ("on-failure" if name == "migrate" else "unless-stopped"), name
        if name in OURS:
            port = service["environment"][f"SREZ_{name.upper()}_PORT"]
            assert service["environment"]["SREZ_PROBE"] == f"http://127.0.0.1:{port}/healthz"
            assert service["command"] == [name]
        else:
            assert "healthcheck" in service, name


def test_what_must_survive_stands_in_volumes() -> None:
    """Named volumes only, all declared, none left over."""
    whole = compose()
    used = {
        volume.partition(":")[0]
        for service in whole["services"].values()
        for volume in service.get("volumes", ())
        if not volume.startswith("./")
    }
    assert used == set(whole["volumes"])
    assert {"postgres", "kafka"} <= used


def test_mounted_files_exist() -> None:
    """A file that is not there would become an empty folder in the container."""
    for service in compose()["services"].values():
        for volume in service.get("volumes", ()):
            if volume.startswith("./"):
                assert (DEPLOY / volume.partition(":")[0]).exists(), volume


def test_services_wait_for_the_migration_and_the_broker() -> None:
    """Nothing of ours starts on an old schema; every dependency exists and can be waited for."""
    services = compose()["services"]
    for name in OURS:
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "kafka": {"condition": "service_healthy"},
        }
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in services
            assert how["condition"] == "service_completed_successfully" or "healthcheck" in services[other]


def test_only_ingest_listens_for_the_world() -> None:
    """The board has no login yet, and the rest is nobody's business."""
    for name, service in compose()["services"].items():
        for port in service.get("ports", ()):
            assert name == "ingest" or port.startswith("127.0.0.1:"), name


def test_the_broker_is_durable() -> None:
    """One broker without replicas: every append is flushed, the log stands in the volume, nothing is made by accident."""
    kafka = compose()["services"]["kafka"]
    environment = kafka["environment"]
    assert environment["KAFKA_LOG_FLUSH_INTERVAL_MESSAGES"] == "1"
    assert environment["KAFKA_LOG_DIRS"] in [volume.partition(":")[2] for volume in kafka["volumes"]]
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert environment["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
    listeners = {part.partition("://")[0] for part in environment["KAFKA_LISTENERS"].split(",")}
    mapped = {part.partition(":")[0] for part in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")}
    assert listeners == mapped
    for name in OURS:
        assert compose()["services"][name]["environment"]["SREZ_KAFKA_DURABLE"] == "true"


def test_variables_are_settings_or_secrets_that_somebody_reads() -> None:
    """A misspelt variable is found here and not by a service that never sees it."""
    known = {f"SREZ_{field.upper()}" for settings in SETTINGS for field in settings.model_fields} | {"SREZ_PROBE"}
    floor = load(str(DEPLOY / "floor.example.yaml"))
    named = {name for _, _, variables in source_secrets(floor.sources) for name in variables}
    named |= {channel.token.env for channel in floor.notify.channels if channel.token}
    whole = compose()
    text = (DEPLOY / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+)", text)) | {secret["environment"] for secret in whole["secrets"].values()}
    given = set(environment_file("srez.env.example"))
    assert given - known - named - asked == set()
    assert asked - given == set(), "compose.yaml asks for what the example does not name"
    assert named - given == set(), "the example floor names secrets that the example environment lacks"
    for name in OURS:
        assert set(whole["services"][name]["environment"]) - known == set()


def test_the_example_holds_no_secret() -> None:
    """Whatever is secret is empty or says that it must be replaced."""
    public = {"SREZ_BOARD_URL", "SREZ_BOARD_HTTPS", "SREZ_BOARD_HOSTS"}
    for name, value in environment_file("srez.env.example").items():
        assert name in public or not value or "replace" in value, name
    assert "srez.env" in (DEPLOY / ".gitignore").read_text().split()


def test_prometheus_may_call_the_board() -> None:
    """The board refuses names it does not know; the one Prometheus uses is in the example."""
    assert "board" in environment_file("srez.env.example")["SREZ_BOARD_HOSTS"].split(",")


@pytest.mark.parametrize("name", ["grafana", "postgres", "prometheus", "alertmanager", "kafka"])
def test_secrets_come_from_the_environment_file(name: str) -> None:
    """No password stands in compose.yaml."""
    for key, value in compose()["services"][name].get("environment", {}).items():
        if "PASSWORD" in key:
            assert value.startswith("${"), key
