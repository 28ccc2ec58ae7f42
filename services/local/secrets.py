"""Secrets of a local installation: made once, kept in ``.srez/secrets.env`` (0600), never printed.

What the environment gives always wins and is not stored. A key that a vendor issues is never invented for a real floor: the
source would look set up and refuse every webhook.
"""

import base64
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.floor import Floor, SourceConfig
from schemas.providers import guides
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


OURS = ("path", "basic")
"""Every provider's: what ingest itself asks for, whatever the vendor signs with."""


def made_up(provider: str, kind: str) -> bool:
    """Is this secret ours to choose (by the provider's guide)? A vendor's key or the address of a CRM is not."""
    guide = guides().get(provider)
    return kind in OURS or any(one.made_up for one in (guide.secrets if guide else ()) if one.name == kind)


def where_found(source: SourceConfig, kind: str) -> str:
    """Where the vendor shows this secret; "" when no guide knows."""
    guide = guides().get(source.provider)
    return next((one.where.en for one in (guide.secrets if guide else ()) if one.name == kind), "")


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

    def ensure(
        self, floor: Floor | None, environment: Mapping[str, str], *, invent: bool = False
    ) -> tuple[dict[str, str], list[str]]:
        """Values for all own secrets and those of the floor's sources that are ours to choose, as far as *environment* does
        not give them. With *invent* (a demo, which is the vendor as well) those that vendors issue, too.

        Returns: the values, and the names that were made just now.
        """
        wanted: dict[str, Callable[[], str]] = dict.fromkeys(OWN, _token)
        for source, kind, names in source_secrets(floor.sources if floor else ()):
            if made_up(source.provider, kind) or (invent and not kind.endswith("url")):
                wanted |= dict.fromkeys(names, SHAPES.get(kind, _token))
        known = read(self.home.secrets_file)
        made = [name for name in wanted if name not in known and not given(name, environment)]
        if made:
            known |= {name: wanted[name]() for name in made}
            text = "".join(f"{name}={value}\n" for name, value in known.items())
            write_whole(self.home.secrets_file, "# Made by srez; keep it to yourself.\n" + text)
        return {name: value for name, value in known.items() if not given(name, environment)}, made


def given(name: str, environment: Mapping[str, str]) -> bool:
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def source_secrets(sources: Iterable[SourceConfig]) -> Iterator[tuple[SourceConfig, str, tuple[str, ...]]]:
    """(source, name of the secret, its environment variables) of every source; several of a secret in rotation."""
    for source in sources:
        for kind, references in source.secrets.items():
            several = references if isinstance(references, tuple) else (references,)
            yield source, kind, tuple(reference.env for reference in several)


def lacking(sources: Iterable[SourceConfig], environment: Mapping[str, str]) -> list[str]:
    """A line for each secret that nobody gave: which source accepts nothing, which variable, where its value is found."""
    return [
        f"source {source.id} accepts nothing: {' or '.join(names)} is not set. {where_found(source, kind)}".rstrip()
        for source, kind, names in source_secrets(sources)
        if not any(given(name, environment) for name in names)
    ]
