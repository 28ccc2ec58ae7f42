"""docs/PROVIDERS.md is what guides and code say today."""

import re

from schemas.providers import guides
from services.ingest.providers import PROVIDERS
from services.ingest.providers.table import FILE, text


def test_the_table_is_up_to_date() -> None:
    """When it is not: python -m services.ingest.providers"""
    assert FILE.read_text(encoding="utf-8") == text()


def test_every_provider_is_in_the_table_and_its_readme_is_there() -> None:
    """Twice: what it does, and what it does not."""
    for name in sorted(set(PROVIDERS) & set(guides())):
        assert text().count(f"| {guides()[name].title} |") == 1
    links = re.findall(r"\]\((\.\./[^)]+)\)", text())
    assert len(links) == len(set(PROVIDERS) & set(guides()))
    assert [link for link in links if not (FILE.parent / link).is_file()] == []
