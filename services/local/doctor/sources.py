"""Each source of the floor: can it accept anything, what came from it, and whom its events belong to."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor, SourceConfig
from services.board.storage import asked, intake
from services.board.storage.asked import Asked
from services.board.storage.intake import Begun, Intake, Unowned
from services.board.view.refused import lacking
from services.ingest.customer import hasher
from services.ingest.providers import PROVIDERS
from services.ingest.source import configure
from services.ingest.web.answer import CODES
from services.kit.clock import Clock
from services.local.doctor.finding import Finding, note, ok, wrong
from services.local.secrets import source_secrets, where_found
from services.rules.day import date_of, working_day

REFUSED: Final[Mapping[str, str]] = {
    "unauthorized": "compare the secret with the provider's own, and see that the whole address was pasted",
    "method": "let the provider send by POST",
    "too_large": "let the provider send events one by one",
    "rate": "raise sources[].rate_per_s",
    "misconfigured": "set the secret where ingest runs, or mend the floor file",
}
"""Outcome of a webhook that was turned away → what to do."""
SHOWN: Final = 5
"""Identities that are named; of the others the number is told."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What the journal and the facts tell of all sources today, and of who has no agent yet."""

    now: datetime
    today: Mapping[str, Intake]
    begun: Mapping[str, Begun]
    unowned: Sequence[Unowned]
    asked: Mapping[str, Asked]


async def activity(connection: AsyncConnection, floor: Floor) -> Activity:
    now = Clock.from_environment().now()
    day = working_day(floor, date_of(now, floor.zone))
    return Activity(
        now,
        await intake.of_day(connection, day.starts, day.ends),
        await intake.begun(connection, list(floor.source_by_id)),
        await intake.unowned(connection),
        await asked.asked(connection),
    )


def sources(floor: Floor, seen: Activity, notes: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Provider, secrets, webhooks and identities of every source.

    Args:
        notes: of a running ingest, which knows what it was given; None: what this environment tells is all we know.
    """
    key = os.environ.get("SREZ_CUSTOMER_KEY")
    for id_, source in configure(floor, hasher(key), os.environ).items():
        config = source.source.config
        yield _usable(config, source.problem if notes is None else notes.get(f"source {id_}"), asked=notes is not None)
        yield _heard(config, seen)
        yield from _turned_away(config, seen)
        yield from _unread(config, seen)
        yield from _rejected(floor, config, seen)
        yield from _owed(config, seen)
        yield from _nobodys(config, seen)
    if not key if notes is None else "customers" in notes:
        yield note("SREZ_CUSTOMER_KEY", "not set: customers are not told apart", "any long random word, kept for good")


def _usable(config: SourceConfig, problem: str | None, *, asked: bool) -> Finding:
    """``asked``: the running ingest itself said so."""
    what = f"source {config.id}"
    if problem is None:
        return ok(what, config.provider)
    if config.provider not in PROVIDERS or "is not set" not in problem:
        return wrong(what, problem, "mend the floor file: srez floor apply FILE")
    found = [where_found(config, kind) for _, kind, names in source_secrets([config]) if _named(names, problem)]
    where = "".join(f"; {told}" for told in found if told)
    if asked:
        return wrong(what, f"ingest says: {problem}", f"set it where ingest runs, then start that again{where}")
    mend = "if ingest does not have it either, its webhooks are refused: set it there"
    return wrong(what, f"{problem} here", f"{mend}{where}")


def _named(names: Sequence[str], problem: str) -> bool:
    return any(f"{name} " in problem for name in names)


def _heard(config: SourceConfig, seen: Activity) -> Finding:
    what = f"webhooks of {config.id}"
    last = seen.begun.get(config.id, Begun()).heard_at
    if last is None:
        mend = f"the board's page /sources/{config.id} says what to paste where; then make one call"
        turned_away = seen.today.get(config.id, Intake(config.id)).turned_away
        return note(what, "none was ever accepted" if turned_away else "none ever came", mend)
    today = seen.today.get(config.id, Intake(config.id))
    return ok(what, f"the last {_ago((seen.now - last).total_seconds())} ago; {today.webhooks} today")


def _turned_away(config: SourceConfig, seen: Activity) -> Iterator[Finding]:
    """Refused before the journal: wrong while nothing was accepted since."""
    heard_at = seen.begun.get(config.id, Begun()).heard_at
    for one in seen.today.get(config.id, Intake(config.id)).turned_away:
        what, mend = f"refused of {config.id}", REFUSED.get(one.outcome, "see the log of ingest")
        why = f": {one.why}" if one.why else ""
        ago = _ago((seen.now - one.last_at).total_seconds())
        detail = f"{one.count} today answered {CODES[one.outcome][0]} ({one.outcome}), the last {ago} ago{why}"
        over = heard_at is not None and heard_at > one.last_at
        yield note(what, f"{detail}; accepted since", mend) if over else wrong(what, detail, mend)


def _unread(config: SourceConfig, seen: Activity) -> Iterator[Finding]:
    """Thin events of a source that lacks what reading back takes."""
    names = lacking(config)
    count = seen.today.get(config.id, Intake(config.id)).ignored.get("needs_readback", 0)
    if names and count:
        events = "1 event of today names" if count == 1 else f"{count} events of today name"
        mend = f"give it in the floor file, sources[].secrets: the board's page /sources/{config.id} says where each is found"
        yield wrong(f"reading back of {config.id}", f"{events} only an object; not set: {', '.join(names)}", mend)


def _rejected(floor: Floor, config: SourceConfig, seen: Activity) -> Iterator[Finding]:
    today = seen.today.get(config.id)
    if today is None or not today.refused:
        return
    share = today.refused / today.webhooks
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(today.rejected.items()))
    detail = f"{today.refused} of {today.webhooks} today ({share:.1%}): {reasons}"
    mend = (
        f"srez journal list --source {config.id} --rejected says why; "
        f"when it is mended: srez journal replay --source {config.id} --rejected"
    )
    if share > floor.trust.max_rejected_share:
        yield wrong(f"rejected of {config.id}", f"{detail}; so much that nobody is judged", mend)
    else:
        yield note(f"rejected of {config.id}", detail, mend)


def _owed(config: SourceConfig, seen: Activity) -> Iterator[Finding]:
    owed = seen.asked.get(config.id)
    if owed is None:
        return
    told = [(owed.waiting, "wait to be read back"), (owed.given_up, "given up")]
    detail = ", ".join(f"{count} {what}" for count, what in told if count)
    mend = "it is asked again by itself for a day; mend the cause: access, rights, limits of the provider"
    if owed.given_up:
        mend = f"when the cause is mended: srez journal replay --source {config.id}"
    yield note(f"objects of {config.id}", f"{detail}: {owed.problem}" if owed.problem else detail, mend)


def _nobodys(config: SourceConfig, seen: Activity) -> Iterator[Finding]:
    own = [one for one in seen.unowned if one.source == config.id]
    if not own:
        return
    named = ", ".join(f"{one.identity or 'without any'} ({one.facts})" for one in own[:SHOWN])
    more = f" and {len(own) - SHOWN} more" if len(own) > SHOWN else ""
    mend = f"give them to agents: /sources/{config.id} of the board, or identities in the floor file"
    yield note(f"identities of {config.id}", f"nobody's on the roster: {named}{more}", mend)


def _ago(seconds: float) -> str:
    """``12 s``, ``7 min``, ``3 h``, ``2 days``."""
    if seconds < 120:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h" if seconds < 172_800 else f"{seconds // 86_400:.0f} days"
