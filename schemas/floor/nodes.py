"""Places in the text of a YAML file, found by the marks of its nodes: what is put there leaves all else as it was written."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


class Edit(NamedTuple):
    """``text[start:end]`` becomes *by*."""

    start: int
    end: int
    by: str


def compose(text: str) -> Any:
    return YAML().compose(text)


def edited(text: str, edits: Iterable[Edit]) -> str:
    """All edits of one text; they do not overlap. What is put into the same place stands there in the order given."""
    in_order = sorted(edits, key=lambda one: one[:2])
    for start, end, by in in_order[::-1]:
        text = f"{text[:start]}{by}{text[end:]}"
    return text


def addition(text: str, node: Any, entries: Sequence[str]) -> Edit:
    """*entries* as further ones of a mapping or sequence: at the end in flow style, else before the last one.

    (Where a block ends is not known: its end mark lies behind comments that belong to what follows.)
    """
    if not node.value:
        at = node.start_mark.index + 1
        return Edit(at, at, ", ".join(entries))
    last = node.value[-1]
    key, value = last if isinstance(last, tuple) else (last, last)
    if node.flow_style:
        at = value.end_mark.index
        return Edit(at, at, "".join(f", {entry}" for entry in entries))
    newline = "\r\n" if "\r\n" in text else "\n"
    dash = "- " if isinstance(node, SequenceNode) else ""
    at = key.start_mark.index
    return Edit(at, at, "".join(f"{entry}{newline}{' ' * node.start_mark.column}{dash}" for entry in entries))


def items(node: Node | None) -> list[Any]:
    return list(node.value) if isinstance(node, SequenceNode) else []


def value(node: Node | None, key: str) -> Any:
    if not isinstance(node, MappingNode):
        return None
    return next((found for name, found in node.value if scalar(name) == key), None)


def scalar(node: Any) -> str | None:
    found = getattr(node, "value", None)
    return found if isinstance(found, str) else None
