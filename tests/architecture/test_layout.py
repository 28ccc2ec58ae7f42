"""The code keeps the shape that DESIGN and STYLE give it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.local import settings_table
from tests.architecture.sources import ROOT, python_files, texts

ROOMS = ("settings.py", "app.py", "__main__.py", "metrics.py")
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/[\w.]")
URL_OF_INDEX = re.compile(r"(--index-url|--extra-index-url|--find-links|https?://)")


def test_imports_go_one_way() -> None:
    """The contracts in pyproject.toml hold: layers, and a pure core."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", ["ingest", "aggregator", "alerts", "board"])
def test_each_service_has_the_same_rooms(service: str) -> None:
    """Settings, the one composition root, the entry, the metrics."""
    folder = ROOT / "services" / service
    assert [room for room in ROOMS if not (folder / room).is_file()] == []


def test_files_stay_small() -> None:
    """Nine of ten files have at most 250 lines; none more than 450."""
    sizes = {path: len(path.read_text().splitlines()) for path in python_files("schemas", "services")}
    large = {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > 250}
    print(f"{len(sizes)} files, over 250 lines: {large or 'none'}")
    assert len(large) <= len(sizes) / 10
    assert [path for path, size in large.items() if size > 450] == []


def test_functions_stay_small() -> None:
    """Nineteen of twenty functions have at most 40 lines; none more than 80."""
    sizes = {
        f"{path.relative_to(ROOT)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in python_files("schemas", "services")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: size for name, size in sizes.items() if size > 40}
    print(f"{len(sizes)} functions, over 40 lines: {long or 'none'}")
    assert len(long) <= len(sizes) / 20
    assert [name for name, size in long.items() if size > 80] == []


def test_no_path_of_one_machine() -> None:
    """Nothing under version control names a folder of somebody's machine."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in texts()
        if path.name != Path(__file__).name
        for match in MACHINE.finditer(path.read_text(errors="replace"))
    ]
    assert found == []


def test_locks_name_no_index() -> None:
    """The locks hold versions and hashes, no addresses."""
    locks = list((ROOT / "requirements").glob("*.lock"))
    assert len(locks) == 2
    for lock in locks:
        text = lock.read_text()
        assert URL_OF_INDEX.search(text) is None
        pinned = re.findall(r"^[\w.-]+==[^ ]+ \\$", text, re.MULTILINE)
        assert pinned
        assert len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) == len(pinned)


def test_settings_are_documented() -> None:
    """docs/SETTINGS.md is what the settings classes say today."""
    assert (ROOT / "docs" / "SETTINGS.md").read_text() == settings_table.table()


def test_no_variable_is_read_in_secret() -> None:
    """Every SREZ_ variable that the code mentions stands in docs/SETTINGS.md."""
    mentioned = {
        name for path in python_files("services") for name in re.findall(r"\bSREZ_[A-Z_]*[A-Z]\b", path.read_text())
    }
    assert mentioned - settings_table.names() == set()
