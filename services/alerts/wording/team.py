"""A team below its norm as a whole, or below its own earlier pace: the living message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.alerts.wording import handling
from services.alerts.wording.alert import by_data
from services.alerts.wording.content import Content, Section
from services.alerts.wording.language import Language

Payload = Mapping[str, Any]


def team(payload: Payload, words: Language) -> Content:
    named = ", ".join(words.say(f"step.{one['step']}").lower() for one in payload["steps"])
    told = _steps(payload, words)
    since = words.at(datetime.fromisoformat(payload["fired_at"]))
    if payload["state"] in ("resolved", "invalidated"):
        until = words.at(datetime.fromisoformat(payload["resolved_at"])).split()[-1]
        key = "team.title.closed" if payload.get("ended_by") == "day" else "team.title.resolved"
        key = key if by_data(payload) else "team.title.technical"
        title = words.say(key, team=payload["team_name"], since=since, until=until)
        return handling.living(title, [Section(told, bullets=True)], payload, words)
    title = words.say("team.title", team=payload["team_name"], steps=named)
    sections = [
        Section(told, bullets=True),
        Section((words.say("team.cause"), words.say("do", what=words.say("team.do")))),
    ]
    return handling.living(title, sections, payload, words)


def team_drop(payload: Payload, words: Language) -> Content:
    """Less than the team itself did before this slice today, and not below the norm as a whole."""
    named = ", ".join(words.say(f"step.{one['step']}").lower() for one in payload["drops"])
    told = _drops(payload, words)
    named_by = {"team": payload["team_name"], "slice": payload["slice"], "steps": named}
    if payload["state"] in ("resolved", "invalidated"):
        how = {"day": "closed", "other": "other"}.get(payload.get("ended_by") or "", "resolved")
        if payload["state"] == "invalidated":
            how = "other" if by_data(payload) else "technical"
        return handling.living(
            words.say(f"drop.title.{how}", **named_by), [Section(told, bullets=True)], payload, words
        )
    sections = [Section(told, bullets=True), Section((words.say("do", what=words.say("drop.do")),))]
    return handling.living(words.say("drop.title", **named_by), sections, payload, words)


def numbers(payload: Payload, words: Language) -> tuple[str, ...]:
    """What was done against what was due, a line a step."""
    return _drops(payload, words) if "drops" in payload else _steps(payload, words)


def _steps(payload: Payload, words: Language) -> tuple[str, ...]:
    return tuple(
        words.say(
            "team.step",
            step=words.say(f"step.{one['step']}"),
            done=words.number(one["done"]),
            target=words.due(one["target"]),
            slice=payload["slice"],
            sure=words.sure(one["p_below"]),
            below=words.number(payload["below"], 1),
            people=words.count(one["agents"], "people"),
        )
        for one in payload["steps"]
    )


def _drops(payload: Payload, words: Language) -> tuple[str, ...]:
    return tuple(
        words.say(
            "drop.step",
            step=words.say(f"step.{one['step']}"),
            done=words.number(one["done"]),
            target=words.due(one["target"]),
            before=words.number(one["before_done"]),
            before_target=words.due(one["before_target"]),
            sure=words.sure(one["p_drop"]),
            below=words.number(payload["below"], 1),
        )
        for one in payload["drops"]
    )
