"""Tasks in words: their lines in the message of a slice, each with its menu, and the details in its thread with buttons."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from schemas.steps import STEPS
from services.alerts.wording.content import Button, Content, Section
from services.alerts.wording.language import Language

Payload = Mapping[str, Any]
MENUS: Final = 20
"""So many tasks of a slice get a menu of their own; a message holds 50 blocks."""
OWN_TEAM: Final = 0.995
"""A part of the norm below this is said; above it two digits would read 1."""


def sections(payload: Payload, words: Language) -> list[Section]:
    """A section for each task, with its menu; of very many the rest as one without."""
    told = [
        Section((_line(payload, one, words),), bullets=True, menu=menu(payload, one, words)) for one in payload["tasks"]
    ]
    if len(told) > MENUS:
        rest = tuple(line for one in told[MENUS:] for line in one.lines)
        told = [*told[:MENUS], Section(rest, bullets=True)]
    return [replace(one, heading=words.say("slice.tasks")) if one is told[0] else one for one in told]


def _line(payload: Payload, task: Mapping[str, Any], words: Language) -> str:
    named = {"agent": task["name"], "wanted": wanted(task, words), "due": words.at(datetime.fromisoformat(task["due"]))}
    if task.get("dismissed"):
        return words.say("slice.task.dismissed", **named, why=words.say(f"dismiss.{task['dismissed']}"))
    if "ground" in task:
        return words.say("slice.task.ground", **named, why=lost_ground(task["ground"], words))
    if task.get("result") == "invalidated":
        return words.say("slice.task.off", **named)
    line = words.say(
        "slice.task.team" if scaled(task) else "slice.task",
        **named,
        by=words.say(f"slice.task.by_{'head' if _set_by_head(task) else 'norm'}"),
        step=words.say(f"step.{task['step']}").lower(),
        done=words.number(task["done"]),
        target=words.due(task["target_now"]),
        sure=words.sure(task["p_below"]),
        below=words.number(payload["below"], 1),
    )
    marks = [words.say(f"task.mark.{mark}") for mark in _marks(task)]
    return _again(task, words) + (f"{line}. {', '.join(marks)}" if marks else line)


def lost_ground(ground: Mapping[str, Any], words: Language) -> str:
    """Why the slice that gave a task would not give it now."""
    if not ground["technical_min"] or ground["target"] is None:
        return words.say("ground.bare", slice=ground["slice"])
    return words.say(
        "ground",
        slice=ground["slice"],
        minutes=words.count(round(ground["technical_min"]), "minute"),
        step=words.say(f"step.{ground['step']}").lower(),
        done=words.number(ground["done"]),
        target=words.due(ground["target"]),
    )


def _set_by_head(task: Mapping[str, Any]) -> bool:
    """Whether the target is another than what the norm asks for until then."""
    return any(one["act"] == "edit" and one.get("target") is not None for one in task.get("acts") or ())


def _marks(task: Mapping[str, Any]) -> list[str]:
    """What was done about it, each once, in few words."""
    acts = [one["act"] for one in task.get("acts") or ()]
    found = [mark for mark in ("edit", "talk") if mark in acts]
    state = task.get("state")
    return [*([state] if state in ("confirmed", "acknowledged") else []), *found]


def menu(payload: Payload, task: Mapping[str, Any], words: Language) -> tuple[Button, ...]:
    """What may be done about a task now; nothing but opening it once it is verified or dismissed."""
    found: list[Button] = []
    if not task.get("dismissed") and not task.get("result"):
        if task.get("state", "proposed") == "proposed":
            found.append(Button("task.confirm", words.say("button.task.confirm"), task["task"], first=True))
        found.append(Button("task.talk", words.say("button.task.talk"), task["task"]))
        found.append(Button("task.edit", words.say("button.task.edit"), task["task"], asks=True))
        found.append(Button("task.dismiss", words.say("button.task.dismiss"), task["task"], asks=True))
    if payload.get("board"):
        found.append(Button("task.open", words.say("button.open"), task["task"], url=address(payload, task)))
    return tuple(found)


def address(payload: Payload, task: Mapping[str, Any]) -> str:
    return f"{payload['board'].rstrip('/')}/tasks/{task['task']}"


def done(task: Mapping[str, Any], words: Language) -> tuple[str, ...]:
    """Who did what about it and when, oldest first; an act of a newer version is left out."""
    found = []
    for one in task.get("acts") or ():
        named = {"by": one["by"], "at": words.at(datetime.fromisoformat(one["at"]))}
        note = f": {one['note']}" if one.get("note") else ""
        match one["act"]:
            case "confirm" | "acknowledge":
                found.append(words.say(f"task.did.{one['act']}", **named))
            case "talk":
                found.append(words.say("task.did.talk", **named, note=note))
            case "dismiss":
                why = words.say(f"dismiss.{one['reason']}")
                found.append(words.say("task.did.dismiss", **named, why=why, note=note))
            case "edit":
                if one.get("target") is not None and one.get("was") is not None:
                    both = {"target": words.number(one["target"]), "was": words.number(one["was"])}
                    found.append(words.say("task.did.target", **named, **both))
                if one.get("what") is not None:
                    found.append(words.say("task.did.what", **named))
    return tuple(found)


def scaled(task: Mapping[str, Any]) -> bool:
    """Given against the own team, the whole of it being below the norm."""
    return bool(task["scale"] < OWN_TEAM)


def task(payload: Payload, words: Language) -> Content:
    """One task, in the thread of its slice."""
    found = payload["task"]
    step = words.say(f"step.{found['step']}")
    told = [
        words.say(
            "task.fact.team" if scaled(found) else "task.fact",
            step=step,
            done=words.number(found["done"]),
            target=words.due(found["target_now"]),
            slice=payload["slice"],
            sure=words.sure(found["p_below"]),
            below=words.number(payload["below"], 1),
        ),
        words.say(f"task.why.{found['why']}", step=step.lower()),
    ]
    if scaled(found):
        told.append(words.say("task.scale", scale=words.number(found["scale"], 2)))
    title = words.say(
        "task.title",
        agent=found["name"],
        wanted=wanted(found, words),
        due=words.at(datetime.fromisoformat(found["due"])),
    )
    told += _advice(found, words)
    if "ground" in found:
        told = [words.say("task.ground", why=lost_ground(found["ground"], words))]
    if (again := _again(found, words)) and "ground" not in found:
        told.insert(0, again.strip())
    said = next((one["what"] for one in reversed(found.get("acts") or ()) if one.get("what") is not None), "")
    do = words.say("do", what=said or words.say(f"task.do.{found['step']}"))
    sections, off = [Section(tuple(told))], "ground" in found
    if found.get("hear") and not off:
        sections.append(Section(tuple(_hear(found, words)), heading=words.say("task.hear"), bullets=True))
    return Content(
        title,
        tuple(one for one in (*sections, Section(() if off else (do,)), Section(done(found, words))) if one.lines),
        link=(words.say("board"), address(payload, found)) if payload.get("board") else None,
        more=words.say("more", n="{n}"),
        final=True,
        buttons=menu(payload, found, words),
    )


def _again(task: Mapping[str, Any], words: Language) -> str:
    n = task.get("again") or 1
    return words.say("task.again", nth=words.nth(n)) + " " if n > 1 else ""


def _advice(task: Mapping[str, Any], words: Language) -> list[str]:
    """Counts of the neighbouring steps that go with the target."""
    told = task.get("advice") or {}
    named = [words.count(told[step], step) for step in STEPS if step in told]
    return [words.say("task.advice", steps=", ".join(named))] if named else []


def _hear(task: Mapping[str, Any], words: Language) -> list[str]:
    """Calls to hear, each with why; an address of a recording that names a phone number was left out at the close."""
    lines = []
    for one in task["hear"]:
        at, talk = words.at(datetime.fromisoformat(one["ended_at"])), _clock(one["talk_s"])
        pause = words.count(round(one.get("pause_s", 0) / 60), "minute")
        line = words.say(
            "hear.call",
            at=at,
            talk=talk,
            why=words.say(f"hear.{one['why']}", talk=talk, pause=pause, agent=one["name"]),
        )
        lines.append(f"{line} {one['recording']}" if one.get("recording") else line)
    return lines


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def wanted(task: Mapping[str, Any], words: Language) -> str:
    return words.count(task["target"], task["step"])
