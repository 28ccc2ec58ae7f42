"""Posts what the spool holds to ingest, one after another, until each is accepted."""

import asyncio
import base64
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from services.ingest.forward.asterisk.patience import Away, patient
from services.ingest.forward.asterisk.spool import Spool
from services.ingest.providers.base import Secrets
from services.kit import logs
from services.kit.errors import Misconfigured

TIMEOUT_S: Final = 15.0
MENDS: Final = {
    401: "ingest refuses the secret: the floor file given here and the one in force there (or their variables) differ",
    404: "ingest knows no such source: apply the floor file there (srez floor apply)",
    405: "ingest does not take posts for this source: is its provider asterisk there?",
    503: "ingest cannot keep it now, or its source lacks a secret (see its /readyz)",
}
TOO_LARGE: Final = 413


@dataclass(frozen=True, slots=True)
class Target:
    """``url`` holds the path secret: it is neither logged nor shown."""

    url: URL
    headers: dict[str, str] = field(default_factory=dict)


def target(base: str, source: str, secrets: Secrets) -> Target:
    """Where and as whom to post; of a secret in rotation the first value. Raises: Misconfigured."""
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(f"--ingest {base!r} is no address such as https://srez.example or http://127.0.0.1:8080")
    if not secrets.get("path") and not secrets.get("basic"):
        raise Misconfigured(f"source {source!r} has neither secrets.path nor secrets.basic in the floor file: give one")
    path = f"{base.rstrip('/')}/hooks/{quote(source, safe='')}"
    headers = {"content-type": "application/json"}
    if secrets.get("path"):
        path += "/" + quote(secrets["path"][0], safe="")
    if secrets.get("basic"):
        headers["authorization"] = "Basic " + base64.b64encode(secrets["basic"][0].encode()).decode()
    return Target(URL(path, encoded=True), headers)


class Poster:
    def __init__(self, spool: Spool, to: Target, longest_wait_s: float = 30.0) -> None:
        self._spool, self._to, self._longest_s = spool, to, longest_wait_s
        self._something = asyncio.Event()
        self.posted = 0

    def wake(self) -> None:
        """There is something in the spool."""
        self._something.set()

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            while True:
                self._something.clear()
                found = self._spool.first()
                if found is None:
                    await self._something.wait()
                    continue
                id_, body = found
                async for attempt in patient("posting to ingest", self._longest_s):
                    with attempt:
                        await self._post(client, body)
                async for attempt in patient("the spool", self._longest_s):
                    with attempt:
                        self._spool.done(id_)
                self.posted += 1

    async def _post(self, client: aiohttp.ClientSession, body: bytes) -> None:
        """Raises: Away unless it is accepted."""
        try:
            async with client.post(self._to.url, data=body, headers=self._to.headers, allow_redirects=False) as answer:
                await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Away(f"ingest does not answer: {type(error).__name__}") from error
        if 200 <= answer.status < 300:
            return
        if answer.status == TOO_LARGE:
            logs.get().error("an event is too large for ingest and is dropped", bytes=len(body))
            return
        raise Away(MENDS.get(answer.status, f"ingest answers {answer.status}"), _retry_after_s(answer))


def _retry_after_s(answer: aiohttp.ClientResponse) -> float:
    try:
        return max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
