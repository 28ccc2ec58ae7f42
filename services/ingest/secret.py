"""The secrets of a source, as its provider checks them."""

import os
from collections.abc import Mapping

from schemas.floor.model import SourceConfig
from services.ingest.providers.base import Secrets
from services.kit.errors import Misconfigured
from services.kit.secret import read


def resolve(config: SourceConfig, environment: Mapping[str, str] = os.environ) -> tuple[Secrets, tuple[str, ...]]:
    """(name → values, environment variables that are named but not set).

    Of a secret in rotation one value is enough.
    """
    found: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    for name, reference in config.secrets.items():
        references = reference if isinstance(reference, tuple) else (reference,)
        values = []
        for ref in references:
            try:
                values.append(read(ref.env, environment))
            except Misconfigured:
                continue
        if values:
            found[name] = tuple(values)
        else:
            missing += [ref.env for ref in references]
    return found, tuple(missing)
