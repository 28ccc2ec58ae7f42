"""The floor file's JSON Schema: up to date, and telling the same as the loader where it can."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from schemas.floor import load
from schemas.floor.schema import FILE, schema, text

EXAMPLE = Path(__file__).parents[2] / "deploy" / "floor.example.yaml"


def _example() -> dict[str, Any]:
    plain = YAML(typ="safe", pure=True).load(EXAMPLE.read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(json.dumps(plain, default=lambda value: value.isoformat()))
    return found


def test_the_schema_file_is_up_to_date() -> None:
    """When it is not: python -m schemas.floor"""
    assert FILE.read_text(encoding="utf-8") == text()


def test_the_example_loads_and_fits_its_schema() -> None:
    """The product's own floor file is good for the loader and for an editor."""
    floor = load(str(EXAMPLE))
    assert len(floor.agents) == 18
    assert {team.id for team in floor.teams} == {"hunters", "farmers"}
    assert jsonschema_rs.is_valid(schema(), _example())


def test_the_example_names_its_schema() -> None:
    """Editors find the schema by the file's first line, as a path beside it."""
    first = EXAMPLE.read_text(encoding="utf-8").splitlines()[0]
    _, _, path = first.partition("$schema=")
    assert (EXAMPLE.parent / path).resolve() == FILE.resolve()


@pytest.mark.parametrize(
    "change",
    [
        {"slicez": []},
        {"slices": ["11h"]},
        {"day": {"breaks": ["13:00"]}},
        {"agents": [{"id": "a"}]},
        {"norms": [{"for": {"team": "hunters"}, "per_day": {"coffees": 3}}]},
        {"notify": {"channels": [{"id": "x", "kind": "pigeon"}]}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, Any]) -> None:
    """Unknown keys, times that are none, missing keys, unknown steps and kinds."""
    assert not jsonschema_rs.is_valid(schema(), {**_example(), **change})


def test_dates_are_plain() -> None:
    """A date is written as YAML writes it, unquoted."""
    changed = _example()
    changed["agents"][0]["since"] = date(2026, 11, 2).isoformat()
    assert jsonschema_rs.is_valid(schema(), changed)
