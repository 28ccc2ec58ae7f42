"""``srez normalize`` and ``srez journal`` as people type them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.ingest.commands import app
from tests.services.ingest.conftest import FLOOR, apply_floor
from tests.services.ingest.events import body, call
from tests.services.ingest.stream.test_parser import Bench, bench

__all__ = ["bench"]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    (tmp_path / "floor.yaml").write_text(FLOOR)
    (tmp_path / "bad.yaml").write_text(FLOOR.replace("timezone: Europe/Moscow", "timezone: Mars/Olympus"))

    def invoke(raw: bytes | None, *words: str) -> tuple[int, list[dict[str, Any]], str]:
        if raw is not None:
            (tmp_path / "body").write_bytes(raw)
        filled = [word.replace("TMP", str(tmp_path)) for word in words]
        done = CliRunner().invoke(app, ["normalize", *filled, str(tmp_path / "body")])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return invoke


def test_normalize_without_a_floor(run: Any) -> None:
    """The source is the provider's name, the agent unknown, no arrival stated."""
    code, (fact,), errors = run(body(call("a")), "--provider", "generic")
    assert (code, errors) == (0, "")
    assert (fact["source"], fact["data"]["agent"], "receivedat" in fact) == ("/sources/generic", None, False)


def test_normalize_with_a_floor(run: Any) -> None:
    """The roster names the agent; a stated arrival is told and clamps."""
    code, (fact,), _ = run(
        body(call("a")), "--provider", "generic", "--floor", "TMP/floor.yaml", "--source", "own",
        "--received-at", "2026-11-23T09:10:00+03:00",
    )  # fmt: skip
    assert (code, fact["data"]["agent"], fact["source"]) == (0, "ivan", "/sources/own")
    assert fact["time"] == fact["receivedat"] == "2026-11-23T09:10:00+03:00"


def test_normalize_tells_apart(run: Any) -> None:
    """A mixed batch is well; nothing to count is well; nothing but rejections is 3."""
    code, facts, errors = run(body(call("a"), call("b", talk_s=-1)), "--provider", "generic")
    assert (code, len(facts), "rejected: bad_value" in errors) == (0, 1, True)
    code, facts, errors = run(b"[]", "--provider", "generic", "--content-type", "application/cloudevents-batch+json")
    assert (code, facts, "nothing to count: empty_batch" in errors) == (0, [], True)
    code, facts, errors = run(b"garbage", "--provider", "generic")
    assert (code, facts, "rejected:" in errors) == (3, [], True)


def test_normalize_of_a_call_that_goes_on(run: Any) -> None:
    """An agent's channel has ended, the caller's has not: nothing to count, and a reason for it."""
    rows = [
        {"eventtype": event, "eventtime": time, "channame": name, "uniqueid": unique, "linkedid": "1.1"}
        for event, time, name, unique in (
            ("CHAN_START", "2026-11-23 10:00:00", "PJSIP/trunk-a-00000060", "1.1"),
            ("CHAN_START", "2026-11-23 10:00:01", "PJSIP/204-00000061", "1.2"),
            ("HANGUP", "2026-11-23 10:00:09", "PJSIP/204-00000061", "1.2"),
        )
    ]
    code, facts, errors = run(json.dumps(rows).encode(), "--provider", "asterisk")
    assert (code, facts, "nothing to count: ringing" in errors) == (0, [], True)


def test_normalize_of_a_binary_event(run: Any) -> None:
    """Headers are given one by one."""
    event = call("a")
    words = [
        word for name in ("id", "type", "source", "specversion") for word in ("--header", f"CE-{name}: {event[name]}")
    ]
    code, (fact,), _ = run(json.dumps(event["data"]).encode(), "--provider", "generic", *words)
    assert (code, fact["data"]["call_id"]) == (0, "own:a")


MAPPED = """
  - id: dialler
    provider: mapped
    secrets: {path: {env: DIALLER_PATH}}
    map:
      rules:
        - {fact: call, id: id, direction: {otherwise: outbound}, started_at: at, talk_s: talk, identity: _.query.who}
"""


def test_normalize_of_a_get(run: Any, tmp_path: Path) -> None:
    """The query stands in --query or in --path; the body is empty."""
    (tmp_path / "mapped.yaml").write_text(FLOOR.rstrip() + MAPPED)
    words = ["--provider", "mapped", "--floor", "TMP/mapped.yaml", "--method", "get"]
    for asked in (["--query", "id=7&at=1795413600&talk=65&who=22"], ["--path", "x?id=7&at=1795413600&talk=65&who=22"]):
        code, (fact,), errors = run(b"", *words, *asked)
        assert (code, errors, fact["data"]["talk_s"], fact["data"]["identity"]) == (0, "", 65, "22")
    callback = "CallSid=CA1&CallStatus=completed&CallDuration=9"
    code, (fact,), _ = run(b"", "--provider", "twilio", "--method", "GET", "--query", callback)
    assert (code, fact["data"]["call_id"], fact["data"]["talk_s"]) == (0, "twilio:CA1", 9)


def test_normalize_explains_a_map(tmp_path: Path) -> None:
    """A table of what each expression found, then the facts."""
    (tmp_path / "mapped.yaml").write_text(FLOOR.rstrip() + MAPPED)
    (tmp_path / "body").write_bytes(b'{"id": 7, "at": "soon"}')
    words = ["normalize", "--provider", "mapped", "--floor", str(tmp_path / "mapped.yaml"), "--explain"]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "body")])
    assert done.exit_code == 3
    assert 'started_at  at          "soon"  — (this is no time)' in done.stdout
    assert done.stderr == "rejected: bad_value: rule 0 (call), element 0: started_at: 'soon' is no time\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--provider", "generic", "--explain"], "--explain is for --provider mapped"),
        (["--provider", "generic", "--path", "a?b=1", "--query", "c=2"], "the query is given twice"),
        (["--provider", "nokia"], "unknown provider 'nokia'"),
        (["--provider", "generic", "--floor", "TMP/none.yaml"], "none.yaml: No such file"),
        (["--provider", "generic", "--floor", "TMP/bad.yaml"], "bad.yaml: line 4"),
        (["--provider", "generic", "--received-at", "yesterday"], "--received-at 'yesterday' is not"),
        (["--provider", "generic", "--received-at", "2026-11-23T09:00"], "needs an offset"),
        (["--provider", "generic", "--header", "nothing"], "--header 'nothing' is not"),
        (["--provider", "generic", "--floor", "TMP/floor.yaml", "--source", "fs"], "is of provider 'freeswitch'"),
    ],
)
def test_wrong_use_is_one_clear_line(run: Any, words: list[str], told: str) -> None:
    """Exit 2 and what to mend."""
    code, facts, errors = run(b"{}", *words)
    assert (code, facts, len(errors.splitlines())) == (2, [], 1)
    assert told in errors


def test_a_missing_body_file(run: Any) -> None:
    """The same for the body itself."""
    code, _, errors = run(None, "--provider", "generic")
    assert (code, "No such file" in errors) == (2, True)


@pytest.mark.integration
async def test_journal_replay_after_a_mend(bench: Bench, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a source that the floor lacked are rejected; once it is described they are replayed into facts."""
    await apply_floor(bench.connections)
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    row = await bench.journal(body(call("a")), source="forgotten")
    other = await bench.journal(body(call("b")))
    await bench.all_parsed()
    assert await bench.state(row) == ("rejected", "misconfigured", 0)
    await apply_floor(bench.connections, FLOOR.replace("id: hidden", "id: forgotten"))
    listed = await typed("journal", "list", "--rejected")
    assert (str(row) in listed, str(other) in listed.split()[0], "misconfigured" in listed) == (True, False, True)
    told = await typed("journal", "replay", "--rejected")
    assert "replaying 1 rows" in told
    assert "done: 1 parsed" in told
    assert await bench.state(row) == ("parsed", None, 1)
    shown = await typed("journal", "show", str(row))
    assert '"stored_facts"' in shown
    assert "own:a" in shown
    replays = await bench.connections.fetchrow("SELECT rows, finished_at IS NOT NULL FROM replays")
    assert tuple(replays) == (1, True)
    told = await typed("journal", "replay", "--source", "own")
    assert "done: 1 parsed" in told
    assert await bench.connections.fetchval("SELECT count(*) FROM fact_revisions") == 0
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 2


async def typed(*words: str) -> str:
    """Runs the command in a thread: it has an event loop of its own."""
    done = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    assert done.exit_code == 0, done.output
    return str(done.output)
