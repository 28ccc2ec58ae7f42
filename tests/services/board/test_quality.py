"""Scores of the board: random calls only, programs left out, changed forms kept, disputes heeded."""

from datetime import UTC, date, datetime

from schemas.floor import parse
from schemas.floor.default_card import DEFAULT_CARD
from services.board.quality import call_marks
from services.board.storage.quality import Dispute, Marked, Read
from services.rules.quality.forms import changed_silently, form_for, known_forms
from services.rules.quality.scoring import Sheet

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEXT = """\
timezone: Europe/Moscow
teams: [{id: hunters}, {id: farmers}]
agents: [{id: ivan, team: hunters}]
quality: {machines: [robot], forms: [{id: own, version: 1, title: T, teams: [hunters], items: [{id: a, title: A, weight: 100}]}]}
"""
FLOOR = parse(TEXT)
FORMS = known_forms([FLOOR])


def marked(by: str, form: tuple[str, int] = ("own", 1), mark: float = 1.0, sample: str = "random") -> Marked:
    return Marked("c", "ivan", AT, Sheet(f"e-{by}", by, form, {"a": mark}, sample=sample), "")  # type: ignore[arg-type]


def test_programs_are_no_people() -> None:
    """A score of a program is neither a score nor an opinion."""
    found, _ = call_marks(FLOOR, [marked("robot"), marked("machine-2"), marked("oleg", mark=0.5)], [], [], FORMS)
    assert [(call.score, len(call.sheets)) for call in found] == [(50, 1)]


def test_a_changed_mark_counts() -> None:
    """The dispute's new mark stands instead of the old one."""
    dispute = Dispute(1, "e-oleg", "c", "ivan", "a", 0.0, AT, "ivan", "x", AT, "anna", "changed", 1.0, "y")
    found, _ = call_marks(FLOOR, [marked("oleg", mark=0.0)], [], [dispute], FORMS)
    assert found[0].score == 100


def test_a_form_nobody_described() -> None:
    """Told, not counted."""
    found, unknown = call_marks(FLOOR, [marked("oleg", ("lost", 7))], [], [], FORMS)
    assert (found, unknown) == ([], [("lost", 7)])


def test_the_machine_fills_what_is_open() -> None:
    """Only by the same form."""
    empty = Marked("c", "ivan", AT, Sheet("e", "oleg", ("own", 1), {}), "")
    for form, score in ((("own", 1), 100), (("default", 1), None)):
        read = Read("c", "ivan", date(2026, 11, 23), form, {"a": 1.0}, ())
        found, _ = call_marks(FLOOR, [empty], [read], [], FORMS)
        assert found[0].score == score


def test_forms_of_teams_and_versions() -> None:
    """A text that changed without a new version does not take effect, and is told."""
    changed = parse(TEXT.replace("title: A", "title: B"))
    forms = known_forms([FLOOR, changed])
    assert [form.id for form in changed_silently(changed, forms)] == ["own"]
    assert changed_silently(FLOOR, forms) == []
    assert form_for(changed, "hunters", forms) == form_for(FLOOR, "hunters")
    assert form_for(FLOOR, "farmers") is DEFAULT_CARD
    newer = parse(TEXT.replace("version: 1", "version: 2").replace("title: A", "title: B"))
    assert form_for(newer, "hunters", known_forms([FLOOR, newer])).version == 2
