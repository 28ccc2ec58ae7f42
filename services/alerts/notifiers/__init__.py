"""Notifiers by kind: one explicit dict, one file each. What each can do and needs: README.md beside this file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.floor.model import Channel, EnvRef
from services.alerts.notifiers.alertmanager import Alertmanager
from services.alerts.notifiers.apprise import Apprise
from services.alerts.notifiers.base import Ability, Notifier
from services.alerts.notifiers.console import Console
from services.alerts.notifiers.email import Email
from services.alerts.notifiers.slack import Slack
from services.alerts.notifiers.slack_webhook import SlackWebhook
from services.alerts.notifiers.telegram import Telegram
from services.alerts.notifiers.webhook import Webhook
from services.kit.errors import Misconfigured
from services.kit.secret import read

CONSOLE: Final = Channel(id="console", kind="console")
"""Where messages go when nothing else is configured, or can be used."""


@dataclass(frozen=True, slots=True)
class Making:
    """What a notifier is made with besides its channel."""

    environment: Mapping[str, str]
    slack_api_url: str
    timeout_s: float
    telegram_api_url: str = "https://api.telegram.org"
    lives_s: float = 300
    """How long an alert lives in Alertmanager when it is not posted again."""


def _slack(channel: Channel, making: Making) -> Notifier:
    token = _secret(channel, "token", channel.token, making)
    return Slack(token, base_url=making.slack_api_url, timeout_s=making.timeout_s)


def _slack_webhook(channel: Channel, making: Making) -> Notifier:
    return SlackWebhook(_secret(channel, "url", channel.url, making), timeout_s=making.timeout_s)


def _webhook(channel: Channel, making: Making) -> Notifier:
    signing = read(channel.signing.env, making.environment) if channel.signing else None
    return Webhook(_secret(channel, "url", channel.url, making), signing, timeout_s=making.timeout_s)


def _alertmanager(channel: Channel, making: Making) -> Notifier:
    url = _secret(channel, "url", channel.url, making)
    return Alertmanager(url, timeout_s=making.timeout_s, lives_s=making.lives_s)


def _telegram(channel: Channel, making: Making) -> Notifier:
    token = _secret(channel, "token", channel.token, making)
    return Telegram(token, base_url=making.telegram_api_url, timeout_s=making.timeout_s)


def _email(channel: Channel, making: Making) -> Notifier:
    return Email(_secret(channel, "url", channel.url, making), channel.sender, timeout_s=making.timeout_s)


def _apprise(channel: Channel, making: Making) -> Notifier:
    return Apprise(_secret(channel, "url", channel.url, making), timeout_s=making.timeout_s)


def _console(channel: Channel, making: Making) -> Notifier:
    return Console()


NOTIFIERS: Final[Mapping[str, Callable[[Channel, Making], Notifier]]] = {
    "slack": _slack,
    "slack_webhook": _slack_webhook,
    "webhook": _webhook,
    "alertmanager": _alertmanager,
    "telegram": _telegram,
    "email": _email,
    "apprise": _apprise,
    "console": _console,
}
ABILITIES: Final[Mapping[str, Ability]] = {
    "slack": Slack.ability,
    "slack_webhook": SlackWebhook.ability,
    "webhook": Webhook.ability,
    "alertmanager": Alertmanager.ability,
    "telegram": Telegram.ability,
    "email": Email.ability,
    "apprise": Apprise.ability,
    "console": Console.ability,
}


def make(channel: Channel, making: Making) -> Notifier:
    """The notifier of a configured channel. Raises: Misconfigured, with what to mend."""
    try:
        return NOTIFIERS[channel.kind](channel, making)
    except Misconfigured as error:
        raise Misconfigured(f"channel {channel.id}: {error}") from error


def _secret(channel: Channel, name: str, reference: EnvRef | None, making: Making) -> str:
    if reference is None:
        raise Misconfigured(f"{channel.kind} needs {name}: {{env: NAME}}")
    return read(reference.env, making.environment)
