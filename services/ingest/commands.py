"""``srez normalize`` and ``srez journal list|show|replay``.

``app`` is a typer app with both; ``journal`` is the group alone. Exit codes: 0 well, 2 wrong use, 3 nothing but rejections.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from schemas import floor as floors
from schemas.facts import encode
from schemas.floor import Floor
from services.ingest import journaling
from services.ingest.customer import hasher
from services.ingest.normalize import Normalized, source_for
from services.ingest.normalize import normalize as normalized
from services.ingest.providers import mapped
from services.ingest.providers.base import Request
from services.ingest.providers.mapped import explain as explained
from services.ingest.storage.replay import Filter
from services.kit.errors import SrezError

WRONG_USE, REJECTED = 2, 3

app = typer.Typer(no_args_is_help=True, help="Webhooks: what they say, and the journal that keeps them.")
journal = typer.Typer(no_args_is_help=True, help="The journal: every webhook as it came.")
app.add_typer(journal, name="journal")

SourceOption = Annotated[str | None, typer.Option("--source", help="only this source")]
FromOption = Annotated[str | None, typer.Option("--from", help="received at or after, ISO 8601")]
ToOption = Annotated[str | None, typer.Option("--to", help="received before, ISO 8601")]
RejectedOption = Annotated[bool, typer.Option("--rejected", help="only rows that were, or hold, something rejected")]


@app.command()
def normalize(
    body: Annotated[str, typer.Argument(metavar="BODYFILE", help="file with the raw body; - reads stdin")],
    provider: Annotated[str, typer.Option("--provider", help="generic, mango, twilio…")],
    path: Annotated[str, typer.Option("--path", help="what follows /hooks/{source}, and ?query")] = "",
    header: Annotated[list[str] | None, typer.Option("--header", help="'Name: value', repeatable")] = None,
    content_type: Annotated[str | None, typer.Option("--content-type")] = None,
    floor: Annotated[Path | None, typer.Option("--floor", help="floor file: agents, time zone, fields")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="id of the source; default: the provider's first")
    ] = None,
    received_at: Annotated[str | None, typer.Option("--received-at", help="when it arrived, ISO 8601")] = None,
    method: Annotated[str, typer.Option("--method", help="GET for a provider that reports by GET")] = "POST",
    query: Annotated[str, typer.Option("--query", help="what follows ? in the address")] = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="provider mapped: first a table of what each expression found")
    ] = False,
) -> None:
    """Print the facts of one webhook body as NDJSON; reasons for everything else go to stderr."""
    if explain and provider != mapped.PROVIDER.name:
        _wrong("--explain is for --provider mapped: only its floor file has expressions")
    arrived = _instant(received_at, "--received-at")
    raw = _read(body)
    roster = _floor(floor)
    try:
        known = source_for(
            provider, roster, source, hasher(os.environ.get("SREZ_CUSTOMER_KEY")) if roster else hasher(None)
        )
    except SrezError as error:
        _wrong(str(error))
    if roster is not None and source is not None and source not in roster.source_by_id:
        _aside(f"srez: {floor} has no source {source!r}; known are {', '.join(sorted(roster.source_by_id))}")
    place, _, asked = path.partition("?")
    if asked and query:
        _wrong("the query is given twice: in --path and as --query")
    headers = _headers(header or [], content_type, raw)
    query = (query or asked).removeprefix("?")
    request = Request(method.upper(), place.strip("/"), query, headers, raw, arrived or datetime.now(UTC))
    if explain:
        for line in explained.lines(request, known):
            print(line)
    out = normalized(request, known, roster, received=arrived is not None)
    _print(out)
    if out.refused:
        raise typer.Exit(REJECTED)


def _print(out: Normalized) -> None:
    for fact in out.facts:
        sys.stdout.write(encode(fact).decode() + "\n")
    for ignored in out.ignored:
        print(f"nothing to count: {ignored.reason}{_why(ignored.detail)}", file=sys.stderr)
    for rejected in out.rejected:
        print(f"rejected: {rejected.reason}{_why(rejected.detail)}", file=sys.stderr)


def _why(detail: str) -> str:
    return f": {detail}" if detail else ""


def _headers(given: list[str], content_type: str | None, raw: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in given:
        name, colon, value = line.partition(":")
        if not colon:
            _wrong(f"--header {line!r} is not 'Name: value'")
        headers[name.strip().lower()] = value.strip()
    if content_type is not None:
        headers["content-type"] = content_type
    if "content-type" not in headers:
        headers["content-type"] = _guess(raw)
    return headers


def _guess(raw: bytes) -> str:
    start = raw.lstrip()[:1]
    if start in (b"{", b"["):
        return "application/json"
    return "application/xml" if start == b"<" else "application/x-www-form-urlencoded"


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        _wrong(f"{name}: {error.strerror or error}")


def _floor(path: Path | None) -> Floor | None:
    if path is None:
        return None
    try:
        return floors.load(str(path))
    except OSError as error:
        _wrong(f"{path}: {error.strerror or error}")
    except ValueError as error:
        _wrong("; ".join(f"{path}: {line}" for line in str(error).splitlines()))


def _instant(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        _wrong(f"{option} {text!r} is not an ISO 8601 instant such as 2026-11-23T09:00:00+03:00")
    if found.tzinfo is None:
        _wrong(f"{option} {text!r} needs an offset, such as {text}+03:00")
    return found


def _wrong(what: str) -> NoReturn:
    print(f"srez: {what}", file=sys.stderr)
    raise typer.Exit(WRONG_USE)


@journal.command("list")
def list_(
    source: SourceOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    rejected: RejectedOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 50,
) -> None:
    """The newest rows, one a line."""
    chosen = _filter(source, from_, to, rejected)
    for line in _run(journaling.listed(chosen, limit, _aside)):
        print(line)


@journal.command()
def show(id_: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One row whole: request, outcome, and the facts it gave."""
    text = _run(journaling.shown(id_))
    if text is None:
        _wrong(f"there is no journal row {id_}")
    print(text)


@journal.command()
def replay(
    source: SourceOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    rejected: RejectedOption = False,
    ids: Annotated[list[int] | None, typer.Option("--id", help="only this row, repeatable")] = None,
) -> None:
    """Read rows again, after a floor file or a parser was mended. Signatures are not checked again.

    Works with ingest running or stopped. Facts that come out the same stay as they are.
    """
    chosen = _filter(source, from_, to, rejected, tuple(ids or ()))
    _run(journaling.replayed(chosen, _aside))


def _aside(text: str) -> None:
    print(text, file=sys.stderr)


def _filter(source: str | None, from_: str | None, to: str | None, rejected: bool, ids: tuple[int, ...] = ()) -> Filter:
    return Filter(source, _instant(from_, "--from"), _instant(to, "--to"), rejected, ids)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except SrezError as error:
        _wrong(str(error))
