"""The manager and the deal of a payment: payment services carry them only in the metadata that the seller wrote."""

from collections.abc import Sequence
from typing import Any, Final

from services.ingest.providers import values
from services.kit.errors import BadInput

IDENTITY: Final = ("manager", "agent", "manager_id", "agent_id")
DEAL: Final = ("deal", "deal_id", "order_id", "order")


def keys(option: object, name: str, default: Sequence[str]) -> Sequence[str]:
    """Keys that ``sources[].options.<name>`` lists: one text or a list of them; *default* when it is not given.

    Raises: BadInput, naming the option.
    """
    if option is None:
        return default
    listed = [option] if isinstance(option, str) else option
    if not isinstance(listed, list | tuple) or not all(isinstance(key, str) and key for key in listed):
        raise BadInput(f"sources[].options.{name} is no key of the metadata and no list of keys", "bad_value")
    return listed


def named(holders: Sequence[object], wanted: Sequence[str]) -> str | None:
    """The first value that one of the *wanted* keys has in one of the *holders* (objects of metadata)."""
    found: list[Any] = [values.mapping(holder).get(key) for holder in holders for key in wanted]
    return next((clean for value in found if (clean := values.text(value))), None)
