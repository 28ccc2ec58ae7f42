"""Objects that events only name, and that their provider has not told us yet: what waits, what was given up, and why."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables

_asked = tables.readbacks.c
SOON: Final = timedelta(minutes=1)
"""What was asked for just now and met no trouble does not wait yet."""


CAUSES: Final = {
    "the provider answered ": "answered",
    "the provider cannot be reached: ": "unreachable",
    "the answer is larger than 1 MiB": "too_large",
    "the floor file gives no credentials": "no_credentials",
}
"""How ingest begins what it says of an object that it could not read back (services.ingest.stream.reading_back)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``problem``: of what was given up, else of what waits; the one that most of them have. "" when there is none."""

    waiting: int = 0
    given_up: int = 0
    problem: str = ""

    @property
    def cause(self) -> tuple[str, str]:
        """(word, what) of the problem, as ingest begins it; ("", problem) of one that is not known here."""
        for begins, word in CAUSES.items():
            if self.problem.startswith(begins):
                return word, self.problem.removeprefix(begins)
        return "", self.problem


async def asked(connection: AsyncConnection, source: str | None = None) -> dict[str, Asked]:
    """Source → what it still owes us; sources that owe nothing are left out."""
    count = sa.func.count()
    query = (
        sa.select(_asked.source, _asked.given_up, _asked.problem, count)
        .where(sa.or_(_asked.given_up, _asked.problem.is_not(None), _asked.since < sa.func.now() - SOON))
        .group_by(_asked.source, _asked.given_up, _asked.problem)
        .order_by(_asked.source, _asked.given_up.desc(), _asked.problem.is_(None), count.desc(), _asked.problem)
    )
    if source is not None:
        query = query.where(_asked.source == source)
    found: dict[str, Asked] = {}
    for name, given_up, problem, rows in await connection.execute(query):
        known = found.get(name, Asked())
        waiting, lost = (0, rows) if given_up else (rows, 0)
        found[name] = Asked(known.waiting + waiting, known.given_up + lost, known.problem or problem or "")
    return found
