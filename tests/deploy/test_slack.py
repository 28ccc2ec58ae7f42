"""The Slack app asks for the scopes of the methods that the notifier calls; no more, no less."""

import re

from services.alerts.notifiers.slack import SCOPES
from tests.deploy.files import ROOT, yaml

NEEDS = {
    "chat.postMessage": {"chat:write", "chat:write.public"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "conversations.open": {"im:write"},
    "views.open": set(),
}
"""Method → bot scopes, from Slack's reference."""


def test_scopes_are_those_of_the_methods_called() -> None:
    """A method that is new in the notifier must be given its scope here and in the manifest."""
    code = (ROOT / "services/alerts/notifiers/slack.py").read_text()
    called = set(re.findall(r'"((?:chat|conversations|users|im|files|views|reactions)\.\w+)"', code))
    assert called
    assert called <= NEEDS.keys()
    manifest = yaml("slack/manifest.yaml")
    needed = {"commands"}.union(*(NEEDS[method] for method in called))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed
    assert needed == SCOPES
    door = (ROOT / "services/alerts/web/slack.py").read_text()
    urls = [manifest["settings"]["interactivity"]["request_url"], manifest["features"]["slash_commands"][0]["url"]]
    assert [url.rpartition("/slack")[2] for url in urls] == re.findall(r'@router.post\("(.+?)"\)', door)
