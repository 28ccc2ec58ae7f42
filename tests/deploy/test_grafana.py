"""The floor dashboard: provisioned, whole, and explained panel by panel."""

import itertools
import shutil
import subprocess

import pytest

from tests.deploy.dashboard import expressions, floor, panels
from tests.deploy.files import yaml

UNITS = {"short", "none", "s", "percentunit", "reqps", "ops", "cpm"}


def test_every_panel_has_a_unit_and_says_what_it_shows() -> None:
    """No number without its unit, no picture without a sentence."""
    for panel in panels(floor()):
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["description"].rstrip().endswith("."), panel["title"]


def test_panels_stand_side_by_side() -> None:
    """Ids are unique, nothing leaves the 24 columns, no two panels overlap."""
    all_panels = floor()["panels"]
    assert len({panel["id"] for panel in all_panels}) == len(all_panels)
    for panel in all_panels:
        assert panel["gridPos"]["x"] >= 0
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for a, b in itertools.combinations([panel["gridPos"] for panel in all_panels], 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or below, (a, b)


def test_queries_go_to_the_provisioned_source() -> None:
    """Every panel and variable names the data source by the id that is provisioned; letters of queries are unique."""
    uid = yaml("grafana/provisioning/datasources/prometheus.yaml")["datasources"][0]["uid"]
    dashboard = floor()
    for panel in panels(dashboard):
        assert panel["datasource"]["uid"] == uid
        assert panel["targets"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {uid}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    assert {variable["datasource"]["uid"] for variable in dashboard["templating"]["list"]} == {uid}


def test_it_is_provisioned_where_compose_puts_it() -> None:
    """The folder that the provider watches is the one that compose mounts, and so is the home dashboard."""
    grafana = yaml("compose.yaml")["services"]["grafana"]
    mounts = dict(volume.removesuffix(":ro").split(":") for volume in grafana["volumes"])
    provider = yaml("grafana/provisioning/dashboards/srez.yaml")["providers"][0]
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./grafana/provisioning"] == "/etc/grafana/provisioning"
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/floor.json"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed: apt-get install prometheus")
def test_every_expression_parses(tmp_path) -> None:
    """Prometheus understands each query, with the variables filled in."""
    queries = [
        expression.replace("$team", ".*").replace("$step", ".*")
        for expression in expressions(floor())
        if not expression.startswith("label_values")
    ]
    rules = "".join(
        f"      - record: query_{number}\n        expr: >-\n          {q}\n" for number, q in enumerate(queries)
    )
    file = tmp_path / "queries.yaml"
    file.write_text(f"groups:\n  - name: dashboard\n    rules:\n{rules}")
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
