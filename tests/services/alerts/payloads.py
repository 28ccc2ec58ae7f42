"""Payloads and floors that the tests of alerts share."""

from copy import deepcopy
from typing import Any

from schemas.floor import Floor, parse

FLOOR = """
version: 1
floor: main
name: Отдел
timezone: Europe/Moscow
language: ru
currency: RUB
day: {start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams:
  - {id: hunters, name: Хантеры, trainer: oleg, slack: {channel: C0HUNTERS, lead: U0ANNA}}
agents:
  - {id: ivan, name: Иван Петров, team: hunters, identities: {pbx: ["1"]}}
  - {id: maria, name: Мария Соколова, team: hunters, identities: {pbx: ["2"]}}
  - {id: petr, name: Пётр Лунин, team: hunters, identities: {pbx: ["3"]}}
  - {id: olga, name: Ольга Край, team: hunters, identities: {pbx: ["4"]}}
norms:
  - {for: {team: hunters}, per_day: {calls: 80, presentations: 8}}
sources:
  - {id: pbx, provider: generic, secrets: {signing: {env: PBX}}, feeds: [calls, presentations], expect_every_s: 120}
notify:
  channels:
    - {id: slack, kind: slack, token: {env: SLACK_BOT_TOKEN}}
  routes:
    - {match: {kind: [outage, data]}, to: [slack], channel: C0FLOOR}
    - {match: {kind: [task, slice, coaching, efficiency]}, to: [slack]}
"""


def floor(text: str = FLOOR) -> Floor:
    return parse(text)


FRAME = {"language": "ru", "timezone": "Europe/Moscow", "date": "2026-11-23", "team": None, "board": None}

LINE: dict[str, Any] = {
    **FRAME,
    "form": "line",
    "kind": "outage",
    "alert": "a-1",
    "state": "firing",
    "verdict": "line",
    "scope": "line:pbx/trunk-b",
    "fired_at": "2026-11-23T11:33:10+00:00",
    "resolved_at": None,
    "evidence": {
        "path": "in_a_row",
        "attempts": 4,
        "failures": 4,
        "p_value": None,
        "base": 0.03,
        "codes": {"Q.850 34": 4},
        "agents": 2,
        "calls": ["pbx:1", "pbx:2"],
        "since": "2026-11-23T11:31:00+00:00",
        "total_failures": 4,
        "failures_by_agent": {"ivan": 3, "maria": 1},
        "ok_by_others": 0,
        "line": "pbx/trunk-b",
        "rules_out": ["people", "other_lines"],
    },
    "phase": "failing",
    "ended_by": None,
    "technical": ["ivan", "maria"],
    "again": 1,
    "mentions": [],
    "line": "pbx/trunk-b",
    "agent": None,
    "names": {"ivan": "Иван Петров", "maria": "Мария Соколова"},
    "last_failure": "2026-11-23T11:33:10+00:00",
    "recover_s": 600,
}

SILENCE: dict[str, Any] = {
    **FRAME,
    "form": "silence",
    "kind": "data",
    "alert": "a-2",
    "state": "firing",
    "verdict": "undetermined",
    "scope": "source:pbx",
    "fired_at": "2026-11-23T07:20:00+00:00",
    "resolved_at": None,
    "evidence": {"since": "2026-11-23T10:05:00+03:00", "expected": 10.2, "expect_every_s": 120, "source": "pbx"},
    "phase": None,
    "ended_by": None,
    "technical": [],
    "again": 3,
    "mentions": [],
    "source": "pbx",
    "shown_since": "2026-11-23T07:05:00+00:00",
    "expected_until": 11.4,
}

TEAM: dict[str, Any] = {
    **FRAME,
    "form": "team",
    "kind": "efficiency",
    "alert": "a-3",
    "state": "firing",
    "verdict": "offer_or_crm",
    "scope": "team:hunters",
    "team": "hunters",
    "team_name": "Хантеры",
    "fired_at": "2026-11-23T08:00:00+00:00",
    "resolved_at": None,
    "evidence": {
        "steps": [],
        "slice": "11:00",
        "p_value": 0.006,
        "window_from": "2026-11-23T06:00:00+00:00",
        "window_until": "2026-11-23T08:00:00+00:00",
        "calls": ["pbx:1"],
        "calls_of": "calls",
        "rules_out": ["single_agents"],
    },
    "steps": [{"step": "calls", "done": 41, "target": 80.0, "index": 0.7, "p_below": 0.994, "agents": 4}],
    "slice": "11:00",
    "below": 0.9,
    "phase": "11:00",
    "ended_by": None,
    "technical": [],
    "again": 1,
    "mentions": ["U0ANNA"],
}

TASK: dict[str, Any] = {
    "task": "t-1",
    "agent": "ivan",
    "name": "Иван Петров",
    "step": "presentations",
    "target": 2,
    "due": "2026-11-23T10:00:00+00:00",
    "result": None,
    "why": "rate",
    "done": 1,
    "target_now": 4.4,
    "p_below": 0.92,
    "scale": 1.0,
}

SLICE: dict[str, Any] = {
    **FRAME,
    "team": "hunters",
    "form": "slice",
    "kind": "slice",
    "slice": "11:00",
    "team_name": "Хантеры",
    "steps": [{"step": "calls", "done": 96, "target": 104.2}, {"step": "payments", "done": 1, "target": None}],
    "tasks": [TASK],
    "verified": [
        {
            **TASK,
            "task": "t-0",
            "agent": "maria",
            "name": "Мария Соколова",
            "step": "calls",
            "target": 21,
            "result": "done",
        }
    ],
    "carried": [],
    "lagging": [{"agent": "petr", "name": "Пётр Лунин", "step": "calls", "done": 7, "target": 12.4, "p_below": 0.81}],
    "good": [
        {
            "agent": "olga",
            "name": "Ольга Край",
            "step": "calls",
            "done": 31,
            "target": 20.0,
            "p_below": 0.01,
            "what": "ahead",
        }
    ],
    "coaching": [],
    "untrusted": {},
    "late": 0,
    "technical": 0,
    "as_of": "2026-11-23T08:03:00+00:00",
    "below": 0.9,
    "mentions": ["U0ANNA"],
}

COACHING: dict[str, Any] = {
    **FRAME,
    "form": "coaching",
    "kind": "coaching",
    "team": "hunters",
    "case": "c-1",
    "agent": "ivan",
    "name": "Иван Петров",
    "step": "long_calls",
    "reason": "not_done_twice",
    "recheck_on": "2026-11-30",
    "trainer": "oleg",
    "mentions": ["U0ANNA"],
}

REPORT: dict[str, Any] = {
    **FRAME,
    "board": "https://srez.test/",
    "form": "report",
    "kind": "report",
    "floor": "Отдел",
    "slice": "18:00",
    "steps": [
        {"step": "calls", "done": 1203, "target": 1310.4, "plan": 1320},
        {"step": "payments", "done": 4, "target": None, "plan": None},
    ],
    "teams": [
        {"team": "hunters", "name": "Хантеры", "steps": [{"step": "calls", "done": 700, "target": 800.0, "plan": 800}]},
        {"team": "farmers", "name": "Фермеры", "steps": [{"step": "calls", "done": 503, "target": None, "plan": None}]},
    ],
    "month": {
        "done": 90_000_000,
        "median": 180_000_000,
        "low": 150_000_000,
        "high": 210_000_000,
        "plan": 200_000_000,
        "p_plan": 0.34,
        "currency": "RUB",
    },
    "money": [
        {"kind": "invoices", "currency": "RUB", "minor": 340_000_000},
        {"kind": "payments", "currency": "RUB", "minor": 125_000_050},
        {"kind": "payments", "currency": "EUR", "minor": 50_000},
    ],
    "risk": {
        "total": 300_000_00,
        "currency": "RUB",
        "causes": [{"cause": "technical", "minor": 50_000_00}, {"cause": "conversion", "minor": 250_000_00}],
        "broken": "presentations",
    },
    "look": [{"agent": f"a{n}", "name": f"Агент {n}", "n": 1} for n in range(1, 8)],
    "outcomes": [
        {"agent": "mark", "name": "Марк Ефремов", "step": "presentations", "outcome": "grown"},
        {"agent": "dina", "name": "Дина Мурашко", "step": "calls", "outcome": None},
    ],
    "tasks": {"given": 6, "results": {"done": 3, "not_done": 1, "invalidated": 1}},
    "coaching": [{"case": "c-1", "agent": "ivan", "name": "Иван Петров", "step": "calls", "reason": "not_done_twice"}],
    "incidents": [
        {
            "alert": "a-1",
            "kind": "outage",
            "verdict": "line",
            "what": "line",
            "name": "pbx/trunk-b",
            "fired_at": "2026-11-23T11:31:00+00:00",
            "resolved_at": "2026-11-23T11:52:00+00:00",
            "minutes": 42,
            "agents": ["ivan", "maria"],
        }
    ],
    "not_closed": [],
    "closed_late": [],
    "untrusted": ["11:00"],
    "late": 2,
    "as_of": "2026-11-23T15:03:00+00:00",
}

ALL = {
    "line": LINE,
    "line_details": {**LINE, "form": "line_details", "parent": "a-1"},
    "silence": SILENCE,
    "team": TEAM,
    "team_drop": {
        **TEAM,
        "form": "team_drop",
        "alert": "a-4",
        "verdict": "undetermined",
        "slice": "13:00",
        "below": 0.8,
        "drops": [
            {
                "step": "calls",
                "done": 12,
                "target": 60.0,
                "before_done": 81,
                "before_target": 80.0,
                "p_drop": 0.98,
                "agents": 4,
            }
        ],
    },
    "team_details": {**TEAM, "form": "team_details", "parent": "a-3"},
    "silence_details": {**SILENCE, "form": "silence_details", "parent": "a-2"},
    "slice": SLICE,
    "task": {
        **FRAME,
        "form": "task",
        "kind": "task",
        "team": "hunters",
        "slice": "11:00",
        "below": 0.9,
        "task": TASK,
        "parent": "s",
    },
    "coaching": COACHING,
    "report": REPORT,
}


def but(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with changes; a key such as ``evidence__agents`` goes one level down."""
    found = deepcopy(payload)
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        if inner:
            found[outer][inner] = value
        else:
            found[outer] = value
    return found
