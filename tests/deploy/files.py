"""The files of deploy/, read as data, and the names in expressions of Prometheus."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"(?<![\w:$])(srez[_:][a-z0-9_:]+)")


def yaml(name: str) -> Any:
    """One document, merge keys and anchors resolved; a repeated key is an error."""
    return YAML(typ="safe").load(DEPLOY / name)


def environment_file(name: str) -> dict[str, str]:
    lines = (DEPLOY / name).read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    names = [key for key, _, _ in pairs]
    assert len(names) == len(set(names)), "a variable stands there twice"
    return {key: value for key, _, value in pairs}


def metrics_in(expression: str) -> set[str]:
    """Names of our metrics and recording rules in *expression*."""
    return set(NAME.findall(re.sub(r'"[^"]*"', '""', expression)))
