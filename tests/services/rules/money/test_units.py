"""What is only expected is said without digits that nobody can know."""

import pytest

from services.rules.money.units import about


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (1_939_179_383, "RUB", 1_939_200_000),
        (1_939_149_999.6, "RUB", 1_939_100_000),
        (-1_939_179_383, "RUB", -1_939_200_000),
        (1_000_049_99, "RUB", 1_000_000_00),
        (999_999, "RUB", 1_000_000),
        (123_456, "RUB", 123_500),
        (19_391_793, "JPY", 19_392_000),
        (19_391_793_830, "KWD", 19_392_000_000),
        (0, "RUB", 0),
    ],
)
def test_thousands_from_ten_thousand_on(minor: float, currency: str, said: int) -> None:
    """Below, whole units; by the currency's own exponent."""
    assert about(minor, currency) == said
