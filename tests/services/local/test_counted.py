"""Console sentences count in English."""

import pytest

from services.local.counted import counted


@pytest.mark.parametrize(
    ("n", "one", "many", "expected"),
    [
        (0, "fact", "", "0 facts"),
        (1, "fact", "", "1 fact"),
        (2, "fact", "", "2 facts"),
        (1, "person", "people", "1 person"),
        (3, "person", "people", "3 people"),
    ],
)
def test_one_and_many(n: int, one: str, many: str, expected: str) -> None:
    """Only one is one."""
    assert counted(n, one, many) == expected
