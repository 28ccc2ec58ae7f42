"""Every provider has a guide, and what the guide says agrees with the code."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.floor import SourceConfig
from schemas.providers import ProviderGuide, guides
from services.board.view.sources import address, setup
from services.board.words import words
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import no_fetch

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WITHOUT_PROVIDER_SECRETS = {"path", "basic"}


def test_each_provider_has_a_guide() -> None:
    """And no guide is left over."""
    assert set(guides()) == set(PROVIDERS)


@pytest.mark.parametrize("guide", guides().values(), ids=guides())
def test_the_guide_agrees_with_the_provider(guide: ProviderGuide) -> None:
    """Secrets that the provider demands are explained as required; reading back is said where it is done."""
    provider = PROVIDERS[guide.name]
    required = {secret.name for secret in guide.secrets if secret.required}
    assert set(provider.required_secrets) == required - WITHOUT_PROVIDER_SECRETS
    assert guide.reads_back == (provider.fetch is not no_fetch)
    assert bool(guide.reads_back_with) == guide.reads_back
    assert set(guide.reads_back_with) <= {secret.name for secret in guide.secrets if not secret.required}
    assert any("{url}" in step.en for step in guide.setup)
    assert all(step.ru.count("{url}") == step.en.count("{url}") for step in guide.setup)
    if not provider.required_secrets:
        assert guide.secrets, "something must prove who sends"


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("guide", guides().values(), ids=guides())
def test_the_address_holds_its_secret_once(guide: ProviderGuide, language: str) -> None:
    """With a path secret every address, and the whole of each step for each address in it, has one placeholder."""
    w = words(language, ZoneInfo("UTC"), NOW.date())  # type: ignore[arg-type]
    names = [secret.name for secret in guide.secrets if secret.required] or [guide.secrets[0].name]
    config = SourceConfig.model_validate(
        {"id": "one", "provider": guide.name, "secrets": {name: {"env": f"X_{name.upper()}"} for name in names}}
    )
    once = int("path" in names)
    shown = setup(config, "https://srez.example", w)
    placeholder = f"<{w('sources.secret_here')}>"
    assert shown.url.count(placeholder) == once
    assert address(config, guide, "https://srez.example") == "https://srez.example/hooks/one" + "/<secret>" * once
    for step in shown.steps:
        text = "".join(part for part, _ in step.parts) + step.code
        assert text.count(placeholder) == once * text.count("https://srez.example/hooks/one")
        assert "path secret" not in text
        assert "секрет path" not in text


@pytest.mark.parametrize("guide", guides().values(), ids=guides())
def test_what_one_chooses_oneself_is_marked(guide: ProviderGuide) -> None:
    """`made_up` stands exactly where the text says so: `srez up` makes those, and never invents a vendor's key."""
    for secret in guide.secrets:
        text = secret.where.en.lower()
        told = any(words in text for words in OWN_WORDS) or secret.name in {"path", "basic", "bearer"}
        assert secret.made_up == told, secret.name


OWN_WORDS = ("make one up", "make it up", "make up", "of your own:", "your own:", "yourself", "random")
