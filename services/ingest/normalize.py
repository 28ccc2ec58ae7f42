"""What a body would become: the parsers without database, journal or signatures (DESIGN §6, §10)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import msgspec

from schemas.facts import Fact
from schemas.floor import Floor, SourceConfig
from services.ingest.customer import Hasher, nobody
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Draft, Ignored, Leg, Provider, Rejected, Request, Source
from services.ingest.reading import join, read
from services.ingest.source import configure
from services.ingest.stamp import LATEST, stamp
from services.kit.errors import BadInput, Misconfigured


@dataclass(slots=True)
class Normalized:
    facts: list[Fact] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Nothing but rejections."""
        return bool(self.rejected) and not self.facts and not self.ignored


def source_for(provider: str, floor: Floor | None, source: str | None, customer: Hasher = nobody) -> Source:
    """Which source's settings are used: the named one; else the floor's first of that provider; else bare defaults.

    Raises: Misconfigured.
    """
    if provider not in PROVIDERS:
        raise Misconfigured(f"unknown provider {provider!r}; known are {', '.join(sorted(PROVIDERS))}")
    if floor is None:
        return Source(SourceConfig(id=source or provider, provider=provider))
    config = floor.source_by_id.get(source) if source else None
    if config is None and source is None:
        config = next((found for found in floor.sources if found.provider == provider), None)
    if config is None:
        config = SourceConfig(id=source or provider, provider=provider)
    elif config.provider != provider:
        raise Misconfigured(f"source {config.id!r} is of provider {config.provider!r}, not {provider!r}")
    known = configure(floor, customer).get(config.id)
    return known.source if known else Source(config, floor.timezone, floor.currency, customer)


def normalize(request: Request, source: Source, floor: Floor | None, *, received: bool = True) -> Normalized:
    """Never raises on a body, whatever it holds.

    Without *received* nobody said when the body arrived: no fact is clamped, and none carries ``receivedat``.
    """
    provider = PROVIDERS[source.config.provider]
    parsed = read(provider, provider.redact(request), source)
    out = Normalized(ignored=list(parsed.ignored), rejected=list(parsed.rejected))
    for draft in (*parsed.drafts, *_joined(provider, parsed.legs, source, out)):
        _add(out, draft, source, request.received_at if received else None, floor)
    out.facts = list({fact.id: fact for fact in out.facts}.values())  # what a batch tells twice is told last
    return out


def _joined(provider: Provider, legs: tuple[Leg, ...], source: Source, out: Normalized) -> Iterator[Draft]:
    known = sorted(legs, key=lambda leg: (leg.call, leg.leg))
    for call, group in groupby(known, key=lambda leg: leg.call):
        joined = join(provider, source, call, list(group))
        if joined.rejected is not None:
            out.rejected.append(joined.rejected)
        if joined.draft is not None:
            yield joined.draft
        elif joined.rejected is None and not out.ignored:
            out.ignored.append(Ignored("not_counted", f"{call}: nothing of what this body tells counts by itself"))


def _add(out: Normalized, draft: Draft, source: Source, received_at: datetime | None, floor: Floor | None) -> None:
    try:
        fact = stamp(draft, source.id, received_at or LATEST, floor).fact
        out.facts.append(msgspec.structs.replace(fact, received_at=received_at))
    except BadInput as error:
        out.rejected.append(Rejected(error.reason, str(error)))
