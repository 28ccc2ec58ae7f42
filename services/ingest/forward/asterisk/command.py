"""``srez asterisk`` as it is typed."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Final

import typer

from schemas import floor as floors
from schemas.floor import SourceConfig
from services.ingest import secret
from services.ingest.forward.asterisk import ami as amis
from services.ingest.forward.asterisk import ari as aris
from services.ingest.forward.asterisk.forwarder import AmiLogin, AriLogin, Forwarder
from services.ingest.forward.asterisk.poster import Target, target
from services.ingest.forward.asterisk.spool import Spool
from services.kit import logs, stopping
from services.kit.errors import Misconfigured, SrezError
from services.kit.secret import read

PROVIDER: Final = "asterisk"
AMI_SECRET, ARI_PASSWORD = "SREZ_AMI_SECRET", "SREZ_ARI_PASSWORD"

SourceId = Annotated[str, typer.Option("--source", help="id of the source in the floor file (provider: asterisk)")]
FloorFile = Annotated[Path, typer.Option("--floor", help="floor file: which variables hold the source's secrets")]
AmiAddress = Annotated[str | None, typer.Option("--ami", metavar="HOST:PORT", help="AMI; tls://HOST:PORT for TLS")]
AmiUser = Annotated[str | None, typer.Option("--user", help=f"user of manager.conf; its secret is in {AMI_SECRET}")]
AriAddress = Annotated[str | None, typer.Option("--ari", metavar="URL", help="ARI, such as http://10.0.0.5:8088")]
AriUser = Annotated[str | None, typer.Option("--ari-user", help=f"user of ari.conf; its password is in {ARI_PASSWORD}")]
AriApplication = Annotated[str, typer.Option("--ari-app", help="a name that no other Stasis application has")]
Ingest = Annotated[str, typer.Option("--ingest", metavar="URL", help="where ingest answers")]
SpoolFile = Annotated[
    Path | None, typer.Option("--spool", help="file that keeps what is not posted yet [.srez/spool/asterisk-SOURCE.db]")
]
Cel = Annotated[
    bool, typer.Option("--cel", help="forward CEL events too (who hung up); cel.conf must send them to AMI")
]


def asterisk(
    source: SourceId,
    floor: FloorFile = Path("floor.yaml"),
    ami: AmiAddress = None,
    user: AmiUser = None,
    ari: AriAddress = None,
    ari_user: AriUser = None,
    ari_app: AriApplication = aris.APPLICATION,
    ingest: Ingest = "http://127.0.0.1:8080",
    spool: SpoolFile = None,
    cel: Cel = False,
) -> None:
    """Bring the calls of an Asterisk or FreePBX to ingest: read AMI (and ARI), keep on disk, post until accepted.

    Example, beside the PBX and under a supervisor, with SREZ_AMI_SECRET and the source's secret in the environment:

    srez asterisk --source pbx --floor floor.yaml --ami 127.0.0.1:5038 --user srez --ingest https://srez.example

    Forwards the events Cdr and Hangup, with the times a channel was in a bridge: a menu's time is no talk.

    cdr_manager.conf: enabled = yes, and under mappings linkedid => Linkedid.

    manager.conf: a user with read = call,cdr and no write, permit = this machine.

    While ingest is away events wait on disk, through restarts too. What happens while this does not run is lost to AMI.
    """
    try:
        to = _target(source, floor, ingest)
        logins = _logins(ami, user, ari, ari_user, ari_app, cel)
        logs.configure("asterisk", "console", "INFO")
        asyncio.run(_forward(spool or _spool_of(source), to, logins))
    except SrezError as error:
        typer.secho(f"srez asterisk: {error}", fg="red", err=True)
        raise typer.Exit(2) from None


def _target(source: str, floor: Path, ingest: str) -> Target:
    config = _config(source, floor)
    secrets, missing = secret.resolve(config)
    if missing:
        raise Misconfigured(f"not set: {', '.join(missing)} – secret of source {source!r} (or {missing[0]}_FILE)")
    return target(ingest, source, secrets)


def _config(source: str, file: Path) -> SourceConfig:
    try:
        floor = floors.load(str(file))
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror or error}; name the floor file with --floor") from error
    except ValueError as error:
        raise Misconfigured("; ".join(f"{file}: {line}" for line in str(error).splitlines())) from error
    config = floor.source_by_id.get(source)
    if config is None:
        known = ", ".join(one.id for one in floor.sources if one.provider == PROVIDER) or "none"
        raise Misconfigured(f"{file} has no source {source!r}; of provider asterisk there are: {known}")
    if config.provider != PROVIDER:
        raise Misconfigured(f"source {source!r} in {file} is of provider {config.provider!r}, not {PROVIDER!r}")
    return config


def _logins(
    at: str | None, user: str | None, ari_at: str | None, ari_user: str | None, application: str, cel: bool
) -> list[AmiLogin | AriLogin]:
    found: list[AmiLogin | AriLogin] = []
    if at is not None:
        if not user:
            raise Misconfigured("--ami needs --user, a user of manager.conf")
        found.append(AmiLogin(amis.address(at), user, _secret(AMI_SECRET, "the secret of --user in manager.conf"), cel))
    if ari_at is not None:
        if not ari_user:
            raise Misconfigured("--ari needs --ari-user, a user of ari.conf")
        password = _secret(ARI_PASSWORD, "the password of --ari-user in ari.conf")
        found.append(AriLogin(aris.address(ari_at), ari_user, password, application))
    if not found:
        raise Misconfigured("nothing to read: give --ami HOST:PORT with --user, or --ari URL with --ari-user")
    return found


def _secret(name: str, what: str) -> str:
    try:
        return read(name)
    except Misconfigured as error:
        raise Misconfigured(f"{error}: it is {what} (or name a file that holds it in {name}_FILE)") from error


def _spool_of(source: str) -> Path:
    return Path(os.environ.get("SREZ_HOME") or ".srez").absolute() / "spool" / f"asterisk-{source}.db"


async def _forward(file: Path, to: Target, logins: list[AmiLogin | AriLogin]) -> None:
    with Spool(file) as spool:
        if waiting := len(spool):
            logs.get().info("events wait from an earlier run", events=waiting)
        forwarding = asyncio.create_task(Forwarder(spool, to).run(*logins))
        await stopping.ended_or_stopped(forwarding, stopping.on_signals())
        await asyncio.wait({forwarding})
        if waiting := len(spool):
            logs.get().info("events wait for the next run", events=waiting, spool=str(file))
