"""Where the stores are: by environment, else those of the running ``srez up``."""

import os

from services.kit.errors import Misconfigured


def postgres_dsn() -> str:
    """Raises: Misconfigured."""
    if dsn := os.environ.get("SREZ_POSTGRES_DSN"):
        return dsn
    raise Misconfigured("no database: start `srez up` here, or set SREZ_POSTGRES_DSN")
