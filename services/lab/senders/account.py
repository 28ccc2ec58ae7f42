"""One source as its provider sees it: where to post and with which secrets."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlencode

from schemas.floor import SourceConfig
from services.kit.errors import Misconfigured

READING_BACK = ("rest_url", "access_token")
"""Secrets that ask a provider for more: nothing is sent with them, so a feed does without."""
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. ``path`` is what follows the host; ``what`` names the provider's event, for the ledger.

    ``sign``: Unix seconds → headers with a signature of that time. A request that waits for its turn, or is repeated, is
    signed when it is sent, by the machine's time: senders outside know nothing of a virtual clock.
    """

    what: str
    path: str
    body: bytes
    always: Mapping[str, str] = field(default_factory=dict)
    sign: Callable[[float], Mapping[str, str]] | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """As they are sent at this moment."""
        return {**self.always, **self.sign(time.time())} if self.sign else self.always


@dataclass(frozen=True, slots=True)
class Account:
    """``secrets``: name → value, as the floor file names them. ``base_url``: of ingest, without a slash at the end."""

    source: SourceConfig
    secrets: Mapping[str, str]
    base_url: str

    @property
    def id(self) -> str:
        return self.source.id

    def post(self, what: str, body: bytes, content_type: str, rest: str = "", query: str = "") -> Outgoing:
        """A request to this source; the secret in the path and Basic credentials are added where configured."""
        parts = [f"/hooks/{quote(self.id)}", *([rest] if rest else [])]
        headers = {"content-type": content_type}
        if path := self.secrets.get("path"):
            parts.append(quote(path, safe=""))
        if basic := self.secrets.get("basic"):
            headers["authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
        return Outgoing(what, "/".join(parts) + (f"?{query}" if query else ""), body, headers)

    def form(self, what: str, fields: Mapping[str, str], rest: str = "") -> Outgoing:
        return self.post(what, urlencode(fields).encode(), FORM, rest)

    def with_headers(self, request: Outgoing, headers: Mapping[str, str]) -> Outgoing:
        return replace(request, always={**request.always, **headers})


def accounts(sources: Mapping[str, SourceConfig], environment: Mapping[str, str], base_url: str) -> dict[str, Account]:
    """Accounts of *sources*; secrets come from *environment* (``NAME`` or a file named by ``NAME_FILE``).

    Raises: Misconfigured, naming every variable that is missing.
    """
    found, missing = {}, []
    for source in sources.values():
        values = {}
        for name, reference in source.secrets.items():
            newest = reference[0] if isinstance(reference, tuple) else reference
            value = _secret(environment, newest.env)
            if value is None and name not in READING_BACK:
                missing.append(f"{newest.env} ({source.id}, {name})")
            elif value is not None:
                values[name] = value
        found[source.id] = Account(source, values, base_url.rstrip("/"))
    if missing:
        raise Misconfigured("set these variables, they are what the sources sign with: " + ", ".join(missing))
    return found


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    if value := environment.get(name):
        return value
    path = environment.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path and os.path.exists(path) else None


def phone_number(customer: str | None) -> str:
    """A Russian mobile number for a customer's hash: always the same one, and nobody's in particular."""
    digest = hashlib.sha256((customer or "").encode()).digest()
    return f"79{int.from_bytes(digest[:6], 'big') % 10**9:09d}"
