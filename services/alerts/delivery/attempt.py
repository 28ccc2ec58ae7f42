"""One attempt to deliver one claimed row: post, update, or look up what became of an earlier attempt.

Nothing is sent unless the lease outlasts the request, so that a process that slept does not send behind another's back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.alerts.notifiers.base import Gone, Notifier, Reference, Sent
from services.alerts.storage.outbox import Claimed, Shown
from services.alerts.wording.content import Content
from services.kit.errors import Unavailable

Outcome = Literal["sent", "updated", "found", "duplicate", "superseded"]


class LeaseTooShort(Unavailable):
    """The process slept; the row belongs to whoever claims it next."""


@dataclass(frozen=True, slots=True)
class Result:
    """``sent`` is None when nothing had to be sent."""

    outcome: Outcome
    sent: Sent | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything one attempt needs. ``shown``: the living message; ``thread``: ts of the parent message."""

    row: Claimed
    content: Content
    shown: Shown | None
    thread: str | None
    notifier: Notifier
    timeout_s: float
    real: Callable[[], datetime]
    possible_duplicate: str
    """The words that mark a message that may have been sent before."""

    async def run(self) -> Result:
        """Raises: DeliveryError, LeaseTooShort."""
        row, shown, ability = self.row, self.shown, self.notifier.ability
        if shown is not None and row.transition <= shown.transition:
            return Result("superseded", None)
        if not ability.edits:
            if shown is not None and not ability.every_state and not self.content.final:
                return Result("superseded", None)
            below = shown.ts if shown is not None and ability.follows else None
            return await self._post(doubtful=row.ambiguous and not ability.repeats, below=below)
        if shown is not None:
            return await self._update(shown.ts)
        if row.ambiguous and ability.finds:
            return await self._look()
        return await self._post(doubtful=row.ambiguous)

    async def _look(self) -> Result:
        self._guard()
        since = self.row.created_at - timedelta(hours=24)
        found = await self.notifier.find(self.row.target, self.row.group_key, since, self.thread)
        if found is None:
            return await self._post(doubtful=True)
        if found.transition >= self.row.transition:
            return Result("found", found)
        return await self._update(found.ts)

    async def _update(self, ts: str) -> Result:
        self._guard()
        try:
            sent = await self.notifier.update(self.row.target, ts, self.content, self._reference())
        except Gone:
            return await self._post(doubtful=False)
        return Result("updated", sent)

    async def _post(self, *, doubtful: bool, below: str | None = None) -> Result:
        self._guard()
        content = self.content
        if doubtful:
            content = replace(content, title=f"{content.title} {self.possible_duplicate}")
        sent = await self.notifier.post(self.row.target, content, self._reference(), self.thread or below)
        return Result("duplicate" if doubtful else "sent", sent)

    def _reference(self) -> Reference:
        return Reference(self.row.group_key, self.row.transition)

    def _guard(self) -> None:
        if self.real() + timedelta(seconds=self.timeout_s) > self.row.lease_until:
            raise LeaseTooShort("too little of the lease is left to send")
