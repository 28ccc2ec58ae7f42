"""Slack's modal forms about a task, and what is read from them when they are sent.

``private_metadata`` holds the task's id; nothing else of a form is trusted but what the person typed.
https://docs.slack.dev/reference/views/modal-views
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from schemas.acts import DISMISS_REASONS, Dismiss, Edit, TaskAct
from services.alerts.wording.language import Language

TARGET_MAX: Final = 10_000
LONGEST: Final = 2000
MAX_TITLE: Final = 24
MAX_PLACEHOLDER: Final = 150


class Invalid(Exception):
    """``block``: where in the form; ``key``: of the words that say what is wrong."""

    def __init__(self, block: str, key: str) -> None:
        super().__init__(key)
        self.block, self.key = block, key


def edit(task: Any, agent: str, what: str, words: Language) -> dict[str, Any]:
    """*what*: the head's own words until now, or an empty text."""
    number = {"type": "number_input", "action_id": "target", "is_decimal_allowed": False}
    number |= {"initial_value": str(task.target), "min_value": "1", "max_value": str(TARGET_MAX)}
    usual = words.say("form.what.hint", what=words.say(f"task.do.{task.step}"))
    return _modal(
        "task.edit",
        task,
        agent,
        words,
        [
            _input("target", words.say("form.target"), number),
            _input("what", words.say("form.what"), _text("what", what, usual), optional=True),
        ],
    )


def dismiss(task: Any, agent: str, words: Language) -> dict[str, Any]:
    options = [{"text": _plain(words.say(f"dismiss.{one}"), 75), "value": one} for one in DISMISS_REASONS]
    select = {"type": "static_select", "action_id": "reason", "options": options}
    return _modal(
        "task.dismiss",
        task,
        agent,
        words,
        [
            _input("reason", words.say("form.reason"), select),
            _input("note", words.say("form.note"), _text("note", ""), optional=True),
        ],
    )


def read(name: str, values: Mapping[str, Any], target: int, what: str) -> TaskAct | None:
    """The act that a sent form asks for; None: nothing was changed.

    Args:
        target, what: as they stand now.
    Raises: Invalid; KeyError, TypeError, AttributeError for what no form of ours is.
    """
    if name == "task.dismiss":
        reason = (values["reason"]["reason"]["selected_option"] or {})["value"]
        note = _typed(values, "note")
        if reason not in DISMISS_REASONS:
            raise KeyError(reason)
        if reason == "other" and not note:
            raise Invalid("note", "form.no_note")
        return Dismiss(reason=reason, note=note)
    typed = _typed(values, "target")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 5 and 1 <= int(typed) <= TARGET_MAX):
        raise Invalid("target", "form.no_target")
    said = _typed(values, "what")
    changed = Edit(target=int(typed) if int(typed) != target else None, what=said if said != what else None)
    return None if changed == Edit() else changed


def _typed(values: Mapping[str, Any], name: str) -> str:
    found = str(values[name][name].get("value") or "").strip()[:LONGEST]
    return "".join(one for one in found if one.isprintable() or one == "\n")


def _modal(name: str, task: Any, agent: str, words: Language, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    due: datetime = task.due
    about = words.say("form.about", agent=agent, wanted=words.count(task.target, task.step), due=words.at(due))
    return {
        "type": "modal",
        "callback_id": name,
        "private_metadata": str(task.task),
        "title": _plain(words.say(f"form.{name.partition('.')[2]}"), MAX_TITLE),
        "submit": _plain(words.say("form.save"), MAX_TITLE),
        "close": _plain(words.say("form.cancel"), MAX_TITLE),
        "blocks": [{"type": "section", "text": _plain(about, 3000)}, *blocks],
    }


def _input(name: str, label: str, element: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
    """A block whose ``block_id`` and ``action_id`` are both *name*."""
    return {"type": "input", "block_id": name, "label": _plain(label, 2000), "element": element, "optional": optional}


def _text(name: str, value: str, placeholder: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"type": "plain_text_input", "action_id": name, "multiline": True, "max_length": LONGEST}
    if value:
        found["initial_value"] = value
    return {**found, "placeholder": _plain(placeholder, MAX_PLACEHOLDER)} if placeholder else found


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text if len(text) <= limit else text[: limit - 1] + "…", "emoji": False}
