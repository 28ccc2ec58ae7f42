"""The doctor asks Slack itself: the token, the app's scopes, and every place that the floor file names."""

import pytest

from services.local.doctor.slack import places, slack
from tests.services.alerts.payloads import floor
from tests.support.fake_slack import TOKEN, FakeSlack, running_slack

KNOWN = {"SLACK_BOT_TOKEN": TOKEN}


async def told(fake: FakeSlack, token: str = TOKEN) -> list[tuple[str, str, str]]:
    found = await slack(floor(), fake.url, {"SLACK_BOT_TOKEN": token})
    return [(one.what, one.state, one.detail) for one in found]


async def test_an_app_in_order() -> None:
    """One line that says so; every place was asked about, and nothing was posted."""
    with running_slack() as fake:
        assert await told(fake) == [("channel slack", "ok", "srez in Отдел, all scopes")]
        asked = [body.get("channel") or body.get("users") for _, body in fake.calls]
        assert asked == places(floor(), floor().notify.channels[0]) == ["C0FLOOR", "C0HUNTERS"]
        assert fake.messages == []


async def test_scopes_that_are_missing_are_named() -> None:
    """An app of an older manifest: which scopes, and how to get them."""
    with running_slack() as fake:
        fake.scopes = ["chat:write", "chat:write.public", "channels:history", "groups:history", "commands"]
        (found,) = await slack(floor(), fake.url, KNOWN)
    assert (found.state, found.detail) == ("wrong", "the app lacks im:history, im:write")
    assert "manifest.yaml" in found.mend


async def test_a_token_that_slack_does_not_know() -> None:
    """Nothing else is asked."""
    with running_slack() as fake:
        assert await told(fake, "xoxb-other") == [
            ("channel slack", "wrong", "Slack does not accept the token: invalid_auth")
        ]
        assert fake.calls == []


@pytest.mark.parametrize(
    ("word", "state"),
    [("not_in_channel", "note"), ("channel_not_found", "wrong"), ("is_archived", "wrong"), ("something_new", "wrong")],
)
async def test_a_channel_that_is_not_reached(word: str, state: str) -> None:
    """Which one, and why; a bot that is not in a public channel can post all the same."""
    with running_slack() as fake:
        fake.next("conversations.history", word)
        found = await told(fake)
    assert [(what, how) for what, how, _ in found] == [("channel slack", "ok"), ("channel slack → C0FLOOR", state)]


async def test_a_slack_that_is_not_there() -> None:
    """A finding, not a traceback; and without a token nothing is asked."""
    (found,) = await slack(floor(), "http://127.0.0.1:9/", KNOWN)
    assert (found.state, found.detail) == ("wrong", "Slack: ConnectError")
    assert await slack(floor(), "http://127.0.0.1:9/", {}) == []
