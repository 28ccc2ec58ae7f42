"""What a person must know to connect a provider: one YAML file each, read by the board, the doctor and the docs."""

import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

_NAME: Final = re.compile(r"^[a-z0-9][a-z0-9_]*$")
Feed = Literal["calls", "presentations", "invoices", "payments", "agent_state", "transcripts", "scores"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(Strict):
    """A text in the languages of the product."""

    en: str
    ru: str


class SecretGuide(Strict):
    """A key of ``sources[].secrets`` and where its value is found at the provider.

    ``made_up``: the integrator chooses it and tells the provider; else the provider issues it, and inventing one is wrong.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    made_up: bool = False
    required: bool = True
    where: Told


class ProviderGuide(Strict):
    """``setup``: steps in order; ``{url}`` stands for the whole address to paste, a path secret included as a placeholder
    where the source has one, ``{source}`` for the source's id.

    ``secrets``: where none is required, at least one of them must be given.
    ``path``: what the address has after the source's id, besides a secret (``/events`` …); "" when nothing.
    """

    name: str = Field(pattern=_NAME.pattern)
    title: str
    kind: Literal["pbx", "crm", "payments", "any"]
    feeds: tuple[Feed, ...] = Field(min_length=1)
    events: tuple[str, ...] = Field(min_length=1, description="the provider's own names of what we count")
    authentication: str = Field(description="English, one line")
    retries: str = Field(description="what the provider does when we do not answer; 'not documented' if nobody knows")
    reads_back: bool = Field(False, description="thin events are completed by asking the provider")
    reads_back_with: tuple[str, ...] = Field((), description="secrets that asking takes, all of them")
    secrets: tuple[SecretGuide, ...] = ()
    path: str = Field("", pattern=r"^(/[A-Za-z0-9._~-]+)*$")
    setup: tuple[Told, ...] = Field(min_length=1)
    fields: tuple[str, ...] = Field((), description="keys of sources[].fields and .options that matter here")
    not_covered: tuple[str, ...] = Field(
        (), description="English, one line each; [] only when nothing is known to lack"
    )


@cache
def guides() -> dict[str, ProviderGuide]:
    """All guides by provider. Raises: pydantic.ValidationError for a file that breaks the model."""
    names = sorted(file.name for file in files(__name__).iterdir() if file.name.endswith(".yaml"))
    return {found.name: found for name in names if (found := guide(name.removesuffix(".yaml")))}


@cache
def guide(name: str) -> ProviderGuide | None:
    """One guide, read alone; None when there is none. Raises: as ``guides``."""
    file = files(__name__) / f"{name}.yaml"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    return ProviderGuide.model_validate(YAML(typ="safe").load(file.read_text(encoding="utf-8")), strict=False)
