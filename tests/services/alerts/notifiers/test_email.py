"""E-mail: one letter when it begins, one in its thread when it ends; what a mail server's answers mean."""

import pytest

from services.alerts.notifiers.base import NotReached, Reference, Refused, Unknown
from services.alerts.notifiers.email import Email
from services.alerts.wording import render
from services.kit.errors import Misconfigured
from tests.services.alerts.payloads import LINE, but
from tests.support.fake_smtp import running_smtp

REFERENCE = Reference("alert-1", 0)


def mailer(port, scheme="smtp+plain"):
    return Email(f"{scheme}://127.0.0.1:{port}", "Srez <srez@example.org>", timeout_s=2)


async def test_the_end_answers_the_beginning():
    """The second letter names the first; its own id is another."""
    async with running_smtp() as smtp:
        found = mailer(smtp.port)
        sent = await found.post("anna@example.org", render(LINE), REFERENCE)
        await found.post("anna@example.org", render(LINE), Reference("alert-1", 3), sent.ts)
    first, second = smtp.letters
    assert first["Message-ID"] == sent.ts == second["In-Reply-To"]
    assert second["Message-ID"] != sent.ts
    assert (first["To"], first["From"]) == ("anna@example.org", "Srez <srez@example.org>")
    assert first["Subject"] == render(LINE).title
    assert render(LINE).sections[0].lines[0] in first.get_content()


async def test_data_writes_no_header():
    """A name with a line break stays a name."""
    async with running_smtp() as smtp:
        broken = render(but(LINE, line="trunk\r\nBcc: all@example.org"))
        await mailer(smtp.port).post("anna@example.org", broken, REFERENCE)
    assert smtp.letters[0]["Bcc"] is None


@pytest.mark.parametrize(("answer", "meaning"), [("451 later", NotReached), ("554 no", Refused), ("break", Unknown)])
async def test_what_answers_mean(answer, meaning):
    """4xx: not taken, again later; 5xx: never; a connection that breaks off after the letter: in doubt."""
    async with running_smtp() as smtp:
        smtp.answers.append(answer)
        with pytest.raises(meaning):
            await mailer(smtp.port).post("anna@example.org", render(LINE), REFERENCE)


async def test_nothing_goes_unencrypted():
    """A server without STARTTLS gets no letter over smtp://, and a password never goes in the clear."""
    async with running_smtp() as smtp:
        with pytest.raises(Refused, match="cannot what is needed"):
            await mailer(smtp.port, "smtp").post("anna@example.org", render(LINE), REFERENCE)
    assert smtp.letters == []
    with pytest.raises(Misconfigured, match="unencrypted"):
        Email("smtp+plain://me:secret@relay", "srez@example.org", timeout_s=1)


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail", "smtp://", "smtp://host:port"])
def test_an_address_that_is_none(url):
    with pytest.raises(Misconfigured):
        Email(url, "srez@example.org", timeout_s=1)
