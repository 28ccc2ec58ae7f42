"""The folder .srez: one supervisor, addresses, secrets, the anchor of virtual time."""

import os
import socket
import stat
from pathlib import Path

import pytest

from schemas.floor import parse
from services.kit.errors import Misconfigured
from services.local import ports
from services.local.child import holder
from services.local.home import Home, read_json
from services.local.ports import free_port
from services.local.secrets import LocalSecrets, lacking

FLOOR = """
timezone: Europe/Moscow
teams: [{id: hunters}]
sources:
  - {id: own, provider: generic, secrets: {signing: {env: OWN_SIGNING}}}
  - {id: fs, provider: freeswitch, secrets: {basic: [{env: FS_NEW}, {env: FS_OLD}]}}
  - {id: crm, provider: bitrix24, secrets: {application_token: {env: CRM_TOKEN}, rest_url: {env: CRM_URL}}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / ".srez", tmp_path / ".srez")


def test_one_supervisor_at_a_time(home: Home) -> None:
    """A second one is told who runs here and what to do; after the first ended the place is free."""
    with home.locked(), pytest.raises(Misconfigured, match=r"already runs on .*SREZ_HOME"), home.locked():
        pass
    with home.locked():
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be, or nobody may write there: what to set instead, and no traceback."""
    (tmp_path / "file").write_text("")
    home = Home(tmp_path / "file" / ".srez", tmp_path / "file" / ".srez")
    with pytest.raises(Misconfigured, match=r"cannot write to .*SREZ_HOME"), home.locked():
        pass


def test_half_written_addresses_are_none(home: Home) -> None:
    """Addresses of which a crash left a half are ignored."""
    home.write_endpoints({"board": "http://127.0.0.1:1"})
    assert home.endpoints() == {"board": "http://127.0.0.1:1"}
    home.endpoints_file.write_text('{"board": "http')
    assert home.endpoints() == {}


def test_virtual_time_goes_on_after_a_crash_and_starts_afresh_after_a_stop(home: Home) -> None:
    """The anchor is kept for the same clock until a clean stop; another clock gets a new one."""
    first = home.anchor("2026-11-23T09:00:00+03:00@60")
    assert home.anchor("2026-11-23T09:00:00+03:00@60") == first
    assert home.anchor("2026-11-24T09:00:00+03:00@60") != first
    second = home.anchor("2026-11-23T09:00:00+03:00@60")
    home.forget_run()
    assert read_json(home.clock_file) == {}
    assert home.anchor("2026-11-23T09:00:00+03:00@60") != second


def test_secrets_are_made_once_and_kept(home: Home) -> None:
    """What is missing is made in its provider's form, kept for the owner only, and the same next time."""
    secrets = LocalSecrets(home)
    values, made = secrets.ensure(parse(FLOOR), {"CRM_TOKEN": "given"})
    assert set(made) == set(values) == {"SREZ_CUSTOMER_KEY", "OWN_SIGNING", "FS_NEW", "FS_OLD"}
    assert values["OWN_SIGNING"].startswith("whsec_")
    assert values["FS_NEW"].startswith("srez:")
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600
    assert secrets.ensure(parse(FLOOR), {"CRM_TOKEN": "given"}) == (values, [])


def test_what_a_vendor_issues_is_not_invented(home: Home) -> None:
    """The source's variable is named with the place where the vendor shows its value; a demo invents it."""
    floor = parse(
        """
timezone: Europe/Moscow
teams: [{id: hunters}]
sources:
  - {id: zd, provider: zadarma, secrets: {api_secret: {env: ZD_SECRET}, path: {env: ZD_PATH}}}
"""
    )
    values, made = LocalSecrets(home).ensure(floor, {})
    assert made == ["SREZ_CUSTOMER_KEY", "ZD_PATH"]
    (line,) = lacking(floor.sources, values)
    assert line.startswith("source zd accepts nothing: ZD_SECRET is not set. Zadarma account → Settings")
    assert lacking(floor.sources, {**values, "ZD_SECRET_FILE": "/run/secrets/zd"}) == []
    assert "ZD_SECRET" in LocalSecrets(home).ensure(floor, {}, invent=True)[0]


def test_the_environment_wins_over_kept_secrets(home: Home, tmp_path: Path) -> None:
    """A variable that is set, or its _FILE, replaces the value made here."""
    secrets = LocalSecrets(home)
    secrets.ensure(parse(FLOOR), {})
    values, made = secrets.ensure(parse(FLOOR), {"OWN_SIGNING": "mine", "FS_NEW_FILE": str(tmp_path)})
    assert made == []
    assert "OWN_SIGNING" not in values
    assert "FS_NEW" not in values


def test_ports_of_a_killed_run_come_back() -> None:
    """Senders find ingest where it was before the crash."""
    earlier = {name: free_port() for name in ports.OFFSETS}
    assert ports.choose(None, earlier) == earlier


def test_a_given_base_is_kept_or_refused() -> None:
    """--port-base means these ports exactly; a taken one is an error that names it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=rf"{port} \(board\)"):
            ports.choose(port, {})


def test_a_usual_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whom, where webhooks go instead; a usual port that was got, or is free, is not worth a word."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        usual = taken.getsockname()[1]
        monkeypatch.setattr(ports, "DEFAULT_BASE", usual - ports.OFFSETS["ingest"])
        others = {"board": usual - ports.OFFSETS["ingest"], "ingest": 32863}
        (line,) = ports.displaced(others, holder)
        assert line.startswith(f"{usual} is taken (by ")
        assert f"process {os.getpid()}); webhooks are on 32863: your PBX must post there" in line
        assert ports.displaced({**others, "ingest": usual}, holder) == []
