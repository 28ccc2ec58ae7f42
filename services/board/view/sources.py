"""The Sources pages: how each PBX and CRM is connected, what came from it, and what needs a hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from schemas.commands import Assign, Replay
from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION, REFUND, SCORE, STATE, TRANSCRIPT
from schemas.floor import Floor, SourceConfig
from schemas.providers import ProviderGuide, guides
from services.board.storage.asked import Asked
from services.board.storage.intake import Begun, Intake, Lacks, RawRequest, RejectedRow, Unowned
from services.board.storage.orders import Order
from services.board.view.masking import masked
from services.board.view.refused import lacking
from services.board.words import Words

Progress = Literal["unset", "waiting", "refused", "heard", "nobodys", "counted"]
"""Nothing is accepted, for something is missing; no webhook yet; only such as were turned away; webhooks, and nothing
countable in them; facts, and none of them anybody's; counted for an agent."""

TONES: Final[Mapping[str, str]] = {
    "unset": "hard",
    "waiting": "quiet",
    "refused": "hard",
    "heard": "soft",
    "nobodys": "soft",
    "counted": "ok",
}
KINDS: Final[Mapping[str, str]] = {
    CALL: "calls",
    PRESENTATION: "presentations",
    INVOICE: "invoices",
    PAYMENT: "payments",
    REFUND: "refunds",
    STATE: "states",
    TRANSCRIPT: "transcripts",
    SCORE: "scores",
}
SHOWN_BODY: Final = 4000
READ_BODY: Final = 20_000
"""More is read than shown: a number must not be cut in two before it is masked."""


@dataclass(frozen=True, slots=True)
class SecretShown:
    """A secret by its name at the provider: the variable that holds it, and where its value is found."""

    name: str
    variables: tuple[str, ...]
    where: str
    required: bool
    one_of: bool = False
    """None of the provider's secrets is given, and one of them must be."""


@dataclass(frozen=True, slots=True)
class SourceShown:
    """One source in a row. ``silence``: ok, silent, quiet (nothing today), as the alerts know it."""

    id: str
    config: SourceConfig | None
    title: str
    intake: Intake
    begun: Begun
    facts: int
    unattributed: int
    progress: Progress
    tone: str
    silence: str
    asked: Asked
    lacks: Lacks | None = None

    @property
    def ignored(self) -> list[tuple[str, int]]:
        return _most_first(self.intake.ignored)

    @property
    def rejected(self) -> list[tuple[str, int]]:
        return _most_first(self.intake.rejected)


@dataclass(frozen=True, slots=True)
class Step:
    """``parts``: (text, whether it is an address); ``code``: what is to be copied as it stands, or ""."""

    parts: tuple[tuple[str, bool], ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a source is connected. A path secret in ``url`` is a placeholder."""

    url: str
    near: bool
    """The address is this very machine's: nobody outside can reach it."""
    path_variables: tuple[str, ...]
    secrets: tuple[SecretShown, ...]
    steps: tuple[Step, ...]
    reads_back: bool
    lacking: tuple[str, ...]
    """Secrets without which nothing is read back."""


@dataclass(frozen=True, slots=True)
class UnownedShown:
    """``pending``: the agent it was just given to, until its facts have moved."""

    one: Unowned
    kinds: str
    pending: str


@dataclass(frozen=True, slots=True)
class OrderShown:
    id: int
    what: str
    said: str
    state: Literal["open", "done", "again", "failed"]
    """``again``: done, and something was rejected once more."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """The raw request of one rejected row, without phone numbers."""

    id: int
    request: str
    body: str
    cut: int


def source_row(
    floor: Floor,
    id_: str,
    intake: Intake | None,
    begun: Begun,
    counts: tuple[int, int],
    silence: str,
    asked: Asked | None = None,
    lacks: Lacks | None = None,
) -> SourceShown:
    """*counts*: facts of the day, and those of them without an agent; *lacks*: why it accepts nothing."""
    lacks = lacks if id_ in floor.source_by_id else None
    config = floor.source_by_id.get(id_)
    guide = guides().get(config.provider) if config else None
    found: Progress = "unset" if lacks else progress(begun, intake)
    return SourceShown(
        id=id_,
        config=config,
        title=guide.title if guide else config.provider if config else "",
        intake=intake or Intake(id_),
        begun=begun,
        facts=counts[0],
        unattributed=counts[1],
        progress=found,
        tone="technical" if silence == "silent" and not lacks else TONES[found],
        silence=silence,
        asked=asked or Asked(),
        lacks=lacks,
    )


def progress(begun: Begun, intake: Intake | None = None) -> Progress:
    if begun.owned_at is not None:
        return "counted"
    if begun.counted_at is not None:
        return "nobodys"
    if begun.heard_at is not None:
        return "heard"
    return "refused" if intake is not None and intake.turned_away else "waiting"


def setup(config: SourceConfig, hooks_url: str | None, w: Words) -> Setup:
    """How to connect the source: the address, its secrets by name, and the provider's steps."""
    guide = guides().get(config.provider)
    url = address(config, guide, hooks_url, w)
    return Setup(
        url=url,
        near=urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1"),
        path_variables=_variables(config, "path"),
        secrets=tuple(_secrets(config, guide, w)),
        steps=tuple(_step(told, url, config.id) for told in _steps(config, guide, w)),
        reads_back=guide.reads_back if guide else False,
        lacking=lacking(config),
    )


def address(config: SourceConfig, guide: ProviderGuide | None, hooks_url: str | None, w: Words | None = None) -> str:
    """What the provider is to call. A secret in it is a placeholder, and so is a host that is not known.

    Placeholders are in the language of *w*; without it, for machines, plain ASCII.
    """
    host, here = (w("sources.your_host"), w("sources.secret_here")) if w else ("your-host", "secret")
    if config.public_url is not None:
        base = config.public_url.partition("?")[0].rstrip("/")
    elif hooks_url:
        base = f"{hooks_url.rstrip('/')}/hooks/{config.id}"
    else:
        base = f"https://<{host}>/hooks/{config.id}"
    rest = guide.path.rstrip("/") if guide else ""
    return f"{base}{rest}/<{here}>" if "path" in config.secrets else base + rest


def _variables(config: SourceConfig, name: str) -> tuple[str, ...]:
    given = config.secrets.get(name)
    if given is None:
        return ()
    return tuple(one.env for one in given) if isinstance(given, tuple) else (given.env,)


def _secrets(config: SourceConfig, guide: ProviderGuide | None, w: Words) -> list[SecretShown]:
    known = guide.secrets if guide else ()
    free = not any(one.required for one in known)
    none = not any(one.name in config.secrets for one in known)
    found = [
        SecretShown(
            *(one.name, _variables(config, one.name), _told(one.where.en, one.where.ru, w)),
            required=one.required or free,
            one_of=free and none,
        )
        for one in known
        if one.required or one.name in config.secrets or (free and none)
    ]
    named = {one.name for one in known}
    for name in config.secrets:
        if name not in named:
            where = w(f"sources.secret.{name}") if w.has(f"sources.secret.{name}") else ""
            found.append(SecretShown(name, _variables(config, name), where, required=True))
    return found


def _steps(config: SourceConfig, guide: ProviderGuide | None, w: Words) -> list[str]:
    if guide is None:
        return [w("sources.no_guide"), *([w("sources.no_guide_call")] if "calls" in config.feeds else [])]
    return [_told(step.en, step.ru, w) for step in guide.setup]


def _step(text: str, url: str, source: str) -> Step:
    """The first line is for reading; lines after it are to be copied."""
    said, _, code = text.replace("{source}", source).strip().partition("\n")
    parts: list[tuple[str, bool]] = []
    for at, piece in enumerate(said.split("{url}")):
        if at:
            parts.append((url, True))
        if piece:
            parts.append((piece, False))
    return Step(tuple(parts), code.replace("{url}", url))


def _told(en: str, ru: str, w: Words) -> str:
    return ru if w.language == "ru" else en


def unowned_shown(found: Sequence[Unowned], orders: Sequence[Order], floor: Floor, w: Words) -> list[UnownedShown]:
    given = {
        order.asked.identity: _name(order.asked.agent, floor)
        for order in reversed(orders)
        if isinstance(order.asked, Assign) and order.problem is None
    }
    return [UnownedShown(one, ", ".join(_kinds(one.kinds, w)), given.get(one.identity or "", "")) for one in found]


def _kinds(kinds: Mapping[str, int], w: Words) -> list[str]:
    """``12 звонков``, ``2 счёта``: most first."""
    return [w(f"sources.kind.{KINDS.get(type_, 'other')}", n=count) for type_, count in _most_first(kinds)]


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def masked_row(row: RejectedRow) -> RejectedRow:
    return RejectedRow(row.id, row.received_at, row.reason, masked(row.detail), row.size, row.in_part)


def opened(raw: RawRequest, source: str) -> Opened:
    text = masked(raw.body[:READ_BODY].decode("utf-8", "backslashreplace"))
    path = f"/hooks/{source}" + (f"/{raw.path}" if raw.path else "") + (f"?{raw.query}" if raw.query else "")
    head = f"{raw.method} {masked(path)}" + (f"\n{raw.content_type}" if raw.content_type else "")
    cut = max(0, len(raw.body) - SHOWN_BODY) if len(text) > SHOWN_BODY else 0
    return Opened(raw.id, head, text[:SHOWN_BODY], cut)


def order_shown(order: Order, floor: Floor, w: Words) -> OrderShown:
    if order.done_at is None:
        return OrderShown(order.id, _what(order, floor, w), w("sources.order.open"), "open", order.requested_at)
    if order.problem is not None:
        return OrderShown(order.id, _what(order, floor, w), _problem(order, floor, w), "failed", order.done_at)
    again = isinstance(order.asked, Replay) and bool(order.outcome.states.get("rejected"))
    return OrderShown(order.id, _what(order, floor, w), _done(order, w), "again" if again else "done", order.done_at)


def _what(order: Order, floor: Floor, w: Words) -> str:
    asked = order.asked
    if isinstance(asked, Assign):
        return w("sources.order.assign", identity=asked.identity, agent=_name(asked.agent, floor))
    if isinstance(asked, Replay) and asked.rows:
        return w("sources.order.replay_rows", n=len(asked.rows), rows=", ".join(map(str, asked.rows)))
    return w("sources.order.replay")


def _done(order: Order, w: Words) -> str:
    if isinstance(order.asked, Assign):
        return w("sources.order.assigned", version=order.outcome.version or 0)
    states = [w(f"sources.order.state.{state}", n=count) for state, count in sorted(order.outcome.states.items())]
    return ", ".join(states) or w("sources.order.nothing")


def _problem(order: Order, floor: Floor, w: Words) -> str:
    key = f"sources.problem.{order.problem}"
    detail = order.outcome.detail
    if order.problem == "belongs":
        detail = _name(detail, floor)
    return w(key if w.has(key) else "sources.problem.internal", detail=detail)


def _name(agent: str, floor: Floor) -> str:
    return floor.agent_by_id[agent].title if agent in floor.agent_by_id else agent
