"""``python -m services.aggregator``: settings → app → run."""

import asyncio
import os
import sys

import uvloop

from services.aggregator import app
from services.aggregator.settings import AggregatorSettings
from services.kit import logs
from services.kit.errors import Misconfigured


def main() -> None:
    settings = AggregatorSettings()
    logs.configure("aggregator", settings.log_format, settings.log_level)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        asyncio.run(app.run(settings))
    except Misconfigured as error:
        sys.exit(str(error))
    # Faust leaves threads behind that wait for brokers; everything of ours is committed or closed.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
