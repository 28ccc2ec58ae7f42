"""Every read of the board against real PostgreSQL, compared with the pure rules and with what was put in."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas import tables
from schemas.facts import CallEnded
from schemas.floor import parse
from schemas.steps import STEPS
from services.board.app import Service
from services.board.storage import alerts, calls, closes, slices, sources, tasks
from services.board.today import SECOND
from services.reads import cases, freshness, funnel, money, states, technical
from services.reads.kept import Kept
from services.rules.day import working_day
from services.rules.funnel import is_short, steps_of, thresholds
from tests.support.seed_floor import AMOUNTS, NOW, floor_text, invent

FLOOR = parse(floor_text("ru"))
MADE = invent(FLOOR, NOW)
DAY = MADE.day
KNOWN = [fact for fact in MADE.facts if (fact.received_at or fact.time) <= NOW]


async def test_counts_equal_the_rules_fact_by_fact(service: Service) -> None:
    """SQL counts each agent's steps and short calls exactly as services.rules.funnel does."""
    expected: dict[str, Counter[str]] = {}
    for fact in KNOWN:
        if fact.agent:
            by = thresholds(FLOOR, FLOOR.agent_by_id[fact.agent].team)
            own = expected.setdefault(fact.agent, Counter())
            own.update(steps_of(fact.type, fact.data, by))
            if isinstance(fact.data, CallEnded):
                own["short"] += is_short(fact.data.direction, fact.data.disposition, fact.data.talk_s, by)
    async with service.reader.connect() as connection:
        found = await funnel.by_agent(connection, FLOOR, DAY.date, DAY.ends)
    assert {agent: dict(one.done) for agent, one in found.items()} == {
        agent: {step: own[step] for step in STEPS} for agent, own in expected.items()
    }
    assert {agent: one.short_calls for agent, one in found.items()} == {a: own["short"] for a, own in expected.items()}


async def test_inbound_counts_only_where_the_team_says_so(service: Service) -> None:
    """The same calls, with count_inbound on: nothing changes for outbound ones, thresholds are the team's."""
    teams = tuple(team.model_copy(update={"long_call_s": 900}) for team in FLOOR.teams)
    longer = FLOOR.model_copy(update={"teams": teams})
    longer.__dict__.pop("team_by_id", None)
    async with service.reader.connect() as connection:
        usual = await funnel.by_agent(connection, FLOOR, DAY.date, DAY.ends)
        fewer = await funnel.by_agent(connection, longer, DAY.date, DAY.ends)
    assert sum(one.done["long_calls"] for one in fewer.values()) < sum(one.done["long_calls"] for one in usual.values())
    assert sum(one.done["calls"] for one in fewer.values()) == sum(one.done["calls"] for one in usual.values())


async def test_what_is_kept_of_a_day_equals_what_is_read(service: Service) -> None:
    """Counts, half-hours and late facts of slices; of one agent what the whole floor says of that agent."""
    kept = Kept()
    async with service.reader.connect() as connection:
        for _ in range(2):
            by_agent = await funnel.by_agent(connection, FLOOR, DAY.date, DAY.ends)
            assert await funnel.by_agent_kept(connection, kept, FLOOR, DAY.date, DAY.ends) == by_agent
            by_half = await funnel.by_half(connection, FLOOR, DAY.date, DAY.starts, DAY.ends)
            assert await funnel.by_half_kept(connection, kept, FLOOR, DAY.date, DAY.starts, DAY.ends) == by_half
            rows = await slices.find(connection, FLOOR, DAY.date)
            assert await slices.find(connection, FLOOR, DAY.date, kept=kept) == rows
        one = await slices.find(connection, FLOOR, DAY.date, agent="zoya", kept=kept)
        assert one == [row for row in rows if row.agent == "zoya"]
        assert one
        alone = await funnel.by_agent(connection, FLOOR, DAY.date, DAY.ends, "zoya")
    assert alone == {"zoya": by_agent["zoya"]}


async def test_half_hours_add_up_to_the_day(service: Service) -> None:
    """Nothing falls between two half-hours."""
    async with service.reader.connect() as connection:
        whole = await funnel.by_agent(connection, FLOOR, DAY.date, DAY.ends)
        halves = await funnel.by_half(connection, FLOOR, DAY.date, DAY.starts, DAY.ends)
    for step in STEPS:
        assert sum(half.done[step] for half in halves) == sum(one.done[step] for one in whole.values())


async def test_late_is_what_came_after_the_freeze(service: Service) -> None:
    """late = facts of the cut-off stored now minus those frozen."""
    cut = DAY.cut_offs[0].at
    after = [
        fact
        for fact in KNOWN
        if fact.agent and fact.time <= cut and fact.received_at and fact.received_at > cut + timedelta(seconds=183)
    ]
    async with service.reader.connect() as connection:
        rows = await slices.find(connection, FLOOR, DAY.date, slice_="11:00")
        fresh = await freshness.read(connection, DAY, cut, FLOOR, now=NOW, second=SECOND)
    assert len(after) == 4
    assert sum(row.late for row in rows if row.step == "calls") == len(after)
    assert fresh.late == len(after)


async def test_slices_are_in_order(service: Service) -> None:
    """Cut-off, then team, agent, step; filters narrow."""
    async with service.reader.connect() as connection:
        rows = await slices.find(connection, FLOOR, DAY.date)
        one = await slices.find(connection, FLOOR, DAY.date, team="farmers", agent="mark")
    keys = [(row.slice, row.team, row.agent, STEPS.index(row.step)) for row in rows]
    assert keys == sorted(keys)
    assert {row.agent for row in one} == {"mark"}
    assert len(one) == 2 * len(STEPS)


async def test_closes_tell_their_doubts(service: Service) -> None:
    """The untrusted slice says which steps, and why."""
    async with service.reader.connect() as connection:
        first, second = await closes.of_day(connection, DAY.date)
    assert dict(first.reasons("hunters")) == {
        step: ["silent:bitrix"] for step in ("presentations", "invoices", "payments")
    }
    assert dict(second.reasons("hunters")) == {}


async def test_money_is_net_of_refunds_and_per_currency(service: Service) -> None:
    """Payments of the day per team; nothing is added up over currencies."""
    async with service.reader.connect() as connection:
        found = await money.between(connection, FLOOR, DAY.date, DAY.date)
        first = await money.first_payment(connection, FLOOR, DAY.date)
    paid = [fact for fact in KNOWN if fact.type == "srez.payment.received.v1"]
    assert sum(minor for (_, kind, _), minor in found.items() if kind == "payments") == sum(
        fact.data.amount_minor  # type: ignore[union-attr]
        for fact in paid
    )
    assert {currency for _, _, currency in found} == {"RUB"}
    assert first == min(((fact.agent, fact.time) for fact in paid), key=lambda one: one[1])


async def test_payments_of_the_month(service: Service) -> None:
    """Before today, today and of thirty days, each apart; what is paid in another currency is counted, not summed."""
    async with service.reader.connect() as connection:
        found = await money.paid(connection, FLOOR, DAY.date)
        strange = await money.paid(connection, FLOOR.model_copy(update={"currency": "USD"}), DAY.date)
        today = await money.between(connection, FLOOR, DAY.date, DAY.date)
    whole = [sum(getattr(paid, name) for paid in found.values()) for name in ("month_count", "month_minor")]
    # Fourteen working days from the 3rd to the 20th, eighteen payments a day.
    assert whole == [14 * 18, 14 * sum(AMOUNTS[number % 4] for number in range(18))]
    assert {team: paid.today_minor for team, paid in found.items()} == {
        team: minor for (team, kind, _), minor in today.items() if kind == "payments"
    }
    assert sum(paid.recent_count for paid in found.values()) == whole[0]
    assert sum(paid.recent_minor for paid in found.values()) == whole[1]
    assert {(paid.month_minor, paid.today_minor, paid.recent_count) for paid in strange.values()} == {(0, 0, 0)}
    assert sum(paid.month_count for paid in strange.values()) == whole[0]


async def test_alerts_carry_history_and_repeats(service: Service) -> None:
    """Newest first, each with its transitions in order."""
    async with service.reader.connect() as connection:
        found = await alerts.find(connection, day=DAY.date, open_too=True)
        affected = await technical.affected(connection, DAY.starts, DAY.ends)
    assert [(alert.row.scope, alert.state, alert.repeats) for alert in found] == [
        ("line:mango-main/trunk-b", "firing", 1),
        ("source:bitrix", "resolved", 1),
    ]
    assert [step.state for step in found[1].history] == ["firing", "acknowledged", "resolved"]
    assert affected == {found[0].row.alert: 3}


async def test_tasks_and_cases(service: Service) -> None:
    """Open ones have no result; a case stays until its re-check day."""
    async with service.reader.connect() as connection:
        found = await tasks.find(connection, day=DAY.date, open_too=True)
        known = await cases.find(connection, recheck_from=DAY.date)
        gone = await cases.find(connection, recheck_from=DAY.date + timedelta(days=30))
    assert {task.open for task in found} == {True, False}
    assert [case.row.agent for case in known] == ["denis"]
    assert gone == []


async def test_lines_and_sources(service: Service) -> None:
    """Network failures belong to the line that had them; unowned events are listed by their number."""
    async with service.reader.connect() as connection:
        lines = await sources.lines(connection, FLOOR, DAY.date, NOW - timedelta(minutes=5))
        heard = await sources.sources(connection, DAY.date, DAY.starts, DAY.ends)
        nobody = await sources.unattributed(connection, DAY.date)
    assert {line.line: line.failures for line in lines} == {
        "fs-office": 0,
        "mango-main/trunk-a": 0,
        "mango-main/trunk-b": 9,
    }
    assert {source.source for source in heard} == {"bitrix", "fs-office", "mango-main", "own"}
    assert nobody == [("mango-main", "299", 4)]


async def test_what_we_asked_for_is_no_webhook(service: Service) -> None:
    """A source that we ask every five minutes and that sends nothing itself was not heard."""
    row = {
        "received_at": NOW, "method": "READBACK", "path": "deals/x", "query": "", "headers": {}, "body": b"",
        "body_hash": b"", "state": "ignored",
    }  # fmt: skip
    async with service.engine.connect() as connection:
        before = await sources.sources(connection, DAY.date, DAY.starts, DAY.ends)
        asked = [{**row, "source": source} for source in ("bitrix", "only-asked")]
        await connection.execute(sa.insert(tables.journal), asked)
        assert await sources.sources(connection, DAY.date, DAY.starts, DAY.ends) == before
        await connection.rollback()


async def test_calls_never_show_customers(service: Service) -> None:
    """Newest first, filtered; no customer, no address that is not of the web."""
    async with service.reader.connect() as connection:
        found = await calls.find(connection, DAY.date, agents=("ivan",), min_talk_s=600)
        seen = await states.of_day(connection, DAY.date)
    assert found
    assert [call.ended_at for call in found] == sorted((call.ended_at for call in found), reverse=True)
    assert not hasattr(found[0], "customer")
    assert all(call.recording_url is None or call.recording_url.startswith("https://") for call in found)
    assert len(seen) == 18


async def test_a_reader_cannot_write(service: Service) -> None:
    """The board's connections refuse to change anything."""
    async with service.reader.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError, match="read-only"):
            await connection.execute(sa.delete(tables.facts))
    assert working_day(FLOOR, DAY.date) == DAY
