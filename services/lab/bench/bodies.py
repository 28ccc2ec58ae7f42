"""Webhooks for benches: signed by the lab's own senders, each a different call, ready as bytes for a socket."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from schemas.facts import CALL, CallEnded, Fact, event_id
from schemas.floor import parse
from services.lab.bench.floor import GENERIC, MANGO, SECRETS, agent_id, floor_text
from services.lab.senders import SENDERS, Outgoing
from services.lab.senders.account import accounts
from services.lab.simulate.chance import stream


def calls(source: str, agents: int, ended_at: datetime, name: str = "bench") -> Iterator[Fact]:
    """Endless outbound calls of one source that ended just before *ended_at*, agents in turn."""
    random = stream(1, name, source)
    for number in count():
        talk_s = random.randrange(0, 900) if number % 3 == 0 else 0
        agent, call = number % agents, f"{name}-{number:09d}"
        answered = ended_at - timedelta(seconds=talk_s)
        data = CallEnded(
            call_id=f"{source}:{call}",
            agent=agent_id(agent),
            identity=str(10000 + agent),
            direction="outbound",
            started_at=answered - timedelta(seconds=12),
            answered_at=answered if talk_s else None,
            ended_at=ended_at,
            talk_s=talk_s,
            ring_s=12,
            disposition="answered" if talk_s else "no_answer",
            q850=16 if talk_s else 19,
            sip_status=200 if talk_s else 480,
            line=f"{source}/trunk-a",
            customer=f"k1:{number:016x}",
        )
        yield Fact(id=event_id(source, CALL, call), type=CALL, source=source, time=ended_at, data=data)


def webhooks(kind: str, agents: int, name: str) -> Iterator[Outgoing]:
    """Endless signed requests; *kind* is generic or mango (one request a call)."""
    source = {"generic": GENERIC, "mango": MANGO}[kind]
    floor = parse(floor_text(1))
    account = accounts({source: floor.source_by_id[source]}, SECRETS, "")[source]
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    for fact in calls(source, agents, ended, name):
        yield SENDERS[kind](fact, account)[0]


def wire(request: Outgoing, host: str) -> bytes:
    """The request as HTTP/1.1 bytes, keep-alive."""
    lines = [f"POST {request.path} HTTP/1.1", f"host: {host}", f"content-length: {len(request.body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + request.body
