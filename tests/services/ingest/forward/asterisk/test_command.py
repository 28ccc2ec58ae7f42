"""``srez asterisk`` as people type it, and as a process that is killed."""

import asyncio
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.local.cli import app
from tests.services.ingest.forward.asterisk.pbx import Ingest, Pbx, event
from tests.support.running import ROOT
from tests.support.waiting import eventually

FLOOR = """
timezone: Europe/Moscow
teams: [{id: one}]
sources:
  - {id: pbx, provider: asterisk, secrets: {path: {env: PBX_PATH}}}
  - {id: bare, provider: asterisk}
  - {id: office, provider: freeswitch, secrets: {basic: {env: FS_BASIC}}}
"""
AMI = ("--ami", "127.0.0.1:1", "--user", "srez")


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    file = tmp_path / "floor.yaml"
    file.write_text(FLOOR)
    return file


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["--source", "pbx", *AMI], {}, "not set: PBX_PATH – secret of source 'pbx' (or PBX_PATH_FILE)"),
        (["--source", "pbxx", *AMI], {}, "has no source 'pbxx'; of provider asterisk there are: pbx, bare"),
        (["--source", "office", *AMI], {}, "'office' in FLOOR is of provider 'freeswitch', not 'asterisk'"),
        (["--source", "bare", *AMI], {}, "'bare' has neither secrets.path nor secrets.basic"),
        (["--source", "pbx"], {"PBX_PATH": "x"}, "nothing to read: give --ami HOST:PORT with --user"),
        (["--source", "pbx", "--ami", "h"], {"PBX_PATH": "x"}, "--ami needs --user"),
        (["--source", "pbx", "--ari", "http://h"], {"PBX_PATH": "x"}, "--ari needs --ari-user"),
        (["--source", "pbx", *AMI], {"PBX_PATH": "x"}, "SREZ_AMI_SECRET is not set: it is the secret of --user"),
        (["--source", "pbx", *AMI, "--ingest", "srez"], {"PBX_PATH": "x"}, "--ingest 'srez' is no address"),
        (["--source", "pbx", "--floor", "none.yaml", *AMI], {}, "none.yaml: No such file"),
    ],
)
def test_wrong_use_is_one_clear_line(
    floor: Path, words: list[str], environment: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 and what to mend."""
    monkeypatch.delenv("PBX_PATH", raising=False)
    done = CliRunner().invoke(app, ["asterisk", "--floor", str(floor), *words], env=environment)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.output
    assert told.replace("FLOOR", str(floor)) in done.stderr


def test_the_help_shows_an_example() -> None:
    """One that can be copied, and what the PBX needs."""
    told = CliRunner().invoke(app, ["asterisk", "--help"], env={"COLUMNS": "200"}).stdout
    for word in ("srez asterisk --source pbx", "SREZ_AMI_SECRET", "linkedid => Linkedid", "read = call,cdr"):
        assert word in told


async def test_killed_and_started_again(floor: Path, tmp_path: Path) -> None:
    """With ingest away it is killed; the next run posts what is on disk, in order; SIGTERM ends it politely."""

    async def start(pbx: Pbx, url: str) -> asyncio.subprocess.Process:
        words = ("--source", "pbx", "--floor", str(floor), "--ami", f"127.0.0.1:{pbx.port}", "--user", "srez")
        return await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "services.local",
                "asterisk",
                *words,
                "--ingest",
                url,
                "--spool",
                str(tmp_path / "s.db"),
            ),
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "PBX_PATH": "word",
                "SREZ_AMI_SECRET": "ami-secret",
                "SREZ_HOME": str(tmp_path),
            },
            stderr=asyncio.subprocess.PIPE,
        )

    first = [event("Cdr", UniqueID="1.1"), event("Cdr", UniqueID="1.2"), event("Cdr", UniqueID="1.3")]
    async with Pbx(plays=[first, [event("Cdr", UniqueID="1.4")]]).open() as pbx:
        running = await start(pbx, "http://127.0.0.1:1")
        await eventually(lambda: pbx.logins == 1, "the login", 30)
        await eventually(lambda: b"1.3" in _bytes(tmp_path), "the events on disk", 10)
        running.kill()
        await running.communicate()
        async with Ingest().open() as ingest:
            running = await start(pbx, ingest.url)
            await eventually(lambda: len(ingest.bodies) == 4, "all events", 30)
            running.terminate()
            told = (await running.communicate())[1].decode()
        assert running.returncode == 0, told
        assert ingest.told("UniqueID") == ["1.1", "1.2", "1.3", "1.4"]
        assert "events wait from an earlier run" in told
        assert "word" not in told


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("s.db*"))
