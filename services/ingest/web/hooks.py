"""``/hooks/{source}[/{rest}]``: authenticate, journal, answer. Raw ASGI: this is the hot path.

A request: known source → allowed method → body within bounds and time → challenge or signature over the raw bytes →
rate → redact → journal (or overflow) → the provider's success. What a body *says* is not looked at here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from services.ingest.metrics import UNKNOWN, Metrics
from services.ingest.providers.base import Request, Unauthorized
from services.ingest.storage.entry import Entry, entry
from services.ingest.web import body as bodies
from services.ingest.web.answer import CODES, Answer, of_outcome, of_reply
from services.ingest.web.gate import Gate
from services.kit.clock import Clock
from services.kit.errors import Unavailable

PREFIX = "/hooks/"
Keep = Callable[[Entry], Awaitable[str]]
"""Makes an entry durable; returns the outcome (accepted, overflowed); raises Unavailable."""

ANSWERS = {outcome: of_outcome(outcome) for outcome in CODES}


class Limits(NamedTuple):
    concurrent: int = 2000
    deadline_s: float = 3.0


class Result(NamedTuple):
    outcome: str
    answer: Answer


class Hooks:
    """The endpoint. ``gates`` is replaced as a whole when the floor changes; None until a floor is known."""

    def __init__(self, keep: Keep, clock: Clock, metrics: Metrics, limits: Limits) -> None:
        self.gates: Mapping[str, Gate] | None = None
        self._keep, self._clock, self._metrics, self._limits = keep, clock, metrics, limits
        self._active = 0
        self.seen = 0
        """Requests to known sources so far."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        source, _, rest = scope["path"][len(PREFIX) :].partition("/")
        gate = self.gates.get(source) if self.gates is not None else None
        if gate is None:
            known = self.gates is not None
            if known:
                self._metrics.webhooks.labels(UNKNOWN, "unknown_source").inc()
            await ANSWERS["unknown_source" if known else "unavailable"].send(send)
            return
        result = await self._bounded(gate, scope, rest, receive)
        self.seen += 1
        gate.count(result.outcome)
        if result.outcome != "disconnected":
            await result.answer.send(send)

    async def _bounded(self, gate: Gate, scope: Any, rest: str, receive: Any) -> Result:
        if self._active >= self._limits.concurrent:
            return Result("busy", ANSWERS["busy"])
        self._active += 1
        request: Request | None = None
        try:
            async with asyncio.timeout(self._limits.deadline_s):
                early = gate.refuse(scope["method"])
                if early is not None:
                    return Result(early, gate.method if early == "method" else ANSWERS[early])
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
                raw = await bodies.read(receive, headers)
                request = Request(
                    scope["method"],
                    rest.strip("/"),
                    scope["query_string"].decode("latin-1"),
                    headers,
                    raw,
                    self._clock.now(),
                    gate.url(scope, headers) if gate.needs_url else "",
                )
                return await self._accept(gate, request)
        except TimeoutError:
            outcome = "slow" if request is None else "unavailable"
        except bodies.TooLarge:
            outcome = "too_large"
        except bodies.Disconnected:
            outcome = "disconnected"
        except Unavailable:
            outcome = "unavailable"
        finally:
            self._active -= 1
        return Result(outcome, ANSWERS.get(outcome, ANSWERS["unavailable"]))

    async def _accept(self, gate: Gate, request: Request) -> Result:
        raw = request.body
        try:
            challenge = gate.challenge(request)
            if challenge is not None:
                return Result("challenge", of_reply(challenge))
            if request.method not in gate.methods:
                return Result("method", gate.method)
            request = self._authentic(gate, request)
        except Unauthorized as error:
            gate.tell_refusal(error, time.monotonic())
            return Result("unauthorized", gate.unauthorized)
        seconds = gate.bucket.wait(time.monotonic())
        if seconds > 0:
            return Result("rate", of_outcome("rate", ("Retry-After", str(max(1, ceil(seconds))))))
        outcome = await self._keep(entry(gate.id, gate.redact(request), raw))
        return Result(outcome, gate.success)

    def _authentic(self, gate: Gate, request: Request) -> Request:
        """The verified request with its content encoding undone, if it can be.

        A signature may cover the bytes as sent or as inflated: senders and proxies differ, both are raw bytes.
        Raises: Unauthorized, TooLarge.
        """
        now = (request.received_at,) if self._clock.start is None else (request.received_at, self._clock.real())
        encoding = request.headers.get("content-encoding")
        if encoding is None:
            gate.verify(request, now)
            return request
        plain = bodies.inflated(request.body, encoding)
        if plain is None:
            gate.verify(request, now)
            return request
        headers = {name: value for name, value in request.headers.items() if name != "content-encoding"}
        opened = replace(request, body=plain, headers=headers)
        try:
            gate.verify(request, now)
        except Unauthorized:
            gate.verify(opened, now)
        return opened
