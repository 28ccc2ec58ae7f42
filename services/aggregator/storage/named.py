"""Rows of asyncpg as the rules read them."""

from typing import Any

import asyncpg


class Named(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        return self[name]
