"""Secrets by reference: a floor file names environment variables, never values."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.kit.errors import Misconfigured


def read(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The value of variable *name*, else the content of the file that ``<NAME>_FILE`` names.

    Raises: Misconfigured, naming the variable.
    """
    if value := environment.get(name):
        return value
    if file := environment.get(f"{name}_FILE"):
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{name}_FILE cannot be read: {type(error).__name__}") from error
        if value:
            return value
    raise Misconfigured(f"{name} is not set")
