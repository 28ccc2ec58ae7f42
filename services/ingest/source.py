"""The sources of a floor, each with its provider and secrets: what a webhook or a journal row is read with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.floor import Floor, SourceConfig
from services.ingest import secret
from services.ingest.customer import Hasher, nobody
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Provider, Secrets, Source


@dataclass(frozen=True, slots=True)
class Configured:
    """One source. ``problem`` says why it cannot accept anything (then requests are answered 503), or is None."""

    source: Source
    provider: Provider | None
    secrets: Secrets
    problem: str | None = None


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
    return Configured(source, provider, secrets, _problem(config, provider, secrets, missing))


def _problem(config: SourceConfig, provider: Provider | None, secrets: Secrets, missing: tuple[str, ...]) -> str | None:
    if provider is None:
        return f"provider {config.provider!r} is not known; known are {', '.join(sorted(PROVIDERS))}"
    if missing:
        return f"secret is not set: {', '.join(f'{name} (or {name}_FILE)' for name in missing)}"
    lacking = [name for name in provider.required_secrets if name not in secrets]
    if lacking:
        return f"the floor file gives no secret {', '.join(lacking)}, which {provider.name} needs"
    if not secrets:
        return "the floor file gives no secret at all; without one nothing is accepted"
    return None
