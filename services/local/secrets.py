"""Secrets of a local installation: made once, kept in ``.srez/secrets.env`` (0600), never printed.

What the environment gives always wins and is not stored.
"""

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.floor import Floor
from services.local.home import Home, write_whole

OWN = ("SREZ_CUSTOMER_KEY",)


def _token() -> str:
    return secrets.token_hex(24)


def _signing() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _basic() -> str:
    return f"srez:{_token()}"


SHAPES: Mapping[str, Callable[[], str]] = {"signing": _signing, "basic": _basic}
"""Secrets that are more than a random word, by their name in ``sources[].secrets``."""


def makeable(name: str) -> bool:
    """Is the secret *name* ours to choose? An address of the customer's CRM is not."""
    return not name.endswith("url")


def read(file: Path) -> dict[str, str]:
    """Name → value; {} when there is no such file."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class LocalSecrets:
    home: Home

    def ensure(self, floor: Floor | None, environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """Values for all own secrets and the floor's sources, as far as *environment* does not give them.

        Returns: the values, and the names that were made just now.
        """
        wanted: dict[str, Callable[[], str]] = dict.fromkeys(OWN, _token)
        wanted |= {name: SHAPES.get(kind, _token) for name, kind in source_secrets(floor) if makeable(kind)}
        known = read(self.home.secrets_file)
        made = [name for name in wanted if name not in known and not given(name, environment)]
        if made:
            known |= {name: wanted[name]() for name in made}
            text = "".join(f"{name}={value}\n" for name, value in known.items())
            write_whole(self.home.secrets_file, "# Made by srez; keep it to yourself.\n" + text)
        return {name: value for name, value in known.items() if not given(name, environment)}, made


def given(name: str, environment: Mapping[str, str]) -> bool:
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def source_secrets(floor: Floor | None) -> list[tuple[str, str]]:
    """(environment variable, name of the secret) of every source."""
    return [
        (reference.env, kind)
        for source in (floor.sources if floor else ())
        for kind, references in source.secrets.items()
        for reference in (references if isinstance(references, tuple) else (references,))
    ]
