"""One source as the endpoint sees it: everything that can be prepared before a request comes is prepared here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.ingest.metrics import Metrics
from services.ingest.providers import credentials
from services.ingest.providers.base import Reply, Request, Unauthorized, no_challenge
from services.ingest.refusals import Refusals
from services.ingest.source import Configured
from services.ingest.web.answer import of_outcome, of_reply
from services.ingest.web.rate import Bucket
from services.kit import logs

TELL_EVERY_S = 10.0


class Gate:
    """``bucket`` of a source survives a new floor version as long as its rate stays; *speed* is the clock's rate."""

    def __init__(
        self,
        configured: Configured,
        metrics: Metrics,
        former: "Gate | None" = None,
        speed: float = 1.0,
        refusals: Refusals | None = None,
    ) -> None:
        self._refusals = refusals
        self._configured = configured
        self.source, provider = configured.source, configured.provider
        self.id = self.source.id
        config = self.source.config
        same_rate = former is not None and former.source.config.rate_per_s == config.rate_per_s
        self.bucket: Bucket = former.bucket if former is not None and same_rate else Bucket(config.rate_per_s * speed)
        self.problem = configured.problem
        self.methods: tuple[str, ...] = provider.methods if provider else ("POST",)
        self._challenges = provider is not None and provider.challenge is not no_challenge
        self._also_credentials = credentials.PATH in configured.secrets or credentials.BASIC in configured.secrets
        self.needs_url = provider is not None and (provider.signs == "url" or self._challenges)
        self.success = of_reply(provider.reply if provider else Reply())
        self.method = of_outcome("method", ("Allow", ", ".join((*self.methods, "OPTIONS"))))
        realm = (("WWW-Authenticate", 'Basic realm="srez"'),) if "basic" in config.secrets else ()
        self.unauthorized = of_outcome("unauthorized", *realm)
        metrics.know(self.id)
        self._counters: dict[str, Callable[[], None]] = {}
        self._metrics = metrics
        self._tell_after, self._refused = 0.0, 0

    def count(self, outcome: str) -> None:
        counter = self._counters.get(outcome)
        if counter is None:
            counter = self._counters[outcome] = self._metrics.webhooks.labels(self.id, outcome).inc
        counter()
        if self._refusals is not None and outcome != "unauthorized":
            self._refusals.add(self.id, outcome, why=(self.problem or "") if outcome == "misconfigured" else "")

    def tell_refusal(self, error: Unauthorized, at: float) -> None:
        """Counts a refusal and logs it, at most one in TELL_EVERY_S: strangers shall not fill the log."""
        self._refused += 1
        if self._refusals is not None:
            self._refusals.add(self.id, "unauthorized", error.reason, str(error))
        if at >= self._tell_after:
            logs.get().warning(
                "webhook refused", source=self.id, reason=error.reason, why=str(error)[:200], refused=self._refused
            )
            self._tell_after, self._refused = at + TELL_EVERY_S, 0

    def refuse(self, method: str) -> str | None:
        """What can be said before the body is read: an outcome, or None."""
        if method not in self.methods and not self._challenges:
            return "method"
        if method not in (*self.methods, "GET", "OPTIONS"):
            return "method"
        return "misconfigured" if self.problem else None

    def challenge(self, request: Request) -> Reply | None:
        """Raises: Unauthorized."""
        if not self._challenges or self._configured.provider is None:
            return None
        try:
            return self._configured.provider.challenge(request, self.source, self._configured.secrets)
        except Unauthorized:
            raise
        except Exception as error:  # as in verify
            raise Unauthorized(f"the challenge failed: {type(error).__name__}", "bad_signature") from error

    def verify(self, request: Request, now: tuple[datetime, ...]) -> None:
        """The provider's own check, and whatever path or Basic secret the source configures on top of it.

        Raises: Unauthorized.
        """
        configured = self._configured
        if configured.provider is None:
            return
        try:
            configured.provider.verify(request, self.source, configured.secrets, now)
            if self._also_credentials:
                credentials.verify_configured(request, configured.secrets)
        except Unauthorized:
            raise
        except Exception as error:  # outermost guard of foreign input: a check that breaks refuses, never a 5xx
            raise Unauthorized(f"the check failed: {type(error).__name__}", "bad_signature") from error

    def redact(self, request: Request) -> Request:
        """Without the path secret and the provider's token fields."""
        configured = self._configured
        if configured.provider is None:
            return request
        if credentials.PATH in configured.secrets:
            request = credentials.without_path_secret(request, configured.secrets)
        try:
            return configured.provider.redact(request)
        except Exception:  # a body its own provider cannot take apart: losing it would be worse than keeping it whole
            logs.get().exception("redacting failed", source=self.id)
            return request

    def url(self, scope: Mapping[str, Any], headers: Mapping[str, str]) -> str:
        """The URL the sender used: ``public_url`` (this source's, as the sender has it) or as the request shows it."""
        raw = (scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).decode("latin-1")
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        public = self.source.config.public_url
        if public is None:
            return f"{scope.get('scheme', 'http')}://{headers.get('host', '')}{raw}{query}"
        rest = raw.split("/", 3)[3] if raw.count("/") >= 3 else ""
        base = public.partition("?")[0]
        return f"{base.rstrip('/')}/{rest}{query}" if rest else f"{base}{query}"
