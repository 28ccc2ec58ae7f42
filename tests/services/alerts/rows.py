"""Rows as ingest and the closer write them, for stories told as tables of events."""

from datetime import UTC, date, datetime, time
from itertools import count
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from schemas.facts import CALL
from schemas.rows import derived_id
from schemas.tables import closes, coaching, facts, slices, tasks, team_issues
from schemas.topics import key_hash

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Europe/Moscow")
_numbers = count(1)


def at(clock: str, day: date = DAY) -> datetime:
    """“10:02” or “10:02:30” of the floor's day."""
    return datetime.combine(day, time.fromisoformat(clock), ZONE).astimezone(UTC)


def call(clock, agent, line="pbx/trunk-a", disposition="answered", q850=None, received=None, day=DAY, customer=None):
    """One outbound call that ended at *clock*."""
    number = next(_numbers)
    ended, event = at(clock, day), derived_id("test", number)
    return {
        "event_id": event,
        "type": CALL,
        "source": line.split("/")[0],
        "day": day,
        "occurred_at": ended,
        "received_at": at(received, day) if received else ended,
        "agent": agent,
        "line": line,
        "key_hash": key_hash(agent or "x"),
        "direction": "outbound",
        "disposition": disposition,
        "talk_s": 60.0 if disposition == "answered" else 0.0,
        "q850": q850,
        "customer": customer or f"k1:{number:016x}",
        "data": {"call_id": f"pbx:{number}"},
        "content_hash": b"x" * 16,
    }


def dead_trunk(since="10:02", line="pbx/trunk-b"):
    """Four network failures of two agents, half a minute apart."""
    clock = at(since).astimezone(ZONE)
    stamps = [clock.replace(minute=clock.minute + n // 2, second=30 * (n % 2)).strftime("%H:%M:%S") for n in range(4)]
    return [call(stamp, agent, line, "failed", 34) for stamp, agent in zip(stamps, ["ivan", "maria"] * 2, strict=True)]


def close_row(slice_="11:00", trust=None, on_time=True, day=DAY):
    cut = at(slice_, day)
    return {
        "date": day,
        "slice": slice_,
        "cut_off": cut,
        "closed_at": cut,
        "floor_version": 1,
        "on_time": on_time,
        "trust": trust or {},
    }


def slice_row(agent, step="calls", done=7, target=12.4, level="soft", p_below=0.92, index=0.7, slice_="11:00", **more):
    return {
        "date": DAY,
        "slice": slice_,
        "agent": agent,
        "step": step,
        "team": "hunters",
        "cut_off": at(slice_),
        "done": done,
        "in_slice": done,
        "target": target,
        "index": index,
        "p_below": p_below,
        "level": level,
        "trusted": True,
        "late": 0,
        **more,
    }


def task_row(agent, step="calls", slice_="11:00", due="13:00", target=21, **more):
    return {
        "task": derived_id("task", DAY, slice_, agent, step),
        "date": DAY,
        "slice": slice_,
        "agent": agent,
        "team": "hunters",
        "step": step,
        "opened": at(slice_),
        "due": at(due),
        "target": target,
        "verified": None,
        "result": None,
        "evidence": {
            "why": "rate",
            "level": "soft",
            "done": 7,
            "target": 12.4,
            "index": 0.7,
            "p_below": 0.92,
            "scale": 1.0,
        },
        **more,
    }


def case_row(agent, step="calls", slice_="13:00"):
    return {
        "case": derived_id("case", agent),
        "date": DAY,
        "agent": agent,
        "team": "hunters",
        "step": step,
        "opened": at(slice_),
        "reason": "not_done_twice",
        "recheck_on": date(2026, 11, 30),
    }


DROP = {
    "step": "calls",
    "done": 12,
    "target": 60.0,
    "before_done": 81,
    "before_target": 80.0,
    "p_drop": 0.98,
    "agents": 4,
}


def issue_row(firing, slice_="11:00", *, dropped=False):
    step = {"step": "calls", "done": 41, "target": 80.0, "index": 0.7, "p_below": 0.994, "agents": 4}
    return {
        "date": DAY,
        "slice": slice_,
        "team": "hunters",
        "firing": firing,
        "evidence": {"steps": [step] if firing else [], **({"drops": [DROP]} if dropped else {})},
    }


TABLES = {
    "facts": facts,
    "closes": closes,
    "slices": slices,
    "tasks": tasks,
    "coaching": coaching,
    "issues": team_issues,
}


async def tell(engine, **rows):
    """``facts=[…], closes=[…]`` and so on, in one transaction."""
    async with engine.begin() as connection:
        for name, found in rows.items():
            for row in found:  # rows of one table may differ in their columns
                await connection.execute(insert(TABLES[name]).values(**row).on_conflict_do_nothing())
