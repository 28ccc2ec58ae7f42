"""RetailCRM's side: ``GET /api/v5/orders/history`` after an id, at most ten requests a second (the vendor's limit)."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from services.ingest.forward.retailcrm.patience import Later, send
from services.kit.errors import Misconfigured

LIMIT: Final = 100
"""Entries of a page: the largest the API gives."""
GAP_S: Final = 0.1
_PATH: Final = "/api/v5/orders/history"


@dataclass(frozen=True, slots=True)
class Page:
    """``body`` as it came; ``last``: the greatest id of an entry, 0 when there is none; ``pages``: in all."""

    body: bytes
    entries: tuple[Any, ...]
    last: int
    pages: int = 1


class History:
    def __init__(
        self, client: httpx.Client, address: str, api_key: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client, self._url, self._key, self._sleep = client, address.rstrip("/") + _PATH, api_key, sleep
        self._free_at = 0.0

    def after(self, since: int) -> Page:
        """Raises: Later, Misconfigured."""
        return self._page({"filter[sinceId]": since})

    def newest(self) -> int:
        """Id of the newest entry; 0 of an account without any. Raises: Later, Misconfigured."""
        first = self._page({})
        return max(first.last, self._page({"page": first.pages}).last) if first.pages > 1 else first.last

    def _page(self, query: Mapping[str, int]) -> Page:
        wait = self._free_at - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._free_at = time.monotonic() + GAP_S
        request = self._client.build_request(
            "GET", self._url, params={**query, "limit": LIMIT}, headers={"X-API-KEY": self._key}
        )
        response = send(self._client, request, "RetailCRM")
        try:
            told = json.loads(response.content)
        except ValueError:
            told = None
        if response.status_code != 200 or not isinstance(told, dict) or told.get("success") is False:
            raise _refusal(response, told if isinstance(told, dict) else {})
        history = told.get("history")
        if not isinstance(history, list):
            raise Later("RetailCRM answers without a history")
        pages = told["pagination"].get("totalPageCount") if isinstance(told.get("pagination"), dict) else 1
        last = max((found for entry in history if (found := id_of(entry)) is not None), default=0)
        return Page(response.content, tuple(history), last, pages if isinstance(pages, int) else 1)


def id_of(entry: Any) -> int | None:
    found = entry.get("id") if isinstance(entry, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _refusal(response: httpx.Response, told: Mapping[str, Any]) -> Misconfigured:
    said = f" ({str(told['errorMsg'])[:200]})" if told.get("errorMsg") else ""
    status = response.status_code
    if status in (401, 403):
        return Misconfigured(
            f"RetailCRM refuses the key{said}: secrets.api_key must be an active API key that may read orders"
        )
    if 300 <= status < 400:
        return Misconfigured("RetailCRM answers with a redirect: put the address it leads to into secrets.rest_url")
    if status == 404 or not told:
        return Misconfigured(
            f"there is no RetailCRM API at secrets.rest_url (answer {status}): "
            "it is the address of the account, such as https://example.retailcrm.ru"
        )
    return Misconfigured(f"RetailCRM does not accept the question (answer {status}){said}")
