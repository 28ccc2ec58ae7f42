"""Where a norm comes from is for people: rules do not read it."""

from datetime import date
from pathlib import Path

from schemas.floor import Segment, dump, parse
from schemas.floor.edit_norms import Norm, Reviewed, give_norms
from tests.services.lab.backtest.telling import FLOOR, many, written


def test_a_back_test_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """With and without the source of its norms a floor judges alike."""
    review = Reviewed(date(2026, 9, 28), date(2026, 11, 20), 40, 12, date(2026, 11, 22))
    norms = [Norm(Segment(floor="main"), None, "calls", 40), Norm(Segment(floor="main"), None, "answered", 16)]
    plain = dump(FLOOR)
    told = give_norms(plain, [norm._replace(reviewed=review) for norm in norms])
    assert {step for entry in parse(told).norms for step in entry.from_} == {"calls", "answered"}
    facts = [*many("i", 60, "09:10", 300, talk_s=30), *many("m", 12, "09:20", 600, "maria", talk_s=20)]
    folders = [tmp_path / name for name in ("plain", "told")]
    for folder in folders:
        folder.mkdir()
    one, other = (written(folder, facts, parse(text)) for folder, text in zip(folders, (plain, told), strict=True))
    assert one == other
    assert one["slices.ndjson"]
