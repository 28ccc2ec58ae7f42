"""What Slack says when an app may not do something: the scope it lacks is told on."""

import pytest

from services.alerts.notifiers.base import Reference, Refused
from services.alerts.notifiers.slack import Slack
from services.alerts.wording.content import Content
from tests.support.fake_slack import TOKEN, FakeSlack


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("missing_scope:im:write", "missing_scope: im:write"),
        ("missing_scope:chat:write,chat:write.public", "missing_scope: chat:write,chat:write.public"),
        ("missing_scope:", "missing_scope"),
        ("missing_scope:" + "x" * 300, "missing_scope: " + "x" * 100),
        ("channel_not_found", "channel_not_found"),
    ],
)
async def test_the_scope_that_is_needed_is_told(slack: FakeSlack, fault: str, reason: str) -> None:
    """As the board shows it: the word, and what it is about; a strangely long answer is cut."""
    notifier = Slack(TOKEN, base_url=slack.url, timeout_s=2)
    slack.next("chat.postMessage", fault)
    with pytest.raises(Refused) as caught:
        await notifier.post("C0FLOOR", Content("x"), Reference("a", 0))
    assert str(caught.value) == reason
