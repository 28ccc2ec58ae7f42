"""Where nothing may be skipped, a skip fails; but not one for material that is no part of the repository."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.running import ROOT

STORY = """
import pytest
def test_lacking(): pytest.skip("no Java here")
def test_beside(): pytest.skip("no floor beside this checkout")
"""


def outcome(folder: Path, **environment: str) -> str:
    (folder / "test_story.py").write_text(STORY)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.support.reporting",
        "-p",
        "no:cacheprovider",
        "test_story.py",
    ]
    clean = {key: value for key, value in os.environ.items() if key != "SREZ_CI"}
    known = {**clean, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(words, cwd=folder, env=known, capture_output=True, text=True, check=False).stdout


def test_a_skip_tells_its_reason(tmp_path: Path) -> None:
    """Each skipped test stands in the summary with its reason."""
    said = outcome(tmp_path)
    assert "2 skipped" in said
    assert "test_story.py::test_lacking: Skipped: no Java here" in said


def test_a_skip_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    """With SREZ_CI=1 a missing program is a failure; missing outside material is not."""
    said = outcome(tmp_path, SREZ_CI="1")
    assert "1 failed, 1 skipped" in said
    assert "was skipped where nothing may be skipped" in said
