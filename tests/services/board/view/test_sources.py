"""The words and addresses of the Sources pages: pure, in both languages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.commands import PROBLEMS, Assign, Outcome, Replay
from schemas.floor import SourceConfig, parse
from schemas.providers import ProviderGuide, SecretGuide, Told
from services.board.storage.intake import Begun, Intake, RawRequest, TurnedAway, Unowned
from services.board.storage.orders import Order
from services.board.view import sources
from services.board.view.refused import refused_shown
from services.board.view.sources import SHOWN_BODY, Step, address, opened, order_shown, progress, setup, unowned_shown
from services.board.words import Words, words
from services.ingest.refusals import OUTCOMES
from services.kit.errors import Reason
from tests.support.seed_floor import NOW, floor_text

FLOOR = parse(floor_text("ru"))
RU, EN = (words(language, ZoneInfo("Europe/Moscow"), NOW.date()) for language in ("ru", "en"))
GUIDE = ProviderGuide(
    name="made",
    title="Made Up",
    kind="pbx",
    feeds=("calls",),
    events=("ended",),
    authentication="a token",
    retries="not documented",
    reads_back=True,
    secrets=(
        SecretGuide(name="token", where=Told(en="Account → API", ru="Кабинет → API")),
        SecretGuide(name="extra", required=False, where=Told(en="there", ru="там")),
    ),
    path="/events",
    setup=(Told(en="Paste {url} for {source}.", ru="Вставьте {url} для {source}."), Told(en="Call.", ru="Позвоните.")),
)


@pytest.fixture(autouse=True)
def guides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "guides", lambda: {"made": GUIDE})


def config(**more: object) -> SourceConfig:
    return SourceConfig.model_validate({"id": "pbx", "provider": "made", **more})


@pytest.mark.parametrize(
    ("more", "hooks_url", "w", "expected"),
    [
        ({}, None, RU, "https://<ваш-адрес>/hooks/pbx/events"),
        ({}, None, EN, "https://<your-host>/hooks/pbx/events"),
        ({}, "https://srez.example/", EN, "https://srez.example/hooks/pbx/events"),
        (
            {"public_url": "https://pbx.example/in?x=1"},
            "https://srez.example",
            EN,
            "https://pbx.example/in/events",
        ),
        (
            {"secrets": {"path": {"env": "PBX_PATH"}}},
            "https://srez.example",
            RU,
            "https://srez.example/hooks/pbx/events/<секрет>",
        ),
    ],
)
def test_the_address_to_paste(more: dict[str, object], hooks_url: str | None, w: Words, expected: str) -> None:
    """The source's own public address, else the setting's, else a placeholder; a secret is never in it."""
    assert address(config(**more), GUIDE, hooks_url, w) == expected


def test_steps_and_secrets_in_the_readers_language() -> None:
    """Placeholders filled, addresses told apart from text; a secret that the floor file lacks is seen as such."""
    found = setup(config(secrets={"path": [{"env": "NEW"}, {"env": "OLD"}]}), "http://127.0.0.1:8310", RU)
    url = "http://127.0.0.1:8310/hooks/pbx/events/<секрет>"
    assert found.steps == (
        Step((("Вставьте ", False), (url, True), (" для pbx.", False))),
        Step((("Позвоните.", False),)),
    )
    assert [(one.name, one.variables, one.where) for one in found.secrets] == [
        ("token", (), "Кабинет → API"),
        ("path", ("NEW", "OLD"), RU("sources.secret.path")),
    ]
    assert (found.near, found.reads_back, found.lacking, found.path_variables) == (True, True, (), ("NEW", "OLD"))


def test_a_provider_without_a_guide() -> None:
    """Two plain steps; one where no calls are told."""
    assert len(setup(config(provider="unknown"), None, EN).steps) == 2
    assert len(setup(config(provider="unknown", feeds=["payments"]), None, EN).steps) == 1


def test_lines_to_be_copied_stand_apart() -> None:
    """A step's first line is for reading; what follows is copied as it stands, with the address in it."""
    guide = GUIDE.model_copy(update={"setup": (Told(en="Write:\n<a>\n  {url}", ru="Запишите:\n<a>\n  {url}"),)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "guides", lambda: {"made": guide})
        (step,) = setup(config(), "https://srez.example", EN).steps
    assert step == Step((("Write:", False),), "<a>\n  https://srez.example/hooks/pbx/events")


def test_one_of_several_secrets_is_enough() -> None:
    """Where none is required and none is given all are shown as a choice; a given one is no longer "optional"."""
    free = tuple(one.model_copy(update={"required": False}) for one in GUIDE.secrets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "guides", lambda: {"made": GUIDE.model_copy(update={"secrets": free})})
        none = setup(config(), None, EN).secrets
        given = setup(config(secrets={"extra": {"env": "X"}}), None, EN).secrets
    assert [(one.name, one.one_of) for one in none] == [("token", True), ("extra", True)]
    assert [(one.name, one.one_of, one.required) for one in given] == [("extra", False, True)]


def test_how_far_a_source_is() -> None:
    """Never heard, heard, counted for nobody, counted."""
    found = [progress(Begun(*moments)) for moments in ((), (NOW,), (NOW, NOW), (NOW, NOW, NOW))]
    assert found == ["waiting", "heard", "nobodys", "counted"]
    refused = Intake("pbx", turned_away=[TurnedAway("method", "", 1, NOW, "")])
    assert [progress(Begun(), refused), progress(Begun(NOW), refused)] == ["refused", "heard"]


@pytest.mark.parametrize("w", [RU, EN], ids=["ru", "en"])
def test_every_refusal_is_said(w: Words) -> None:
    """Each outcome that is counted has a sentence, with the rate or the variables that it is about."""
    given = config(secrets={"token": {"env": "PBX_TOKEN"}}, rate_per_s=50)
    reasons = [(outcome, "") for outcome in OUTCOMES] + [
        ("unauthorized", "bad_signature"),
        ("unauthorized", "misconfigured"),
    ]
    shown = refused_shown([TurnedAway(*one, 1, NOW, "") for one in reasons], given, NOW + timedelta(minutes=1), w)
    said = {one: found.said for one, found in zip(reasons, shown, strict=True)}
    assert "50" in said["rate", ""]
    assert said["unauthorized", "bad_signature"].endswith("(PBX_TOKEN)")
    assert "401" in said["unauthorized", "misconfigured"]
    assert all(found.over for found in shown)


def order(asked: Assign | Replay, problem: str | None = None, done: bool = True, **outcome: object) -> Order:
    return Order(1, asked, NOW, "board", NOW if done else None, Outcome(**outcome), problem)  # type: ignore[arg-type]


ASSIGN = Assign(source="mango-main", identity="214", agent="ivan")


@pytest.mark.parametrize(
    ("given", "state", "what", "said"),
    [
        (order(ASSIGN, done=False), "open", "Номер 214 → Иван Петров", "выполняется…"),
        (order(ASSIGN, version=3), "done", "Номер 214 → Иван Петров", "записано в файл отдела, версия 3"),
        (order(ASSIGN, "belongs", detail="nina"), "failed", "Номер 214 → Иван Петров", "этот номер уже у агента Нина Артемьева"),
        (order(Replay(source="x", rows=(7,)), states={"parsed": 1}), "done", "Разобрать снова вебхук 7", "1 разобран"),
        (
            order(Replay(source="x"), states={"rejected": 2, "parsed": 5}),
            "again",
            "Разобрать отклонённые снова",
            "5 разобрано, 2 отклонено снова",
        ),
        (order(Replay(source="x")), "done", "Разобрать отклонённые снова", "разбирать нечего"),
    ],
)  # fmt: skip
def test_what_became_of_an_order(given: Order, state: str, what: str, said: str) -> None:
    """Agents by name, states in words."""
    shown = order_shown(given, FLOOR, RU)
    assert (shown.state, shown.what, shown.said) == (state, what, said)


@pytest.mark.parametrize("w", [RU, EN], ids=["ru", "en"])
def test_every_closed_word_is_said(w: Words) -> None:
    """Problems of orders and reasons of rejections have a sentence in both languages."""
    assert [problem for problem in PROBLEMS if not w.has(f"sources.problem.{problem}")] == []
    unheard = {"bad_signature", "stale_signature"}  # refused before the journal
    assert [reason for reason in Reason.__args__ if reason not in unheard and not w.has(f"reason.{reason}")] == []


def test_numbers_without_an_agent() -> None:
    """Kinds with their counts, most first; who it was just given to, unless that failed."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    many = Unowned("mango-main", "214", {"srez.invoice.issued.v1": 2, "srez.call.ended.v1": 12, "new": 1}, at)
    (shown,) = unowned_shown([many], [order(ASSIGN)], FLOOR, RU)
    assert (shown.kinds, shown.pending) == ("12 звонков, 2 счёта, 1 событие", "Иван Петров")
    (again,) = unowned_shown([many], [order(ASSIGN, "belongs")], FLOOR, RU)
    assert again.pending == ""


def test_a_body_is_masked_before_it_is_cut() -> None:
    """Also where a number lies across the cut, in the path and in the query; bytes that are no text do no harm."""
    body = b"x" * (SHOWN_BODY - 3) + b"79161234567" + b"y" * 50 + b"\xff\x00"
    found = opened(RawRequest(5, "POST", "to/79161234567", "n=%2B79161234567", "text/plain", body), "pbx")
    assert found.body.endswith("x•••")
    assert found.request == "POST /hooks/pbx/to/•••••••••67?n=%2B•••••••••67\ntext/plain"
    assert found.cut > 0
    assert opened(RawRequest(5, "GET", "", "", "", b"ok"), "pbx").cut == 0
