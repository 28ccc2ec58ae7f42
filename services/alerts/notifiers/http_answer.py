"""What an HTTP answer or failure means for a delivery; shared by notifiers that post plain HTTP."""

from typing import Final

import httpx

from services.alerts.notifiers.base import NotReached, Refused, Slow, Unknown

DEFAULT_RETRY_AFTER_S: Final = 5.0


async def post(client: httpx.AsyncClient, url: str, content: bytes, headers: dict[str, str]) -> None:
    """POST and judge the answer. Raises: DeliveryError. The URL (often a secret) never appears in a message."""
    try:
        answer = await client.post(url, content=content, headers=headers)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotReached(type(error).__name__) from error
    except httpx.HTTPError as error:
        raise Unknown(type(error).__name__) from error
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused("the channel's URL is not one", "misconfigured") from error
    if answer.status_code == 429:
        raise Slow(_seconds(answer.headers.get("retry-after")))
    if answer.status_code >= 500:
        raise Unknown(f"HTTP {answer.status_code}")
    if not answer.is_success:
        raise Refused(f"HTTP {answer.status_code}", "bad_value")


def _seconds(value: str | None) -> float:
    try:
        return max(1.0, float(value)) if value else DEFAULT_RETRY_AFTER_S
    except ValueError:
        return DEFAULT_RETRY_AFTER_S
