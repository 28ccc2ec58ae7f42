"""Laws of alerts and their delivery, whatever happens in whatever order: findings that come, change, go and are taken
back, evaluated twice; a messenger that refuses, drops and hangs; processes that die between any two steps."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from schemas.tables import alert_transitions, alerts, messages, outbox
from schemas.tables import technical as technical_rows
from services.alerts import announcing
from services.alerts.delivery.channels import Channels
from services.alerts.delivery.worker import Delivery
from services.alerts.findings.episode import Episode
from services.alerts.metrics import Metrics
from services.alerts.notifiers import Making
from services.alerts.notifiers.base import Ability, NotReached, Sent, Slow, Unknown
from services.alerts.settings import AlertsSettings
from services.alerts.storage import alerts as store
from services.alerts.storage import outbox as box
from services.kit import postgres
from tests.services.alerts.payloads import LINE, floor

pytestmark = pytest.mark.integration
START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
FAULTS = ["ok", "refused", "busy", "lost", "kept_and_lost", "kept_and_lost"]
LINES = ["pbx/trunk-a", "pbx/trunk-b"]


class Killed(BaseException):
    """kill −9 in the middle of a step."""


class Messenger:
    """Keeps messages in memory; ``fault`` decides the next call, ``kill`` ends the process after it was kept."""

    ability = Ability(edits=True, threads=True, finds=True)

    def __init__(self):
        self.posts, self.shown, self.fault, self.kill = [], {}, "ok", False

    def _meet(self, keep):
        fault, self.fault = self.fault, "ok"
        if fault == "refused":
            raise NotReached("refused")
        if fault == "busy":
            raise Slow(0.001)
        if fault == "lost":
            raise Unknown("lost")
        sent = keep()
        if self.kill:
            self.kill = False
            raise Killed
        if fault == "kept_and_lost":
            raise Unknown("kept, and lost")
        return sent

    async def post(self, target, content, reference, thread=None):
        def keep():
            ts = f"{len(self.posts) + 1}"
            self.posts.append(reference.group_key)
            self.shown[ts] = (reference.group_key, reference.transition, content.title)
            return Sent(ts, reference.transition)

        return self._meet(keep)

    async def update(self, target, ts, content, reference):
        def keep():
            self.shown[ts] = (reference.group_key, reference.transition, content.title)
            return Sent(ts, reference.transition)

        return self._meet(keep)

    async def find(self, target, group_key, since, thread=None):
        found = [(ts, one) for ts, one in self.shown.items() if one[0] == group_key]
        return Sent(found[-1][0], found[-1][1][1]) if found else None

    async def close(self):
        return None


class FastClock:
    """The machine's time, moved by hand, so that leases run out without waiting."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def real(self):
        return self.at

    def real_seconds_until(self, instant):
        return max(0.0, (instant - self.at).total_seconds())


class Alerts(RuleBasedStateMachine):
    dsn = ""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.engine = postgres.engine(self.dsn, size=2)
        self.floor, self.clock, self.messenger = floor(), FastClock(), Messenger()
        self.episodes = {}
        self.told_final = {}
        self.worker = self.fresh_worker()

    def fresh_worker(self):
        config = AlertsSettings(
            postgres_dsn=self.dsn,
            kafka_bootstrap="x:1",
            alerts_spacing_s=0,
            alerts_retry_s=0.01,
            alerts_retry_max_s=0.02,
        )
        channels = Channels(Making({}, "http://127.0.0.1:9/", 1))
        channels._made = {"slack": (None, self.messenger)}
        return Delivery(self.engine, self.clock, config, Metrics(), channels, lambda: self.floor)

    def run(self, work):
        return self.loop.run_until_complete(work)

    @initialize()
    def empty(self):
        async def work():
            async with self.engine.begin() as connection:
                for table in (outbox, messages, alerts, alert_transitions, technical_rows):
                    await connection.execute(sa.delete(table))

        self.run(work())

    def episode(self, line, fired_at, **changes):
        values = {
            "detector": "line_failure",
            "subject": f"line:{line}",
            "kind": "outage",
            "verdict": "line",
            "scope": f"line:{line}",
            "date": date(2026, 11, 23),
            "fired_at": fired_at,
            "evidence": dict(LINE["evidence"]),
            "form": "line",
            "phase": "failing",
            "technical": (("ivan", fired_at, None),),
            "shown": {key: LINE[key] for key in ("line", "agent", "names", "last_failure", "recover_s")},
            **changes,
        }
        return Episode(**values)

    async def evaluate(self, episode):
        async with self.engine.begin() as connection:
            change = await store.apply(connection, episode, self.clock.now())
            if change is None:
                return
            payload = announcing.payload_of(self.floor, episode, change.alert, change.state, change.again, None)
            for one in announcing.of_alert(self.floor, payload, change.transition):
                await box.write(connection, one, self.clock.real(), self.clock.real())

    def tell(self, line):
        self.run(self.evaluate(self.episodes[line]))

    @rule(line=st.sampled_from(LINES))
    def fires(self, line):
        if line not in self.episodes or self.episodes[line].resolved_at:
            self.clock.at += timedelta(minutes=1)
            self.episodes[line] = self.episode(line, self.clock.at)
        self.tell(line)

    @rule(line=st.sampled_from(LINES), verdict=st.sampled_from(["line", "floor", "undetermined"]))
    def verdict_changes(self, line, verdict):
        held = self.episodes.get(line)
        if held and not held.resolved_at:
            self.episodes[line] = self.episode(line, held.fired_at, verdict=verdict)
            self.tell(line)

    @rule(line=st.sampled_from(LINES), phase=st.sampled_from(["failing", "recovering", "no_data"]))
    def phase_changes(self, line, phase):
        held = self.episodes.get(line)
        if held and not held.resolved_at:
            self.episodes[line] = self.episode(line, held.fired_at, phase=phase)
            self.tell(line)

    @rule(line=st.sampled_from(LINES))
    def ends(self, line):
        held = self.episodes.get(line)
        if held and not held.resolved_at:
            self.clock.at += timedelta(minutes=1)
            spans = (("ivan", held.fired_at, self.clock.at),)
            self.episodes[line] = self.episode(
                line, held.fired_at, resolved_at=self.clock.at, phase=None, technical=spans
            )
            self.tell(line)

    @rule(line=st.sampled_from(LINES))
    def two_services_evaluate(self, line):
        if line in self.episodes:

            async def both():
                await asyncio.gather(*[self.evaluate(self.episodes[line]) for _ in range(2)])

            self.run(both())

    @rule(fault=st.sampled_from(FAULTS))
    def delivers_once(self, fault):
        self.messenger.fault = fault
        self.run(self.step())

    async def step(self):
        self.clock.at += timedelta(seconds=1)
        for row in await self.worker._claim():
            await self.worker._deliver(row)

    @rule()
    def killed_after_it_was_kept(self):
        """Between acceptance and the mark; another process takes over when the lease has run out."""
        self.messenger.kill = True
        try:
            self.run(self.step())
        except Killed:
            self.worker = self.fresh_worker()
        self.messenger.kill = False

    @rule()
    def killed_before_it_was_sent(self):
        async def claim_only():
            self.clock.at += timedelta(seconds=1)
            await self.worker._claim()

        self.run(claim_only())
        self.worker = self.fresh_worker()

    @rule()
    def time_passes(self):
        self.clock.at += timedelta(minutes=1)

    @invariant()
    def no_message_is_posted_twice(self):
        assert len(self.messenger.posts) == len(set(self.messenger.posts))

    @invariant()
    def at_most_one_alert_of_a_line_is_open(self):
        async def count():
            async with self.engine.connect() as connection:
                query = sa.select(alerts.c.fingerprint).where(alerts.c.resolved_at.is_(None))
                return (await connection.execute(query)).scalars().all()

        found = self.run(count())
        assert len(found) == len(set(found))

    @rule()
    def drained(self):
        """When everything works again: every alert is told, once, and its text is its state."""
        self.run(self.drain())

    async def drain(self):
        for _ in range(200):
            self.clock.at += timedelta(seconds=31)
            claimed = await self.worker._claim()
            for row in claimed:
                await self.worker._deliver(row)
            if not claimed:
                break
        async with self.engine.connect() as connection:
            states = (await connection.execute(sa.select(outbox.c.state).distinct())).scalars().all()
            known = (await connection.execute(sa.select(alerts))).all()
            transitions = (await connection.execute(sa.select(alert_transitions))).all()
        assert set(states) <= {"sent", "superseded"}
        by_group = {group: transition for group, transition, _ in self.messenger.shown.values()}
        assert {row.alert: row.transition for row in known} == {
            group: transition for group, transition in by_group.items() if not group.endswith("/details")
        }
        for row in known:
            own = sorted(one.transition for one in transitions if one.alert == row.alert)
            assert own == list(range(row.transition + 1))

    def teardown(self):
        self.run(self.drain())
        self.run(self.engine.dispose())
        self.loop.close()


def test_laws_of_alerts(module_postgres_dsn):
    """One post an alert and a text that is its state, after any order of events, faults and deaths."""
    Alerts.dsn = module_postgres_dsn
    run_state_machine_as_test(
        Alerts,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking a story of a database takes minutes
        ),
    )
