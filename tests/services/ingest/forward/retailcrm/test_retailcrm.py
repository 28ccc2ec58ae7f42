"""``srez retailcrm`` against a real HTTP server: pages, refusals, patience, and being killed at the worst moment."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from schemas.floor import SourceConfig
from services.ingest.forward.retailcrm import crm
from services.ingest.forward.retailcrm.crm import History
from services.ingest.forward.retailcrm.cursor import Cursor
from services.ingest.forward.retailcrm.patience import retrying
from services.ingest.forward.retailcrm.poll import Hook, Poller, parts
from services.ingest.providers.base import Leg, Request, Source
from services.ingest.providers.retailcrm import PROVIDER
from services.kit.errors import Misconfigured, SrezError, Unavailable
from services.local.cli import app
from tests.services.ingest.forward.retailcrm.playing import Answer, Played, playing

ROOT = Path(__file__).parents[5]
FLOOR = """
timezone: Europe/Moscow
currency: RUB
teams: [{id: one}]
agents: [{id: ann, team: one, identities: {crm: ["31"]}}]
sources:
  - {id: crm, provider: retailcrm, feeds: [payments],
     secrets: {path: {env: CRM_PATH}, rest_url: {env: CRM_URL}, api_key: {env: CRM_KEY}}}
  - {id: bare, provider: retailcrm, secrets: {path: {env: CRM_PATH}}}
  - {id: amo, provider: amocrm, secrets: {path: {env: CRM_PATH}}}
"""


def entries(*ids: int) -> list[dict[str, Any]]:
    """One payment of 10.00 with the first, paid by the others."""
    order = {"id": 5200, "managerId": 31, "status": "new"}
    first = {"field": "payments.amount", "newValue": 10}
    paid = {"field": "payments.status", "newValue": {"code": "paid"}}
    shared = {"createdAt": "2026-11-23 10:00:00", "oldValue": None, "order": order, "payment": {"id": 7200}}
    return [{"id": id_, **shared, **(first if id_ == ids[0] else paid)} for id_ in ids]


class Poll:
    """A poller on *played* whose sleeps are noted instead of slept."""

    def __init__(self, played: Played, state: Path, once: bool = True) -> None:
        self.slept: list[float] = []
        self.said: list[str] = []
        client = httpx.Client()
        self.cursor = Cursor(state, played.url)
        history = History(client, played.url, "key", self.slept.append)
        hook = Hook(client, played.url, "crm", "s3 cret", None)
        patience = retrying(once, self.said.append, self.slept.append)
        self.poller = Poller(history, hook, self.cursor, patience, self.said.append)
        self.close = client.close

    def __enter__(self) -> "Poll":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def turn(self, since: int | None = None) -> int:
        self.poller.begin(since)
        return self.poller.turn()


def test_pages_go_over_in_order(tmp_path: Path) -> None:
    """Byte for byte, to the secret address, with the key in a header; the cursor stands at the last one."""
    with playing(entries=entries(11, 12, 13, 14, 15)) as played, Poll(played, tmp_path / "c.json") as test:
        assert test.turn(since=10) == 5
        assert played.accepted == [[11, 12], [13, 14], [15]]
        assert {path for path, _ in played.posted} == {"/hooks/crm/s3%20cret"}
        assert played.keys == {"key"}
        assert [query["filter[sinceId]"] for query in played.asked] == ["10", "12", "14", "15"]
        assert {query["limit"] for query in played.asked} == {"100"}
        assert test.cursor.read() == 15
        assert test.poller.turn() == 0


def test_the_first_start_is_from_now_on(tmp_path: Path) -> None:
    """The newest id is asked for; what was before is not handed over, what comes then is."""
    with playing(entries=entries(1, 2, 3, 4, 5)) as played, Poll(played, tmp_path / "c.json") as test:
        assert test.turn() == 0
        assert test.cursor.read() == 5
        assert "--since" in test.said[0]
        played.entries += entries(5, 6)[1:]
        assert test.poller.turn() == 1
        assert played.accepted == [[6]]


def test_the_first_start_of_an_empty_account(tmp_path: Path) -> None:
    """There is no newest id: from the first one on."""
    with playing() as played, Poll(played, tmp_path / "c.json") as test:
        assert test.turn() == 0
        played.entries = entries(1, 2)
        assert test.poller.turn() == 2


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """The cursor is kept; --since wins over it."""
    with playing(entries=entries(1, 2, 3)) as played:
        with Poll(played, tmp_path / "c.json") as test:
            test.turn(since=0)
        with Poll(played, tmp_path / "c.json") as test:
            assert test.turn() == 0
            assert test.turn(since=2) == 1
        assert played.accepted == [[1, 2], [3], [3]]


@pytest.mark.parametrize("peer", ["crm", "ingest"])
def test_what_passes_is_waited_out(peer: str, tmp_path: Path) -> None:
    """503 and 429 are tried again, not before Retry-After, which may be a date."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    busy: list[Answer] = [
        (503, {"retry-after": "7"}, {}),
        (429, {"retry-after": date}, {}),
        (502, {"retry-after": "soon"}, b"<html>"),
    ]
    with playing(entries=entries(1, 2), **{peer: busy}) as played, Poll(played, tmp_path / "c.json") as test:
        assert test.turn(since=0) == 2
        assert played.accepted == [[1, 2]]
        waits = [wait for wait in test.slept if wait > 0.2]
        assert waits[0] == 7
        assert 100 < waits[1] <= 120
        assert 4 <= waits[2] <= 6
        assert all("again in" in said for said in test.said[:3])


def test_once_gives_up(tmp_path: Path) -> None:
    """After some tries, with the cursor where it was."""
    with playing(entries=entries(1, 2), ingest=[(503, {}, {})] * 6) as played, Poll(played, tmp_path / "c") as test:
        with pytest.raises(Unavailable, match="ingest answers 503"):
            test.turn(since=0)
        assert test.cursor.read() == 0
        assert test.turn() == 2


def test_a_peer_that_is_away(tmp_path: Path) -> None:
    """Nobody listens: told in a word, without the address and its secret."""
    with playing() as played:
        pass
    with Poll(played, tmp_path / "c.json") as test, pytest.raises(Unavailable, match="does not answer") as raised:
        test.turn(since=0)
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("peer", "answer", "mend"),
    [
        ("crm", (403, {}, {"success": False, "errorMsg": 'Wrong "apiKey" value.'}), "may read orders"),
        ("crm", (404, {}, b"<html>"), "secrets.rest_url"),
        ("crm", (302, {"location": "https://other"}, b""), "redirect"),
        ("crm", (400, {}, {"success": False, "errorMsg": "Errors in the input parameters"}), "input parameters"),
        ("crm", (200, {}, {"success": False, "errorMsg": "Account is frozen"}), "frozen"),
        ("ingest", (401, {}, {}), "secrets.path"),
        ("ingest", (404, {}, {}), "srez floor apply"),
        ("ingest", (413, {}, {}), "greater"),
        ("ingest", (302, {}, {}), "302"),
    ],
)
def test_what_does_not_pass_is_told_at_once(peer: str, answer: Answer, mend: str, tmp_path: Path) -> None:
    """With its mend, without waiting, and the cursor does not move."""
    with playing(entries=entries(1, 2), **{peer: [answer]}) as played, Poll(played, tmp_path / "c", once=False) as test:
        with pytest.raises(Misconfigured, match=mend):
            test.turn(since=0)
        assert test.cursor.read() == 0
        assert "cret" not in " ".join(test.said)


def test_ten_requests_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that only its own sleeps and slow answers move: requests are begun a tenth of a second apart, or later."""
    now, begun = [1000.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def send(client: httpx.Client, request: httpx.Request, who: str) -> httpx.Response:
        begun.append(now[0])
        now[0] += (0.0, 0.03, 0.25)[len(begun) % 3]
        return real(client, request, who)

    real = crm.send
    monkeypatch.setattr(crm, "send", send)
    monkeypatch.setattr(crm.time, "monotonic", lambda: now[0])
    with playing(entries=entries(*range(1, 9)), page_size=1) as played, httpx.Client() as client:
        history = History(client, played.url, "key", sleep)
        for since in range(6):
            history.after(since)
    gaps = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert gaps == pytest.approx([0.1, 0.25, 0.1, 0.1, 0.25])


def facts_of(played: Played) -> dict[str, Any]:
    """Call → fact of every page that was accepted, as ingest keeps legs."""
    source = Source(SourceConfig(id="crm", provider="retailcrm"), "Europe/Moscow", "RUB")
    legs: dict[tuple[str, str], Leg] = {}
    for _, body in played.posted:
        request = Request("POST", "", "", {}, body, datetime(2026, 11, 23, tzinfo=UTC))
        legs |= {(leg.call, leg.leg): leg for leg in PROVIDER.parse(request, source).legs}
    calls = {call for call, _ in legs}
    return {call: PROVIDER.join(source, call, [leg for leg in legs.values() if leg.call == call]) for call in calls}


def test_killed_between_the_post_and_the_cursor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is sent again, and nothing changes by it."""
    with playing(entries=entries(1, 2)) as played:
        with Poll(played, tmp_path / "c.json") as test:
            test.poller.begin(0)
            with monkeypatch.context() as broken:
                broken.setattr("os.replace", _killed)
                with pytest.raises(KeyboardInterrupt):
                    test.poller.turn()
        before = facts_of(played)
        with Poll(played, tmp_path / "c.json") as test:
            assert test.turn() == 2
        assert played.accepted == [[1, 2], [1, 2]]
        assert facts_of(played) == before
        assert [fact.data.amount_minor for fact in before.values()] == [1000]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_server_that_does_not_know_since_ends_nothing_up(tmp_path: Path) -> None:
    """Old entries that come again are not new: no endless loop."""
    again: list[Answer] = [(200, {}, {"success": True, "history": entries(1, 2)})] * 3
    with playing(crm=again) as played, Poll(played, tmp_path / "c.json") as test:
        assert test.turn(since=2) == 0
        assert played.posted == []


def test_a_page_that_is_too_great_goes_in_parts() -> None:
    """In order, every entry once; a single entry goes as it is."""
    known = [{"id": id_, "text": "ж" * 100} for id_ in range(7)]
    body = json.dumps({"history": known}).encode()
    bodies = list(parts(body, known, 500))
    assert [one["id"] for part in bodies for one in json.loads(part)["history"]] == list(range(7))
    assert max(map(len, bodies)) <= 500
    assert list(parts(body, known)) == [body]
    assert list(parts(body, known[:1], 10)) == [body]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"since": 5}', '{"account": "a", "since": "5"}', '{"account": "a", "since": -1}']
)
def test_a_broken_cursor_is_not_guessed_at(text: str, tmp_path: Path) -> None:
    """It is said what to do."""
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(Misconfigured, match="--since"):
        Cursor(tmp_path / "c.json", "a").read()


def test_a_cursor_of_another_account(tmp_path: Path) -> None:
    """Its number means nothing here."""
    Cursor(tmp_path / "c.json", "https://one").write(7)
    with pytest.raises(Misconfigured, match="https://one"):
        Cursor(tmp_path / "c.json", "https://two").read()
    assert Cursor(tmp_path / "c.json", "https://one").read() == 7
    assert [file.name for file in tmp_path.iterdir()] == ["c.json"]


def test_a_cursor_that_cannot_be_written(tmp_path: Path) -> None:
    """The mend is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="--state"):
        Cursor(tmp_path / "file" / "c.json", "a").write(1)


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"CRM_PATH": "s3cret", "CRM_KEY": "key", "SREZ_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "floor.yaml").write_text(FLOOR)
    return tmp_path / "floor.yaml"


def run(floor: Path, *arguments: str, source: str = "crm") -> Result:
    return CliRunner().invoke(app, ["retailcrm", "--source", source, "--floor", str(floor), *arguments])


def test_the_command(floor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look: pages to ingest, the cursor in its usual place."""
    with playing(entries=entries(1, 2, 3)) as played:
        monkeypatch.setenv("CRM_URL", played.url + "/")
        done = run(floor, "--once", "--since", "0", "--ingest", played.url)
        assert (done.exit_code, done.exception) == (0, None)
        assert played.accepted == [[1, 2], [3]]
        kept = json.loads((Path(os.environ["SREZ_HOME"]) / "retailcrm-crm.json").read_text())
        assert kept == {"account": played.url, "since": 3}


def test_it_finds_the_ingest_of_this_folder(floor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the running `srez up` wrote it down."""
    home = Path(os.environ["SREZ_HOME"])
    home.mkdir()
    with playing(entries=entries(1)) as played:
        (home / "endpoints.json").write_text(json.dumps({"ingest": played.url}))
        monkeypatch.setenv("CRM_URL", played.url)
        assert run(floor, "--once", "--since", "0").exit_code == 0
        assert played.accepted == [[1]]


@pytest.mark.parametrize(
    ("source", "url", "arguments", "mend"),
    [
        ("nobody", "https://x", (), "its sources of RetailCRM: crm, bare"),
        ("amo", "https://x", (), "of the provider amocrm"),
        ("bare", "https://x", (), "rest_url, api_key"),
        ("crm", "", (), "CRM_URL"),
        ("crm", "shop.retailcrm.ru", (), "https://example.retailcrm.ru"),
        ("crm", "http://shop.retailcrm.ru", (), "must begin with https"),
        ("crm", "https://x", ("--every", "soon"), "such as 30s"),
        ("crm", "https://x", ("--every", "0s"), "such as 30s"),
    ],
)
def test_wrong_use_is_told_with_its_mend(
    source: str, url: str, arguments: tuple[str, ...], mend: str, floor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is asked."""
    monkeypatch.setenv("CRM_URL", url)
    done = run(floor, *arguments, source=source)
    assert isinstance(done.exception, SrezError)
    assert mend in str(done.exception)


def test_a_floor_file_that_is_not_there(tmp_path: Path) -> None:
    """Named."""
    done = run(tmp_path / "none.yaml")
    assert "none.yaml" in str(done.exception)


def test_help_shows_an_example() -> None:
    """With the options in it."""
    told = CliRunner().invoke(app, ["retailcrm", "--help"]).stdout
    assert "srez retailcrm --source crm" in told


def test_killed_for_real_it_goes_on(floor: Path, tmp_path: Path) -> None:
    """kill -9 of the running command between two looks: the next one hands over the rest, once."""
    with playing(entries=entries(1, 2)) as played:
        environment = {**os.environ, "CRM_URL": played.url}
        command = [
            sys.executable, "-m", "services.local.cli", "retailcrm", "--source", "crm", "--floor", str(floor),
            "--ingest", played.url, "--every", "1s",
        ]  # fmt: skip
        first = subprocess.Popen([*command, "--since", "0"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        try:
            _until(lambda: played.accepted == [[1, 2]])
            cursor = Path(os.environ["SREZ_HOME"]) / "retailcrm-crm.json"
            _until(lambda: cursor.exists() and json.loads(cursor.read_text())["since"] == 2)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
        played.entries += entries(2, 3)[1:]
        done = subprocess.run(
            [*command, "--once"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, played.accepted) == (0, [[1, 2], [3]]), done.stderr


def _until(holds: Any, within_s: float = 90) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)
