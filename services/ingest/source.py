"""The sources of a floor, each with its provider and secrets: what a webhook or a journal row is read with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.floor import Floor, SourceConfig
from services.ingest import secret
from services.ingest.customer import Hasher, nobody
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Provider, Secrets, Source


@dataclass(frozen=True, slots=True)
class Lack:
    """``names``: variables that are not set, secrets that the floor file does not give, or the provider nobody knows."""

    word: Literal["unknown_provider", "not_set", "not_given", "none_given"]
    names: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Configured:
    """One source. ``lack`` says why it cannot accept anything (then requests are answered 503), or is None."""

    source: Source
    provider: Provider | None
    secrets: Secrets
    lack: Lack | None = None

    @property
    def problem(self) -> str | None:
        return self.lack.said if self.lack else None


def configure(
    floor: Floor, customer: Hasher = nobody, environment: Mapping[str, str] = os.environ
) -> dict[str, Configured]:
    """All sources of *floor* by id."""
    return {config.id: _one(floor, config, customer, environment) for config in floor.sources}


def _one(floor: Floor, config: SourceConfig, customer: Hasher, environment: Mapping[str, str]) -> Configured:
    source = Source(
        config,
        timezone=config.timezone or floor.timezone,
        currency=config.currency or floor.currency,
        customer=customer,
    )
    provider = PROVIDERS.get(config.provider)
    secrets, missing = secret.resolve(config, environment)
    return Configured(source, provider, secrets, _lack(config, provider, secrets, missing))


def _lack(config: SourceConfig, provider: Provider | None, secrets: Secrets, missing: tuple[str, ...]) -> Lack | None:
    if provider is None:
        known = ", ".join(sorted(PROVIDERS))
        return Lack(
            "unknown_provider", (config.provider,), f"provider {config.provider!r} is not known; known are {known}"
        )
    if missing:
        named = ", ".join(f"{name} (or {name}_FILE)" for name in missing)
        return Lack("not_set", missing, f"secret is not set: {named}")
    if lacking := tuple(name for name in provider.required_secrets if name not in secrets):
        said = f"the floor file gives no secret {', '.join(lacking)}, which {provider.name} needs"
        return Lack("not_given", lacking, said)
    if not secrets:
        return Lack("none_given", (), "the floor file gives no secret at all; without one nothing is accepted")
    return None
