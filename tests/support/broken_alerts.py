"""The service alerts with its look-up broken: what may have arrived is sent again, unmarked. Tests must notice."""

from services.alerts.__main__ import main
from services.alerts.delivery.attempt import Attempt, Result


async def careless(attempt: Attempt) -> Result:
    return await attempt._post(doubtful=False)


if __name__ == "__main__":
    Attempt._look = careless  # type: ignore[method-assign]
    main()
