"""Major units of a CRM into minor units."""

import pytest

from services.ingest.providers import money


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1500.5", "RUB", 150050),
        ("1 500,50", "RUB", 150050),
        (1, "RUB", 100),
        ("0", "RUB", 0),
        ("1000", "JPY", 1000),
        ("1.2345", "KWD", 1235),
        ("0.005", "USD", 1),
        (19.99, "EUR", 1999),
        ("1,500", "USD", 150000),
        ("120,000.50", "USD", 12000050),
        ("1.500,50", "EUR", 150050),
        ("2\u202f000\xa0000", "XAF", 2000000),
        ("1500,5", "RUB", 150050),
        ("0,500", "KWD", 500),
        ("1.500", "EUR", 150),
    ],
)
def test_by_the_exponent_of_the_currency(amount: object, currency: str, expected: int) -> None:
    """Two places unless the currency has none or three; halves go up."""
    assert money.minor(amount, currency) == expected


@pytest.mark.parametrize("amount", ["", "-1", "abc", None, True, "NaN", "1e30", [], {}, "1,50,0", "1.5.0", ","])
def test_no_amount(amount: object) -> None:
    """Garbage, negative and absurd amounts are None."""
    assert money.minor(amount, "RUB") is None
