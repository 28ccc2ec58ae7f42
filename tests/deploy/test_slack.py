"""The Slack app asks for the scopes of the methods that the notifier calls; no more, no less."""

import re

from tests.deploy.files import ROOT, yaml

NEEDS = {
    "chat.postMessage": {"chat:write", "chat:write.public"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.replies": {"channels:history", "groups:history"},
}
"""Method → bot scopes, from Slack's reference."""


def test_scopes_are_those_of_the_methods_called() -> None:
    """A method that is new in the notifier must be given its scope here and in the manifest."""
    code = (ROOT / "services/alerts/notifiers/slack.py").read_text()
    called = set(re.findall(r'"((?:chat|conversations|users|im|files|views|reactions)\.\w+)"', code))
    assert called
    assert called <= NEEDS.keys()
    needed = set().union(*(NEEDS[method] for method in called))
    assert set(yaml("slack/manifest.yaml")["oauth_config"]["scopes"]["bot"]) == needed
