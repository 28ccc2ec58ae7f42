"""Plays the day: the stack runs, the feeder posts, the hours are told, the outcome is checked."""

import asyncio
from datetime import timedelta

from services.kit.postgres import engine
from services.lab.feeder import FeedReport, Progress, feed
from services.local.counted import counted, noun
from services.local.demo.checks import Check, Outcome, checks, pages
from services.local.demo.day import DemoDay
from services.local.demo.listening import check as scored
from services.local.demo.listening import listen
from services.local.demo.stored import Stored
from services.local.demo.summary import told, verdict
from services.local.home import Home
from services.local.stack import Options, Stack
from services.local.up import addresses
from services.local.up import run as run_stack

SETTLE_S = 45.0
"""Real seconds after the feed until everything must be counted, closed and delivered."""


def run(demo: DemoDay, *, once: bool, port_base: int | None) -> int:
    """Exit code; with *once* it ends after the summary: 0 when every check passed, else 1."""
    playing = _Playing(demo, once)
    options = Options(demo.floor_text, port_base=port_base, clock=demo.clock, invent_secrets=True)
    home = Home.from_environment("demo")
    return run_stack(home, options, environment=demo.environment, during=playing.play, quiet=True, fresh=True)


class _Playing:
    def __init__(self, demo: DemoDay, once: bool) -> None:
        self.demo, self.once = demo, once

    async def play(self, stack: Stack) -> int | None:
        demo, say = self.demo, stack.output.say
        await stack.wait_ready()
        day = demo.day.days[0]
        say(addresses(stack))
        say(
            f"A day of {counted(len(demo.floor.agents), 'agent')}, {day.date:%d.%m.%Y}, at {demo.rate:g}× — "
            f"it ends in {stack.clock.real_seconds_until(demo.last_close) / 60:.1f} minutes. Open the board meanwhile."
        )
        database = engine(stack.dsn)
        try:
            stored = Stored(database, day.date)
            report = await self._feed(stack, stored)
            await self._settle(stack, stored)
            outcome = await self._outcome(stored, report)
            heard = await listen(
                demo, stored, stack.url("board"), stack.url("ingest"), stack.secret_environment(), stack.clock.now()
            )
        finally:
            await database.dispose()
        found = [*checks(outcome), scored(heard), await pages(stack.url("board"))]
        for line in [*told(outcome, demo.floor.zone), *verdict(found), *self._farewell(stack, found)]:
            say(line)
        if self.once:
            return 0 if all(check.passed for check in found) else 1
        return None

    async def _feed(self, stack: Stack, stored: Stored) -> FeedReport:
        async def tell(progress: Progress) -> None:
            counts = await stored.counts()
            webhooks = noun(progress.accepted, "webhook")
            late = f", {progress.behind_s:.1f} s behind" if progress.behind_s > 1 else ""
            stack.output.say(
                f"  {progress.at.astimezone(self.demo.floor.zone):%H:%M}  {progress.accepted:5} {webhooks}, "
                f"{counts['facts']:5} {noun(counts['facts'], 'fact')}, {counted(counts['closes'], 'slice')} closed, "
                f"{counted(counts['tasks'], 'task')}, {counted(counts['alerts'], 'alert')}{late}"
            )

        return await feed(
            self.demo.floor,
            self.demo.day,
            ingest_url=stack.url("ingest"),
            secrets=stack.secret_environment(),
            clock=stack.clock,
            ledger_path=stack.home.state / "ledger.ndjson",
            on_progress=tell,
        )

    async def _settle(self, stack: Stack, stored: Stored) -> None:
        """Wait until everything is parsed, published, closed and delivered; the checks say what is not."""
        slices = len(self.demo.day.days[0].cut_offs)
        await stack.clock.sleep_until(self.demo.last_close)
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while asyncio.get_running_loop().time() < deadline:
            counts = await stored.counts()
            waits = counts["backlog"] or counts["unpublished"] or counts["waiting"]
            if counts["closes"] >= slices and counts["reports"] and not waits:
                return
            await asyncio.sleep(0.5)

    async def _outcome(self, stored: Stored, report: FeedReport) -> Outcome:
        return Outcome(
            report,
            self.demo.day.truth,
            await stored.counts(),
            await stored.closes(),
            await stored.slices(),
            await stored.tasks(),
            await stored.coaching(),
            await stored.alerts(),
            [cut.name for cut in self.demo.day.days[0].cut_offs],
            timedelta(seconds=self.demo.rate),
        )

    def _farewell(self, stack: Stack, found: list[Check]) -> list[str]:
        failed = sum(not check.passed for check in found)
        lines = [
            "",
            f"{failed} of {counted(len(found), 'check')} failed." if failed else f"All {len(found)} checks passed.",
        ]
        if not self.once:
            lines += [
                "",
                f"Look around: {stack.url('board')} — the clock now runs at its normal pace.",
                f"The log: {stack.home.log_file}",
                f"The database: psql '{stack.dsn}'",
                "Stop with Ctrl-C.",
            ]
        return lines
