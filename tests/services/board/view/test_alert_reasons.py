"""Why nobody was told of an alert, where it was told instead, and what a channel says when it refuses."""

from datetime import UTC, date, datetime

import pytest

from schemas.floor import parse
from schemas.rows import AlertRow
from services.board.storage.alert_acts import Undelivered
from services.board.storage.alerts import Alert
from services.board.view.saying import say
from services.board.words import Words
from tests.services.alerts.payloads import FLOOR

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROW = AlertRow(
    alert="a", kind="outage", verdict="line", scope="line:x", fired_at=AT, resolved_at=None, evidence={}
)  # fmt: skip


@pytest.mark.parametrize(
    ("held", "below", "said", "because"),
    [
        (None, None, "", ""),
        ("budget", None, "сообщения на сегодня исчерпаны", ""),
        ("inhibited:b", None, "причина в технике", "b"),
        ("grouped:c", None, "об этом уже говорит другое происшествие", "c"),
        ("silenced:s", None, "включена тишина", ""),
        (None, "d", "Сообщено в ветке другого происшествия", "d"),
    ],
)
def test_why_nobody_was_told_and_which_alert_says_it(held, below, said, because):
    alert = Alert(ROW, "line_failure", "firing", None, None, date(2026, 11, 23), 1, (), held, below)
    found = say(alert, parse(FLOOR), Words("ru", parse(FLOOR).zone))
    assert found.held.endswith(said)
    assert bool(found.held) == bool(said)
    assert found.because == because


def test_a_scope_that_is_missing_is_named():
    """Slack says which: the mend is known by the word, the scope stands beside it."""
    one = Undelivered("slack", "U0HEAD", 1, "missing_scope: im:write", AT)
    assert (one.word, one.about) == ("missing_scope", "im:write")
    assert (Undelivered("slack", "C0", 1, "HTTP 400", AT).word) == "HTTP 400"
