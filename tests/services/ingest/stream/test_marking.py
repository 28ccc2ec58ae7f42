"""Transcripts and scores from the journal to facts and readings; marks and disputes of people through orders."""

from typing import Any

import msgspec
import pytest

from schemas.commands import Dispute, Score, Settle
from schemas.facts import SCORE, TRANSCRIPT, CallScored, CallTranscribed
from schemas.floor import parse
from schemas.sources import BOARD
from services.ingest.source import configure
from services.ingest.stream.orders import Orders
from services.ingest.stream.parser import Knowledge
from services.ingest.stream.transcripts import Transcripts
from services.kit.clock import Clock
from tests.services.ingest.conftest import FLOOR
from tests.services.ingest.events import MORNING, body
from tests.services.ingest.stream.test_orders import order, told
from tests.services.ingest.stream.test_parser import Bench, bench

__all__ = ["bench"]
pytestmark = pytest.mark.integration
OURS = FLOOR + (
    "quality: {card: {id: ours, version: 2, title: T, items: [{id: hello, title: H, weight: 100, stage: hello, "
    "phrases: [добрый день]}], bans: [{id: rude, title: R, phrases: [глупость]}]}}\n"
)


def event(id_: str, type_: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id_,
        "type": type_,
        "source": "x",
        "time": MORNING.isoformat(),
        "data": data,
    }


def transcript(text: str, id_: str = "t1") -> bytes:
    segments = [{"channel": "agent", "start_s": 1.5, "end_s": 3, "text": text}]
    return body(event(id_, TRANSCRIPT, {"call_id": "fs:1", "agent": "ivan", "language": "ru", "segments": segments}))


async def readings(bench: Bench) -> list[Any]:
    return [
        (row[0], row[1], *(msgspec.json.decode(part) for part in row[2:]))
        for row in await bench.connections.fetch(
            "SELECT card, card_version, marks::text, evidence::text, bans::text, stages::text FROM readings"
            " WHERE made_at IS NOT NULL ORDER BY event_id"
        )
    ]


async def test_a_transcript_is_read_once(bench: Bench) -> None:
    """Journal → fact → reading; the golden score comes in as well; a duplicate is not read again."""
    for _ in range(2):
        await bench.journal(transcript("Добрый день"))
    golden = {
        "call_id": "fs:1",
        "agent": "ivan",
        "card": "default",
        "card_version": 1,
        "by": "oleg",
        "marks": {"contact": 1},
    }
    await bench.journal(body(event("s1", SCORE, golden)))
    await bench.all_parsed()
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 2
    worker = Transcripts(bench.connections, lambda: [parse(OURS)], Clock())
    assert await worker.once() == 1
    assert await worker.once() == 0
    ((card, version, marks, evidence, bans, stages),) = await readings(bench)
    assert (card, version, marks, bans, stages) == ("ours", 2, {"hello": 1}, {}, ["hello"])
    assert (evidence["hello"][0]["text"], evidence["hello"][0]["start_s"]) == ("Добрый день", 1.5)


async def test_a_changed_transcript_keeps_its_form(bench: Bench) -> None:
    """Told anew it is read anew, by the form and version of the first reading."""
    first, second = parse(OURS), parse(OURS.replace("version: 2", "version: 3").replace("добрый день", "до свидания"))
    await bench.journal(transcript("Алло"))
    await bench.all_parsed()
    await Transcripts(bench.connections, lambda: [first], Clock()).once()
    await bench.journal(transcript("Добрый день, глупость"))
    await bench.all_parsed()
    assert await Transcripts(bench.connections, lambda: [first, second], Clock()).once() == 1
    ((_, version, marks, _, bans, _),) = await readings(bench)
    assert (version, marks, list(bans)) == (2, {"hello": 1}, ["rude"])


def marks(**changed: Any) -> Score:
    given = {"call": "fs:1", "agent": "ivan", "card": "default", "card_version": 1, "by": "oleg", "at": MORNING}
    return Score(**{**given, "marks": {"contact": 1.0, "price": None}, **changed})


async def scores(bench: Bench) -> list[CallScored]:
    rows = await bench.connections.fetch("SELECT data::text FROM facts WHERE type = $1 ORDER BY data ->> 'by'", SCORE)
    return [msgspec.json.decode(row[0], type=CallScored) for row in rows]


def worker(bench: Bench) -> Orders:
    return Orders(bench.connections, Clock())


async def test_marks_become_a_fact(bench: Bench) -> None:
    """Through the journal; the same person again is a revision, another person another fact, a replay changes nothing."""
    floor = parse(FLOOR)
    bench.knowledge = Knowledge.of(floor, configure(floor))
    for asked in (marks(), marks(marks={"contact": 0.5}, bans=("rude",), comment="ещё раз"), marks(by="anna")):
        id_ = await order(bench, asked)
        assert await worker(bench).once() == 1
        assert await told(bench, id_) == (True, None, {})
        await bench.all_parsed()
    found = await scores(bench)
    assert [(one.by, one.marks.get("contact"), one.comment) for one in found] == [
        ("anna", 1, ""),
        ("oleg", 0.5, "ещё раз"),
    ]
    assert await bench.connections.fetchval("SELECT agent FROM facts LIMIT 1") == "ivan"
    assert await bench.connections.fetchval("SELECT count(*) FROM fact_revisions") == 1
    await bench.connections.execute("UPDATE journal SET state = 'new'")
    await bench.all_parsed()
    assert await scores(bench) == found


async def test_nobody_posts_as_the_board(bench: Bench) -> None:
    """The built-in source is known to the parser only: there is no gate of that name."""
    floor = parse(FLOOR)
    assert BOARD not in configure(floor)
    assert BOARD in Knowledge.of(floor, configure(floor)).sources


async def test_one_question_is_disputed_once(bench: Bench) -> None:
    """Raised with the mark as it was, answered once; both marks are kept."""
    floor = parse(FLOOR)
    bench.knowledge = Knowledge.of(floor, configure(floor))
    await order(bench, marks())
    await worker(bench).once()
    await bench.all_parsed()
    event_ = await bench.connections.fetchval("SELECT event_id::text FROM facts")
    asked = Dispute(call="fs:1", score=event_, item="contact", by="ivan", text="я представился")
    for expected in (None, "disputed"):
        id_ = await order(bench, asked)
        await worker(bench).once()
        assert (await told(bench, id_))[1] == expected
    id_ = await order(bench, msgspec.structs.replace(asked, item="nothing"))
    await worker(bench).once()
    assert (await told(bench, id_))[1] == "no_score"
    dispute = await bench.connections.fetchval("SELECT id FROM disputes")
    for expected in (None, "settled"):
        id_ = await order(
            bench, Settle(call="fs:1", dispute=dispute, by="anna", text="верно", upheld=False, mark=0.5, alone=True)
        )
        await worker(bench).once()
        assert (await told(bench, id_))[1] == expected
    row = await bench.connections.fetchrow(
        "SELECT agent, item, mark, outcome, new_mark, settled_by, alone FROM disputes"
    )
    assert tuple(row) == ("ivan", "contact", 1.0, "changed", 0.5, "anna", True)


def test_what_is_stored_is_a_transcript() -> None:
    """The golden data decodes as what the reader expects."""
    assert msgspec.json.decode(b'{"call_id":"c","language":"ru","segments":[]}', type=CallTranscribed).segments == ()
