"""Looks at stored days again and again, each look followed by a rest: they must not load the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from services.aggregator.storage.failures import DATABASE_ERRORS
from services.kit import logs

REST: Final = 20.0
"""A look that took t is followed by a rest of at least 20 t."""


async def again_and_again(look: Callable[[], Awaitable[object]], every_s: float, cannot: str) -> None:
    """For ever.

    Args:
        every_s: the shortest rest. cannot: what the log says when the database fails a look; the next one tries again.
    """
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await look()
        except DATABASE_ERRORS as error:
            logs.get().warning(cannot, error=repr(error)[:300])
        await asyncio.sleep(max(every_s, REST * (loop.time() - began)))
