"""What every message of an alert carries, whatever it found: who has it, that it was said again, the buttons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.alerts.wording.content import Button, Content, Section
from services.alerts.wording.language import Language

Payload = Mapping[str, Any]
OPEN = ("firing", "acknowledged")
LISTED: Final = 5


def standing(payload: Payload, words: Language) -> tuple[str, ...]:
    """Lines that say who has it and what was done about it."""
    found = []
    owner, acted = payload.get("owner"), payload.get("acted") or {}
    if payload["state"] == "acknowledged" and owner:
        found.append(words.say("handling.owner", owner=owner))
    elif payload["state"] == "firing":
        if payload.get("escalated"):
            found.append(words.say("handling.escalated"))
        elif payload.get("reminders"):
            found.append(words.say("handling.nobody"))
    key = f"handling.did.{acted.get('what')}"
    if acted.get("what") in ("mute", "technical", "not_technical", "resolve"):
        note = f": {acted['note']}" if acted.get("note") else ""
        at = words.at(datetime.fromisoformat(acted["at"]))
        found.append(words.say(key, by=acted["by"], at=at, note=note, taken=_taken(acted, words)))
    return tuple(found)


def _taken(acted: Mapping[str, Any], words: Language) -> str:
    """Whose time a person's verdict took, from when to when."""
    if "people" not in acted:
        return words.say("handling.taken.bare")
    since, until = (words.at(datetime.fromisoformat(acted[end])) for end in ("since", "until"))
    return words.say("handling.taken", since=since, until=until, people=words.count(acted["people"], "people"))


def _also(payload: Payload, words: Language) -> Section:
    """Severe alerts that are told in the thread of this one, newest first."""
    titles = list(reversed(payload.get("also") or ()))
    if not titles:
        return Section(())
    rest = [words.say("more", n=len(titles) - LISTED)] if len(titles) > LISTED else []
    return Section((*titles[:LISTED], *rest), heading=words.say("handling.also"), bullets=True)


def buttons(payload: Payload, words: Language) -> tuple[Button, ...]:
    """What may be done now; the value of each is the alert."""
    alert, found = payload["alert"], []
    if payload["state"] in OPEN:
        taken = payload["state"] == "acknowledged"
        acts = ["unacknowledge" if taken else "acknowledge", "mute", "technical"]
        found = [Button(f"alert.{act}", words.say(f"button.{act}"), alert, act == "acknowledge") for act in acts]
    elif payload["state"] == "invalidated" and (payload.get("acted") or {}).get("what") == "technical":
        found = [Button("alert.not_technical", words.say("button.not_technical"), alert)]
    elif payload["state"] == "resolved" and payload["kind"] == "efficiency":
        found = [Button("alert.technical", words.say("button.technical"), alert)]
    if payload.get("board"):
        address = f"{payload['board'].rstrip('/')}/alerts?date={payload['date']}#alert-{alert}"
        found.append(Button("alert.open", words.say("button.open"), alert, url=address))
    return tuple(found)


def living(title: str, sections: Sequence[Section], payload: Payload, words: Language) -> Content:
    """The living message of an alert: its sections, who has it, the buttons, and the data that machines get."""
    note = words.say("again", nth=words.nth(payload["again"])) if payload.get("again", 1) > 1 else ""
    data = {
        key: payload[key]
        for key in (
            "kind",
            "alert",
            "state",
            "verdict",
            "scope",
            "team",
            "fired_at",
            "resolved_at",
            "evidence",
            "owner",
        )
        if payload.get(key) is not None
    }
    return Content(
        title,
        tuple(
            section
            for section in (*sections, Section(standing(payload, words)), _also(payload, words))
            if section.lines
        ),
        note=note,
        mentions=tuple(payload.get("mentions", ())),
        link=(words.say("board"), payload["board"]) if payload.get("board") else None,
        more=words.say("more", n="{n}"),
        data=data,
        final=payload["state"] in ("resolved", "invalidated"),
        buttons=buttons(payload, words),
    )


def reminder(payload: Payload, words: Language, living: Content) -> Content:
    """That it still lasts and nobody has taken it, below its living message."""
    key = "handling.reminder.escalated" if payload.get("escalated") else "handling.reminder"
    since = datetime.fromisoformat(payload["fired_at"])
    return Content(
        words.say("handling.again", title=living.title),
        (Section((words.say(key, since=words.at(since)),)),),
        mentions=tuple(payload.get("mentions", ())),
        more=words.say("more", n="{n}"),
        data=living.data,
        final=True,
        broadcast=bool(payload.get("broadcast")),
    )


def grown(payload: Payload, words: Language, living: Content) -> Content:
    """That it has become severe since it was told, below its living message."""
    people = len(payload["technical"])
    said = words.say("handling.grown.people", people=words.count(people, "of_people")) if people else ""
    return Content(
        words.say("handling.grown", title=living.title),
        tuple(section for section in (Section((said,) if said else ()),) if section.lines),
        mentions=tuple(payload.get("mentions", ())),
        more=words.say("more", n="{n}"),
        data=living.data,
        final=True,
    )
