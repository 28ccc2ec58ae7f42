"""The command ``srez retailcrm``."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from schemas import floor as floors
from schemas.floor import Floor, SourceConfig
from services.ingest import journaling, secret
from services.ingest.forward.retailcrm.crm import History
from services.ingest.forward.retailcrm.cursor import Cursor, default_path
from services.ingest.forward.retailcrm.patience import TIMEOUT_S, retrying
from services.ingest.forward.retailcrm.poll import Hook, Poller
from services.kit.errors import Misconfigured

_SPAN = re.compile(r"(\d{1,6})(s|m|h|)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_OURSELVES = ("localhost", "127.0.0.1", "::1")
_BLOCK = "secrets: {path: {env: …}, rest_url: {env: …}, api_key: {env: …}}"


def retailcrm(
    source: Annotated[str, typer.Option("--source", help="id of the source in the floor file")],
    every: Annotated[str, typer.Option("--every", help="pause between looks: 30s, 2m")] = "30s",
    once: Annotated[bool, typer.Option("--once", help="one look, then end; exit code 1 when it failed")] = False,
    since: Annotated[
        int | None, typer.Option("--since", min=0, help="begin after this entry of the history; 0: from the very start")
    ] = None,
    floor: Annotated[
        Path | None, typer.Option("--floor", help="floor file; default: the one that is applied (SREZ_POSTGRES_DSN)")
    ] = None,
    ingest: Annotated[
        str | None, typer.Option("--ingest", help="address of ingest; default: of `srez up` here, else port 8080 here")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="file of the cursor; default: .srez/retailcrm-<source>.json")
    ] = None,
) -> None:
    """Fetch RetailCRM's order history and post it to ingest, page after page. Stop with Ctrl-C.

    The cursor moves when ingest has accepted a page: killed at any moment it goes on where it was, and a page that is
    sent twice changes nothing. On the first start only what happens from now on is fetched. The source's secrets
    rest_url, api_key and path are read from the environment variables that the floor file names.

    Example: srez retailcrm --source crm --floor floor.yaml --every 1m
    """
    pause_s = _seconds(every)
    config = _source(_floor(floor), source)
    secrets = _secrets(config)
    address = _address(secrets["rest_url"])
    with httpx.Client(timeout=TIMEOUT_S, headers={"user-agent": "srez"}) as client:
        hook = Hook(client, ingest or _ingest(), source, secrets.get("path"), secrets.get("basic"))
        cursor = Cursor(state or default_path(source), address)
        poller = Poller(History(client, address, secrets["api_key"]), hook, cursor, retrying(once, _tell), _tell)
        try:
            poller.begin(since)
            if once:
                poller.turn()
            else:
                poller.run(pause_s)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


def _tell(text: str) -> None:
    typer.echo(f"retailcrm: {text}", err=True)


def _seconds(text: str) -> float:
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise Misconfigured(f"--every {text!r} is no pause such as 30s, 2m or 1h")
    return int(found[1]) * _UNITS[found[2]]


def _floor(path: Path | None) -> Floor:
    """Raises: Misconfigured, Unavailable."""
    if path is None:
        return asyncio.run(journaling.applied_floor())
    try:
        return floors.load(str(path))
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise Misconfigured(f"{path}: {error}") from error


def _source(floor: Floor, name: str) -> SourceConfig:
    found = floor.source_by_id.get(name)
    if found is None:
        known = ", ".join(one.id for one in floor.sources if one.provider == "retailcrm") or "none"
        raise Misconfigured(f"the floor file has no source {name!r}; its sources of RetailCRM: {known}")
    if found.provider != "retailcrm":
        raise Misconfigured(f"source {name!r} is of the provider {found.provider}, not retailcrm")
    return found


def _secrets(config: SourceConfig) -> dict[str, str]:
    """The first value of each secret. Raises: Misconfigured."""
    found, missing = secret.resolve(config)
    if missing:
        raise Misconfigured(f"set these variables (or NAME_FILE): {', '.join(missing)}")
    lacking = [name for name in ("rest_url", "api_key") if name not in found]
    if "path" not in found and "basic" not in found:
        lacking.append("path")
    if lacking:
        raise Misconfigured(f"source {config.id} has no secret {', '.join(lacking)}; it needs {_BLOCK}")
    return {name: values[0] for name, values in found.items()}


def _address(given: str) -> str:
    """``https://example.retailcrm.ru``. Raises: Misconfigured."""
    parts = urlsplit(given.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query:
        raise Misconfigured("secrets.rest_url is no address such as https://example.retailcrm.ru")
    if parts.scheme == "http" and parts.hostname not in _OURSELVES:
        raise Misconfigured("secrets.rest_url must begin with https://: the key would travel in the open")
    return given.strip().rstrip("/")


def _ingest() -> str:
    """Where the `srez up` of this folder answers, else the usual port of this machine."""
    file = Path(os.environ.get("SREZ_HOME") or ".srez") / "endpoints.json"
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["ingest"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"http://127.0.0.1:{os.environ.get('SREZ_INGEST_PORT') or 8080}"
