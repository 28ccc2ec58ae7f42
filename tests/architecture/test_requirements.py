"""The locks hold what pyproject.toml asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

PINNED = re.compile(r"^([\w.-]+)==([^ ;]+)", re.MULTILINE)


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize(("lock", "extras"), [("production", ()), ("dev", ("local", "dev"))])
def test_the_lock_fits(lock: str, extras: tuple[str, ...]) -> None:
    """Every requirement is pinned to a version it allows; `make lock` when not."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    pins = {canonicalize_name(name): version for name, version in PINNED.findall(text)}
    missing = [
        str(requirement)
        for requirement in wanted(*extras)
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]
    assert missing == []


def test_production_goes_without_the_local_and_dev_packages() -> None:
    """Neither the embedded servers nor test tools reach the production lock."""
    pins = {canonicalize_name(name) for name, _ in PINNED.findall((ROOT / "requirements/production.lock").read_text())}
    own = {canonicalize_name(requirement.name) for requirement in wanted()}
    strangers = {canonicalize_name(requirement.name) for requirement in wanted("local", "dev")} - own
    assert pins & strangers == set()
