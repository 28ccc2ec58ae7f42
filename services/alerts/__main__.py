"""``python -m services.alerts``: settings → app → run."""

import asyncio
import sys

from services.alerts import app
from services.alerts.settings import AlertsSettings
from services.kit import logs
from services.kit.errors import Misconfigured


def main() -> None:
    settings = AlertsSettings()
    logs.configure("alerts", settings.log_format, settings.log_level)
    try:
        asyncio.run(app.run(settings))
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
