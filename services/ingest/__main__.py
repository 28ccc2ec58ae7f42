"""``python -m services.ingest``: settings → app → run."""

import asyncio
import sys

import uvloop
from pydantic import ValidationError

from services.ingest.app import Ingest
from services.ingest.settings import IngestSettings
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Misconfigured


async def _serve(settings: IngestSettings, clock: Clock) -> None:
    await Ingest(settings, clock).run()


def main() -> None:
    """Serves until SIGTERM. Ends with code 2 when the settings do not do."""
    try:
        settings = IngestSettings()
        clock = Clock.from_environment()
    except ValidationError as error:
        for problem in error.errors():
            name = "SREZ_" + "_".join(str(part) for part in problem["loc"]).upper()
            print(f"srez ingest: {name}: {problem['msg']}", file=sys.stderr)
        raise SystemExit(2) from None
    except Misconfigured as error:
        print(f"srez ingest: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    logs.configure("ingest", settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, clock))


if __name__ == "__main__":
    main()
