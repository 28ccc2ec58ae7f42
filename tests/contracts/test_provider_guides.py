"""Every provider has a guide, and what the guide says agrees with the code."""

import pytest

from schemas.providers import ProviderGuide, guides
from services.ingest.providers import PROVIDERS
from services.ingest.providers.base import no_fetch

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
    assert any("{url}" in step.en for step in guide.setup)
    assert all(step.ru.count("{url}") == step.en.count("{url}") for step in guide.setup)
    if not provider.required_secrets:
        assert guide.secrets, "something must prove who sends"


@pytest.mark.parametrize("guide", guides().values(), ids=guides())
def test_what_one_chooses_oneself_is_marked(guide: ProviderGuide) -> None:
    """`made_up` stands exactly where the text says so: `srez up` makes those, and never invents a vendor's key."""
    for secret in guide.secrets:
        text = secret.where.en.lower()
        told = any(words in text for words in OWN_WORDS) or secret.name in {"path", "basic", "bearer"}
        assert secret.made_up == told, secret.name


OWN_WORDS = ("make one up", "make it up", "make up", "of your own:", "your own:", "yourself", "random")
