"""From a request to what it says: the provider's parser, with everything that can go wrong turned into a rejection."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from services.ingest.providers.base import Draft, Leg, Parsed, Provider, Rejected, Request, Source
from services.kit import logs
from services.kit.errors import BadInput

KEPT_DETAIL = 500


def read(provider: Provider, request: Request, source: Source) -> Parsed:
    """Never raises: a body that breaks its parser is rejected as ``internal`` and logged, and stays replayable."""
    if "content-encoding" in request.headers:
        return Parsed(rejected=(Rejected("unparseable", "the body's content encoding could not be undone"),))
    try:
        parsed = provider.parse(request, source)
        return replace(parsed, drafts=tuple(_told_once(parsed.drafts))) if len(parsed.drafts) > 1 else parsed
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)[:KEPT_DETAIL]),))
    except RecursionError:
        return Parsed(rejected=(Rejected("too_deep", "nested too deeply"),))
    except Exception as error:  # outermost guard: one poison body must not stop the others
        logs.get().exception("parser failed", source=source.id, provider=provider.name)
        return Parsed(rejected=(Rejected("internal", f"parser failed: {type(error).__name__}"),))


def _told_once(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """What happens once for ever and is told several times by one body (a batch in any order): its first time and who
    it was then, and all else as it was told last. Storage does the same between bodies (ADR 0009)."""
    told: dict[tuple[str, str], Draft] = {}
    for number, draft in enumerate(drafts):
        key = (draft.type, draft.provider_id) if draft.once else (draft.type, f"{number} {draft.provider_id}")
        known = told.get(key)
        told[key] = draft if known is None else _of_two(known, draft)
    yield from told.values()


def _of_two(one: Draft, other: Draft) -> Draft:
    first, last = (other, one) if other.time < one.time else (one, other)
    data = msgspec.structs.replace(last.data, at=first.time, identity=first.data.identity, agent=first.data.agent)
    return replace(last, time=first.time, data=data)


@dataclass(frozen=True, slots=True)
class Joined:
    """Neither: the call goes on."""

    draft: Draft | None
    rejected: Rejected | None = None


def join(provider: Provider, source: Source, call: str, legs: Sequence[Leg]) -> Joined:
    """The fact of all known legs of a call, or neither fact nor rejection while it goes on. Never raises."""
    try:
        return Joined(provider.join(source, call, legs))
    except BadInput as error:
        return Joined(None, Rejected(error.reason, str(error)[:KEPT_DETAIL]))
    except Exception as error:  # outermost guard, as above
        logs.get().exception("joining legs failed", source=source.id, provider=provider.name)
        return Joined(None, Rejected("internal", f"joining legs failed: {type(error).__name__}"))
