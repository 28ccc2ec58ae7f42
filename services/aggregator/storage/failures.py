"""What a query may raise when the database is away: waited out, and tried again."""

from typing import Final

import asyncpg

DATABASE_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
