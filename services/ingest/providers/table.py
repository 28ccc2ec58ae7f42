"""docs/PROVIDERS.md: what each provider can and cannot do, from its guide and its code.

``python -m services.ingest.providers`` writes it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from schemas.providers import ProviderGuide, guides
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import Provider, no_fetch

FILE: Final = Path(__file__).parents[3] / "docs" / "PROVIDERS.md"
_KINDS: Final = {"pbx": "PBX", "crm": "CRM", "payments": "payments", "any": "any"}
_HEAD: Final = """# Providers

Written by `python -m services.ingest.providers` from `schemas/providers/*.yaml` and the code; a test compares. How to connect
one is told by its README, and on the board's Sources page. Your system is not here? [MAPPED.md](MAPPED.md) reads any body by
expressions in the floor file; [ADDING_A_PROVIDER.md](ADDING_A_PROVIDER.md) makes it one of these.
"""


def text() -> str:
    """The file's content. Providers without a guide are left out; a test finds them."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    known = [(guides()[name], provider) for name, provider in sorted(PROVIDERS.items()) if name in guides()]
    known.sort(key=lambda pair: (list(_KINDS).index(pair[0].kind), pair[0].title.lower()))
    yield _HEAD
    yield from _row("provider", "kind", "counts", "events", "authentication", "reads back")
    yield from _row(*["---"] * 6)
    for guide, provider in known:
        yield from _row(*_cells(guide, provider))
    yield "\n## When Srez does not answer, and what is not covered\n"
    yield from _row("provider", "secrets", "by", "repeats", "not covered")
    yield from _row(*["---"] * 5)
    for guide, provider in known:
        yield from _row(
            guide.title,
            _secrets(guide),
            ", ".join(provider.methods),
            guide.retries,
            "; ".join(guide.not_covered) or "nothing known",
        )


def _cells(guide: ProviderGuide, provider: Provider) -> Sequence[str]:
    return (
        f"[{guide.title}](../services/ingest/providers/{_folder(provider)}/README.md) `{guide.name}`",
        _KINDS[guide.kind],
        ", ".join(guide.feeds).replace("_", " "),
        ", ".join(guide.events),
        guide.authentication,
        "yes" if provider.fetch is not no_fetch else "no",
    )


def _folder(provider: Provider) -> str:
    """Where its parser is defined; a package cannot be called 3cx."""
    return provider.parse.__module__.removeprefix(f"{__package__}.").partition(".")[0]


def _secrets(guide: ProviderGuide) -> str:
    """All that are required; where none is, one of those there are; what may be left out in brackets."""
    required = [f"`{secret.name}`" for secret in guide.secrets if secret.required]
    others = [f"`{secret.name}`" for secret in guide.secrets if not secret.required]
    if not required:
        return " or ".join(others)
    return ", ".join(required) + (f" ({', '.join(others)})" if others else "")


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(' '.join(cell.replace('|', '/').split()) for cell in cells)} |"
