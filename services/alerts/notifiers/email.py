"""E-mail over SMTP: one mail when it begins, one when it ends, the second in the first's thread (In-Reply-To).

The standard library's client in a thread: a mail is rare, and asyncio clients would be one more dependency. Encrypted always
(``smtp://`` demands STARTTLS, ``smtps://`` begins with TLS), but for ``smtp+plain://``, a relay of one's own, without password.
"""

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from schemas.rows import derived_id
from services.alerts.notifiers import plain
from services.alerts.notifiers.base import Ability, NotReached, Reference, Refused, Sent, Unknown
from services.alerts.wording.content import Content
from services.kit.errors import Misconfigured

PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
MAX_SUBJECT: Final = 200


class Email:
    """*target*: addresses, separated by commas."""

    ability = Ability(follows=True)

    def __init__(self, url: str, sender: str | None, *, timeout_s: float, trust: ssl.SSLContext | None = None) -> None:
        """*url*: ``smtp://user:password@host:587``. Raises: Misconfigured."""
        try:
            parts = urlsplit(url)
            self._port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError) as error:
            raise Misconfigured("the address of the mail server is not smtp://user:password@host:port") from error
        self._scheme, self._host = parts.scheme, parts.hostname or ""
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender or self._user
        self._domain = parseaddr(self._sender)[1].rpartition("@")[2]
        if not self._host or not self._domain:
            raise Misconfigured("e-mail needs a server and a sender: url {env: NAME} and sender")
        if self._scheme == "smtp+plain" and self._password:
            raise Misconfigured("a password is not sent unencrypted: use smtp:// or smtps://")
        self._timeout_s, self._trust = timeout_s, trust

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        identity = f"<{derived_id('mail', target, reference.group_key, reference.transition)}@{self._domain}>"
        mail = self._mail(target, content, identity, thread)
        await asyncio.to_thread(self._send, mail)
        return Sent(thread or identity, reference.transition)

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("a mail that was sent cannot be changed", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("sent mail cannot be looked through", "bad_value")

    async def close(self) -> None:
        return None

    def _mail(self, target: str, content: Content, identity: str, thread: str | None) -> EmailMessage:
        if not target:
            raise Refused("nobody to write to: set channel, notify.head.email or teams[].email", "misconfigured")
        mail = EmailMessage()
        try:
            mail["From"], mail["To"] = self._sender, target
        except (ValueError, IndexError) as error:
            raise Refused("an address of the mail is not one", "misconfigured") from error
        mail["Subject"] = plain.one_line(content.title)[:MAX_SUBJECT]
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = identity
        mail["Auto-Submitted"] = "auto-generated"
        if thread:
            mail["In-Reply-To"] = mail["References"] = thread
        mail.set_content(plain.body(content) + "\n")
        return mail

    def _send(self, mail: EmailMessage) -> None:
        """Raises: DeliveryError. In doubt is only what breaks off once the letter itself is under way."""
        try:
            server = self._connected()
        except smtplib.SMTPAuthenticationError as error:
            raise Refused(f"the mail server does not let us in: {error.smtp_code}", "misconfigured") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(f"the mail server cannot what is needed: {error}", "misconfigured") from error
        except ssl.SSLCertVerificationError as error:
            raise Refused("the certificate of the mail server is not trusted", "misconfigured") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotReached(f"mail: {type(error).__name__}") from error
        try:
            refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise _answer(min(code for code, _ in error.recipients.values())) from error
        except smtplib.SMTPResponseException as error:
            raise _answer(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unknown(f"mail: {type(error).__name__}") from error
        finally:
            server.close()
        if refused and len(refused) == len(mail["To"].addresses):
            raise Refused("no address was accepted", "bad_value")

    def _connected(self) -> smtplib.SMTP:
        trust = self._trust or ssl.create_default_context()
        if self._scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=trust)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        try:
            if self._scheme == "smtp":
                server.starttls(context=trust)
            if self._password:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _answer(code: int) -> Refused | NotReached:
    """4xx: the server has not taken it and asks to come again; 5xx: it never will."""
    return NotReached(f"SMTP {code}") if 400 <= code < 500 else Refused(f"SMTP {code}", "bad_value")
