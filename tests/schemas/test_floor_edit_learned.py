"""What was learned of people, put into a floor file: numbers change in place, comments stay."""

import pytest

from schemas.floor import FloorError, parse
from schemas.floor.edit_learned import give_learned
from schemas.floor.learned import Learned

HEAD = "timezone: Europe/Moscow\nteams: [{id: a}]  # one team\n"


def one(step: str, cv: float) -> Learned:
    return Learned.model_validate(
        {"for": {"team": "a"}, "step": step, "prior_cv": cv, "overdispersion": 1.25, "mean": 0.95}
    )


@pytest.mark.parametrize(
    "block",
    [
        "",
        "judgement: {prior_cv: 0.5}\n",
        "judgement:\n  prior_cv: 0.5  # ours\n  fdr: null\nlanguage: ru  # read\n",
        "judgement:\n  learned:\n    - for: {team: a}\n      step: calls\n      prior_cv: 0.3  # was\n      overdispersion: 2\n",
        "judgement: {learned: []}\n",
    ],
)
def test_written_wherever_the_block_stands(block: str) -> None:
    """Present or not, in flow or block style; the second time nothing changes."""
    given = [one("calls", 0.35), one("invoices", 0.4)]
    after = give_learned(HEAD + block, given)
    assert {entry.step: entry for entry in parse(after).judgement.learned} == {entry.step: entry for entry in given}
    assert give_learned(after, given) is after
    for comment in ("# one team", "# ours", "# read", "# was"):
        assert (comment in after) == (comment in HEAD + block)
    assert parse(after).judgement.prior_cv == parse(HEAD + block).judgement.prior_cv


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (
            "{for: {team: b}, step: calls, prior_cv: 0.3, overdispersion: 1}",
            "line 5: judgement.learned.0.for.team: no team 'b'",
        ),
        ("{for: {team: a}, step: calls, prior_cv: 0, overdispersion: 1}", "line 5: judgement.learned.0.prior_cv"),
        (
            "{for: {team: a}, step: calls, prior_cv: 0.3, overdispersion: 0.5}",
            "line 5: judgement.learned.0.overdispersion",
        ),
        ("{for: {agent: a}, step: calls, prior_cv: 0.3, overdispersion: 1}", "line 5: judgement.learned.0.for"),
    ],
)
def test_wrong_values_are_told_by_line(entry: str, what: str) -> None:
    """Unknown teams and impossible numbers."""
    with pytest.raises(FloorError) as caught:
        parse(HEAD + f"judgement:\n  learned:\n    - {entry}\n")
    assert what in str(caught.value)


def test_given_twice_is_told() -> None:
    """Of one team and step there is one."""
    entry = "{for: {team: a}, step: calls, prior_cv: 0.3, overdispersion: 1}"
    with pytest.raises(FloorError, match=r"line 6: judgement\.learned\.1\.step: calls of team 'a' is given twice"):
        parse(HEAD + f"judgement:\n  learned:\n    - {entry}\n    - {entry}\n")
