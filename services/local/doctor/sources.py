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
from services.ingest.customer import hasher
from services.ingest.source import configure
from services.kit.clock import Clock
from services.local.doctor.finding import Finding, note, ok, wrong
from services.rules.day import date_of, working_day

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


def sources(floor: Floor, seen: Activity) -> Iterator[Finding]:
    """Provider, secrets, webhooks and identities of every source."""
    key = os.environ.get("SREZ_CUSTOMER_KEY")
    for id_, source in configure(floor, hasher(key), os.environ).items():
        config = source.source.config
        if source.problem is None:
            yield ok(f"source {id_}", config.provider)
        else:
            mend = "mend the floor file: srez floor apply FILE"
            if source.provider is not None and "is not set" in source.problem:
                mend = "if ingest does not have it either, its webhooks are refused: set it there"
            yield wrong(f"source {id_}", f"{source.problem} here", mend)
        yield _heard(config, seen)
        yield from _rejected(floor, config, seen)
        yield from _owed(config, seen)
        yield from _nobodys(config, seen)
    if not key:
        yield note("SREZ_CUSTOMER_KEY", "not set: customers are not told apart", "any long random word, kept for good")


def _heard(config: SourceConfig, seen: Activity) -> Finding:
    what = f"webhooks of {config.id}"
    last = seen.begun.get(config.id, Begun()).heard_at
    if last is None:
        mend = f"the board's page /sources/{config.id} says what to paste where; then make one call"
        return note(what, "none ever came", mend)
    today = seen.today.get(config.id, Intake(config.id))
    return ok(what, f"the last {_ago((seen.now - last).total_seconds())} ago; {today.webhooks} today")


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
