"""The files of this repository."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PASSED_OVER = {".git", ".venv", ".srez", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
BINARY = {".png", ".jpg", ".woff2", ".ico", ".gz"}


def tracked() -> list[Path]:
    """Files under version control; in an unpacked archive, all that are not made by tools."""
    if (ROOT / ".git").exists():
        names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = [ROOT / name for name in names.splitlines()]
    else:
        found = [path for path in ROOT.rglob("*") if not PASSED_OVER & set(path.parts)]
    return [path for path in found if path.is_file()]


def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix not in BINARY]


def python_files(*folders: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]
