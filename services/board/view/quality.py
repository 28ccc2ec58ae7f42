"""One call for the page: the form with what the machine found and what people marked, disputes, orders under way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.commands import Dispute as DisputeAsked
from schemas.commands import Score as ScoreAsked
from schemas.floor import Floor
from schemas.floor.quality import Ban, Form, Item
from services.board.access import Answering
from services.board.storage.orders import Order
from services.board.storage.quality import Dispute, WholeCall, with_changes
from services.board.view.speech import Said, hidden, shown
from services.board.words import Words
from services.rules.quality.forms import Key, form_for
from services.rules.quality.reading import Evidence
from services.rules.quality.scoring import Mark, Score, Sheet, marks_of, score


@dataclass(frozen=True, slots=True)
class Quote:
    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """``machine``: 1 or None, not seen; ``mine``: key of the reader's own mark (1, 0.5, 0, na), or empty."""

    item: Item
    title: str
    guidance: str
    machine: Mark
    quotes: tuple[Quote, ...]
    mine: str


@dataclass(frozen=True, slots=True)
class BanView:
    ban: Ban
    title: str
    quotes: tuple[Quote, ...]
    mine: bool


@dataclass(frozen=True, slots=True)
class SheetView:
    """``marks`` as they stand; ``given`` as they were given where a dispute changed them.

    ``answering``: whether the reader may answer the dispute, where it is open.
    """

    sheet: Sheet
    marks: Mapping[str, Mark]
    given: Mapping[str, Mark]
    score: Score
    at: datetime
    comment: str
    dispute: Dispute | None
    answering: Answering


@dataclass(frozen=True, slots=True)
class Disputed:
    """An open dispute that the reader may answer, of a sheet that is still closed to them: nothing else of it is told."""

    dispute: Dispute
    title: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class OrderView:
    what: str
    result: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallView:
    form: Form
    known: bool
    """Whether the form is one by which the call may be marked: described by any floor version."""
    foreign: str
    """Forms that marks of this call name and no floor version describes."""
    hint: str
    """What the reader should know of the transcript; empty where there is none."""
    items: tuple[ItemView, ...]
    bans: tuple[BanView, ...]
    said: list[Said]
    sheets: tuple[SheetView, ...]
    closed: int
    """Sheets of others that the reader does not see before marking."""
    disputed: tuple[Disputed, ...]
    comment: str
    orders: tuple[OrderView, ...]


def mark_key(mark: Mark) -> str:
    return "na" if mark is None else f"{mark:g}"


def agent_name(floor: Floor, agent: str | None, w: Words) -> str:
    found = floor.agent_by_id.get(agent or "")
    if found is None:
        return agent or "—"
    number = [one.id for one in floor.agents].index(found.id) + 1
    return w("agents.number", n=number) if floor.board.hide_names else found.title


def form_of(call: WholeCall, floor: Floor, forms: Mapping[Key, Form]) -> tuple[Form, bool]:
    """The first form the call was marked with that is known, else read with, else the one in force; and whether it is known."""
    keys = [one.sheet.form for one in call.marked] + ([call.read.form] if call.read else [])
    key = next((key for key in keys if key in forms), None)
    if key is not None:
        return forms[key], True
    agent = floor.agent_by_id.get(call.agent or "")
    return form_for(floor, agent.team if agent else None, forms), not call.marked


def call_view(
    call: WholeCall,
    floor: Floor,
    forms: Mapping[Key, Form],
    reader: str | None,
    orders: Sequence[Order],
    w: Words,
    answering: Callable[[Dispute], Answering] = lambda dispute: "none",
) -> CallView:
    """*reader*: who looks and may mark; others' marks stay closed to them until they have marked themselves."""
    form, known = form_of(call, floor, forms)
    machine = call.read.marks if call.read and call.read.form == form.key else {}
    mine = next((one for one in call.marked if one.sheet.by == reader and one.sheet.form == form.key), None)
    blind = reader is not None and mine is None
    sheets = () if blind else tuple(_sheets(call, form, machine, answering))
    evidence = call.evidence if machine else {}
    titles = {item.id: item.title.of(w.language) for item in form.items}
    bans = {ban.id: ban.title.of(w.language) for ban in form.bans}
    return CallView(
        form=form,
        known=known,
        foreign=_foreign(call, forms, w),
        hint=_hint(call, w),
        items=tuple(
            ItemView(
                item,
                titles[item.id],
                item.guidance.of(w.language) if item.guidance else "",
                machine.get(item.id),
                quotes(evidence.get(item.id, ())),
                mark_key(mine.sheet.marks[item.id]) if mine and item.id in mine.sheet.marks else "",
            )
            for item in form.items
        ),
        bans=tuple(
            BanView(ban, bans[ban.id], quotes(call.bans.get(ban.id, ())), bool(mine and ban.id in mine.sheet.bans))
            for ban in form.bans
        ),
        said=shown(
            call.transcript.segments if call.transcript else (),
            [(titles[id_], one) for id_, found in evidence.items() if id_ in titles for one in found],
            [(bans[id_], one) for id_, found in call.bans.items() if id_ in bans for one in found],
        ),
        sheets=sheets,
        closed=sum(not floor.quality.is_machine(one.sheet.by) for one in call.marked) if blind else 0,
        disputed=tuple(
            Disputed(one, titles.get(one.item, one.item), quotes(evidence.get(one.item, ())))
            for one in call.disputes
            if blind and one.settled_at is None and answering(one) == "free"
        ),
        comment=mine.comment if mine else "",
        orders=tuple(_order(order, titles, w) for order in orders),
    )


def _foreign(call: WholeCall, forms: Mapping[Key, Form], w: Words) -> str:
    keys = dict.fromkeys(one.sheet.form for one in call.marked if one.sheet.form not in forms)
    return ", ".join(f"{card} ({w('quality.version', version=version)})" for card, version in keys)


def _hint(call: WholeCall, w: Words) -> str:
    """Phrases of the agent are looked for in the agent's channel only; who mixes the channels must know."""
    if call.transcript is None:
        return ""
    if not any(one.text.strip() for one in call.transcript.segments):
        return w("quality.transcript_empty")
    if not any(one.channel == "agent" for one in call.transcript.segments):
        return w("quality.transcript_no_agent")
    return w("quality.transcript_hint")


def quotes(found: Sequence[Evidence]) -> tuple[Quote, ...]:
    """Each stretch of speech once, whatever phrases it holds."""
    return tuple(dict.fromkeys(Quote(one.start_s, hidden(one.text)) for one in found))


def _sheets(
    call: WholeCall, form: Form, machine: Mapping[str, Mark], answering: Callable[[Dispute], Answering]
) -> list[SheetView]:
    own = [one for one in call.marked if one.sheet.form == form.key]
    after = with_changes([one.sheet for one in own], call.disputes)
    by_score = {one.score: one for one in call.disputes}
    return [
        SheetView(
            sheet=sheet,
            marks=sheet.marks,
            given=one.sheet.marks,
            score=score(form, marks_of(sheet.marks, machine), sheet.bans),
            at=one.at,
            comment=hidden(one.comment),
            dispute=(found := by_score.get(sheet.event)),
            answering=answering(found) if found and found.settled_at is None else "none",
        )
        for one, sheet in zip(own, after, strict=True)
    ]


def _order(order: Order, titles: Mapping[str, str], w: Words) -> OrderView:
    asked = order.asked
    if isinstance(asked, ScoreAsked):
        what = w("quality.order.score")
    elif isinstance(asked, DisputeAsked):
        what = w("quality.order.dispute", item=titles.get(asked.item, asked.item))
    else:
        what = w("quality.order.settle")
    if order.done_at is None:
        return OrderView(what, w("quality.order.open"), "open", order.requested_at)
    if order.problem is not None:
        return OrderView(what, w.known("quality.problem", order.problem), "failed", order.done_at)
    return OrderView(what, w("quality.order.done"), "done", order.done_at)
