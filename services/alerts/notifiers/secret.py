"""Secrets by reference: a floor file names environment variables, never values."""

import os
from collections.abc import Mapping
from pathlib import Path

from schemas.floor.model import EnvRef
from services.kit.errors import Misconfigured


def read(reference: EnvRef, environment: Mapping[str, str] = os.environ) -> str:
    """The value of ``NAME``, else the content of the file that ``NAME_FILE`` names. Raises: Misconfigured."""
    if value := environment.get(reference.env):
        return value
    if file := environment.get(f"{reference.env}_FILE"):
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{reference.env}_FILE cannot be read: {type(error).__name__}") from error
        if value:
            return value
    raise Misconfigured(f"{reference.env} is not set")
