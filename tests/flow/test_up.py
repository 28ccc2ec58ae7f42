"""`srez up` as a person runs it: everything starts, works, survives kill −9, and stops without a trace."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from services.lab.senders.generic import headers
from services.local.secrets import read
from tests.support.running import KEPT, ROOT
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.faults]

FLOOR = """
timezone: Europe/Moscow
day: {weekdays: [mon, tue, wed, thu, fri, sat, sun]}
teams: [{id: hunters}]
agents: [{id: ivan, team: hunters, identities: {own: ["17"]}}]
norms: [{for: {team: hunters}, per_day: {calls: 80}}]
sources:
  - {id: own, provider: generic, secrets: {signing: {env: FLOW_SIGNING}}, feeds: [calls]}
"""
MANGO = "  - {id: mango, provider: mango, secrets: {api_key: {env: MANGO_KEY}, salt: {env: MANGO_SALT}}}\n"
PATIENCE_S = 120
"""A deadline, not an expectation: a busy machine takes its time."""


class Up:
    """One `srez up` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / ".srez"
        (folder / "floor.yaml").write_text(FLOOR)
        self.log = folder / "out.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> "Up":
        words = [sys.executable, "-m", "services.local", "up", *more]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        return self

    @property
    def environment(self) -> dict[str, str]:
        known = {key: os.environ[key] for key in KEPT if key in os.environ}
        return {**known, "SREZ_HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    def command(self, *words: str) -> str:
        """What another terminal's command says."""
        program = [sys.executable, "-m", "services.local", *words]
        done = subprocess.run(
            program, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
        )
        return done.stdout.decode()

    def ready(self) -> dict[str, Any]:
        """Its endpoints, once every service is ready."""
        return wait_until(self._ready, f"srez up to be ready\n{self.log}", PATIENCE_S)

    def start_seen(self) -> dict[str, Any]:
        """Its endpoints, once it greets."""
        wait_until(lambda: "Stop with Ctrl-C" in self.said(), "the greeting", PATIENCE_S)
        return dict(json.loads((self.home / "endpoints.json").read_text()))

    def _ready(self) -> dict[str, Any] | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"srez up ended:\n{self.said()[-4000:]}")
        try:
            found = json.loads((self.home / "endpoints.json").read_text())
            if found["pids"]["supervisor"] != self.process.pid:
                return None
            for service in ("ingest", "aggregator", "alerts", "board"):
                httpx.get(f"{found[service]}/readyz", timeout=5).raise_for_status()
        except (OSError, KeyError, ValueError, httpx.HTTPError):
            return None
        return dict(found)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    one = Up(tmp_path)
    yield one
    if one.process is not None and one.process.poll() is None:
        one.process.kill()
        one.process.wait()
    print(one.said()[-6000:])


def post_call(endpoints: dict[str, Any], name: str) -> int:
    """A signed call of agent 17; returns the HTTP status, 0 where nobody answers."""
    now = datetime.now(UTC).isoformat()
    data = {"call_id": name, "identity": "17", "direction": "outbound", "started_at": now, "ended_at": now}
    data |= {"talk_s": 0, "disposition": "no_answer"}
    event = {"specversion": "1.0", "id": name, "type": "srez.call.ended.v1", "source": "own", "time": now, "data": data}
    body = json.dumps(event).encode()
    secret = read(Path(endpoints["secrets"])).get("FLOW_SIGNING", "whsec_bm9uZSBpcyBtYWRlIHlldCBub25lIGlz")
    signed = headers(secret, f"msg_{name}", int(time.time()), body)
    kind = {"content-type": "application/cloudevents+json"}
    try:
        return httpx.post(f"{endpoints['ingest']}/hooks/own", content=body, headers={**signed, **kind}).status_code
    except httpx.HTTPError:
        return 0


def stored_calls(dsn: str) -> int:
    async def within() -> int:
        connection = await asyncpg.connect(dsn)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM facts WHERE agent = 'ivan'"))
        finally:
            await connection.close()

    return asyncio.run(within())


def shown_calls(endpoints: dict[str, Any]) -> int | None:
    """Ivan's calls today as the aggregator exports them; None when it does not know yet."""
    try:
        text = httpx.get(f"{endpoints['aggregator']}/metrics", timeout=5).text
    except httpx.HTTPError:
        return None
    for line in text.splitlines():
        if line.startswith("srez_funnel_today{") and 'agent="ivan"' in line and 'step="calls"' in line:
            return int(float(line.rsplit(" ", 1)[1]))
    return None


def of_this_run(folder: Path) -> list[psutil.Process]:
    """Processes that carry this folder in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SREZ_HOME", "").startswith(str(folder)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_a_day_survives_the_death_of_everything(up: Up) -> None:
    """Webhooks accepted before kill −9 of the supervisor, of PostgreSQL and of the broker are counted after it, once."""
    endpoints = up.start("--floor", "floor.yaml").ready()
    assert [post_call(endpoints, f"a{n}") for n in range(3)] == [200] * 3
    wait_until(lambda: shown_calls(endpoints) == 3, "3 calls to be counted", PATIENCE_S)

    assert up.process is not None
    up.process.kill()
    up.process.wait()
    wait_until(lambda: not of_this_run(up.folder), "everything to end with the supervisor", PATIENCE_S)

    again = up.start().ready()
    assert {name: again[name] for name in ("ingest", "board", "kafka")} == {
        name: endpoints[name] for name in ("ingest", "board", "kafka")
    }
    assert stored_calls(again["postgres"]) == 3
    assert post_call(again, "a0") == 200
    assert post_call(again, "b0") == 200
    wait_until(lambda: shown_calls(again) == 4, "the old calls and the new one to be counted once", PATIENCE_S)

    os.kill(again["pids"]["kafka"], signal.SIGKILL)
    os.kill(again["pids"]["postgres"], signal.SIGKILL)
    wait_until(lambda: up.said().count("starting it again") >= 2, "both to be started again", PATIENCE_S)
    healed = up.ready()
    wait_until(lambda: post_call(healed, "c0") == 200, "ingest to accept again", PATIENCE_S)
    wait_until(lambda: shown_calls(healed) == 5, "all calls to be counted again", PATIENCE_S)

    assert up.stop() == 0
    assert of_this_run(up.folder) == []
    assert not (up.home / "endpoints.json").exists()


def test_a_source_added_while_it_runs_can_post(up: Up) -> None:
    """A floor applied later, with a source nobody gave a secret: one is made, and once the command ends, ingest accepts.

    The key that a vendor issues is not made, but asked for.
    """
    endpoints = up.start().start_seen()
    assert "srez floor apply" in up.said()
    wait_until(lambda: post_call({**endpoints, "secrets": "none"}, "w0") == 503, "ingest to answer", PATIENCE_S)
    told = up.command("floor", "apply", "floor.yaml")
    assert "Secrets made for it: FLOW_SIGNING, in " in told
    assert "Ingest accepts webhooks by it now." in told
    assert post_call(endpoints, "x0") == 200
    (up.folder / "floor.yaml").write_text(FLOOR + MANGO)
    told = up.command("floor", "apply", "floor.yaml")
    assert "source mango accepts nothing: MANGO_KEY is not set. Mango Office account" in told
    assert "Secrets made" not in told
    assert post_call(endpoints, "x1") == 200
    assert "MANGO_KEY" not in read(Path(endpoints["secrets"]))
    wait_until(
        lambda: "source mango accepts nothing: MANGO_KEY" in up.said(), "the first terminal to say so", PATIENCE_S
    )
    assert up.stop() == 0


def test_a_second_one_is_refused_and_a_broken_floor_told(up: Up) -> None:
    """Two on one folder do not fight, and a start that cannot succeed ends by itself with the reason."""
    (up.folder / "floor.yaml").write_text(FLOOR + "colour: red\n")
    up.start("--floor", "floor.yaml")
    assert up.process is not None
    assert up.process.wait(60) == 1
    assert "colour" in up.said()
    (up.folder / "floor.yaml").write_text(FLOOR)
    up.start("--floor", "floor.yaml").ready()
    second = Up.__new__(Up)
    second.folder, second.home, second.log = up.folder, up.home, up.folder / "second.log"
    second.start()
    assert second.process is not None
    assert second.process.wait(30) == 1
    assert "already runs on" in second.said()
    assert up.stop() == 0
