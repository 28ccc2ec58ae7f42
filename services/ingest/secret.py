"""Secrets by reference: a floor file names environment variables, never values."""

import os
from collections.abc import Mapping
from pathlib import Path

from schemas.floor.model import EnvRef, SourceConfig
from services.ingest.providers.base import Secrets


def resolve(config: SourceConfig, environment: Mapping[str, str] = os.environ) -> tuple[Secrets, tuple[str, ...]]:
    """(name → values, environment variables that are named but not set).

    Of a secret in rotation one value is enough.
    """
    found: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    for name, reference in config.secrets.items():
        references = reference if isinstance(reference, tuple) else (reference,)
        values = tuple(value for ref in references if (value := read(ref, environment)))
        if values:
            found[name] = values
        else:
            missing += [ref.env for ref in references]
    return found, tuple(missing)


def read(reference: EnvRef, environment: Mapping[str, str] = os.environ) -> str | None:
    """The value of ``NAME``, else the content of the file that ``NAME_FILE`` names, else None."""
    if value := environment.get(reference.env):
        return value
    if file := environment.get(f"{reference.env}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None
    return None
