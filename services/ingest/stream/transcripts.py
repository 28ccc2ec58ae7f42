"""Reads transcripts by the quality card in force, once each; one that is told anew, by the card it was read with before."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from schemas.facts import CallTranscribed
from schemas.floor import Floor
from schemas.floor.quality import Form
from services.ingest.storage import readings
from services.ingest.storage.journal import DATABASE_ERRORS
from services.ingest.storage.readings import Transcript
from services.kit import logs
from services.kit.clock import Clock
from services.rules.quality.forms import form_for, known_forms
from services.rules.quality.reading import Reading, read

BATCH: Final = 10


class Transcripts:
    """*floors*: every version of the floor, oldest first."""

    def __init__(self, pool: Any, floors: Callable[[], Sequence[Floor]], clock: Clock) -> None:
        self._pool, self._floors, self._clock = pool, floors, clock

    async def run(self, poll_s: float) -> None:
        while True:
            try:
                done = await self.once()
            except DATABASE_ERRORS as error:
                logs.get().warning("transcripts wait", error=type(error).__name__)
                done = 0
            if not done:
                await asyncio.sleep(poll_s)

    async def once(self) -> int:
        """Read what waits, a batch; returns how many. Raises database errors."""
        floors = self._floors()
        if not floors:
            return 0
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = await readings.claim(connection, BATCH)
            if not claimed:
                return 0
            # A long call takes milliseconds of a processor: webhooks are accepted meanwhile.
            made = await asyncio.to_thread(_read_all, claimed, floors)
            for transcript, (form, found) in zip(claimed, made, strict=True):
                await readings.keep(connection, transcript.event, self._clock.now(), form.key, found)
        return len(claimed)


def _read_all(claimed: Sequence[Transcript], floors: Sequence[Floor]) -> list[tuple[Form, Reading]]:
    forms, floor = known_forms(floors), floors[-1]
    made = []
    for transcript in claimed:
        agent = floor.agent_by_id.get(transcript.agent or "")
        form = forms.get(transcript.form) if transcript.form else None
        form = form or form_for(floor, agent.team if agent else None, forms)
        try:
            found = read(form, msgspec.json.decode(transcript.data, type=CallTranscribed), floor.quality.reading)
        except Exception:  # outermost guard: one odd transcript must not stop the others
            logs.get().exception("transcript cannot be read", fact=transcript.event)
            found = Reading()
        made.append((form, found))
    return made
