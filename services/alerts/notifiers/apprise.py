"""Anything that Apprise speaks (https://github.com/caronc/apprise): one address, first and final state.

Its plugins are synchronous, so a message is sent in a thread; what does not end in time is in doubt. They say yes or no: the
HTTP status is read from what they log, and a no without one is in doubt too. The address is a secret and is never told.
"""

import asyncio
import logging
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

from apprise import Apprise as Library
from apprise import AppriseAsset, AppriseResult, NotifyFormat, NotifyType, PersistentStoreMode

from services.alerts.notifiers import plain
from services.alerts.notifiers.base import Ability, NotReached, Reference, Refused, Sent, Slow, Unknown
from services.alerts.notifiers.http_answer import DEFAULT_RETRY_AFTER_S
from services.alerts.wording.content import Content
from services.kit.errors import Misconfigured

AT_ONCE: Final = 4
"""So many messages of a channel may be under way, those that hang included."""
STATUS: Final = re.compile(r"\berror=(\d{3})\b")
MENTION: Final = re.compile(r"(?<=<)(?=[!@#])|(?<=@)(?=everyone\b|here\b|channel\b|all\b|room\b)", re.IGNORECASE)
JOINER: Final = "\u2060"


class Apprise:
    ability = Ability()

    def __init__(self, url: str, *, timeout_s: float) -> None:
        """*url*: one of Apprise's, such as ``tgram://token/chat``. Raises: Misconfigured."""
        _keep_quiet()
        self._library = Library(asset=AppriseAsset(app_id="Srez", storage_mode=PersistentStoreMode.MEMORY))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of plugins, when they are loaded
            known = self._library.add(url) and len(self._library) == 1
        if not known:
            raise Misconfigured("the address is not one of Apprise's: `apprise --details` lists them")
        service: Any = self._library[0]
        service.socket_connect_timeout = service.socket_read_timeout = timeout_s
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apprise")
        self._busy = 0

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        if self._busy >= AT_ONCE:
            raise NotReached("earlier messages are still being sent")
        self._busy += 1
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._send, content)
        running.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(running)
        except TimeoutError:
            raise Unknown("no answer in time") from None
        return Sent("", reference.transition)

    def _ended(self, running: "asyncio.Future[None]") -> None:
        self._busy -= 1
        if not running.cancelled():
            running.exception()  # of one that nobody waits for any more

    def _send(self, content: Content) -> None:
        """Raises: DeliveryError."""
        told: list[str] = []
        done = self._library.notify(
            title=harmless(plain.one_line(content.title)),
            body=harmless(plain.body(content)) or " ",
            notify_type=_type(content),
            body_format=NotifyFormat.TEXT,
            interpret_escapes=False,
            log_callback=lambda entry, service: told.append(entry.message),
            log_level=logging.WARNING,
        )
        _judge(done, told)

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("Apprise cannot change what it sent", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("Apprise cannot look anything up", "bad_value")

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _keep_quiet() -> None:
    """Apprise's own lines name addresses and stay with us; ours say what became of a message."""
    log = logging.getLogger("apprise")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def harmless(text: str) -> str:
    """Data can call nobody, whatever service it reaches."""
    return MENTION.sub(JOINER, text)


def _type(content: Content) -> NotifyType:
    state = content.data.get("state")
    if state in ("resolved", "invalidated"):
        return NotifyType.SUCCESS
    return NotifyType.FAILURE if content.data.get("kind") == "outage" else NotifyType.INFO


def _judge(done: AppriseResult, told: list[str]) -> None:
    if done.status == 0:
        return
    found = next((int(match[1]) for line in told if (match := STATUS.search(line))), None)
    if found == 429:
        raise Slow(DEFAULT_RETRY_AFTER_S)
    if found is not None and 400 <= found < 500:
        raise Refused(f"HTTP {found}", "bad_value")
    raise Unknown(f"HTTP {found}" if found else "not sent, and it does not say why")
