"""Pages: there in both languages, light, locked in, and telling the truth when something is away."""

import gzip
import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from services.board.app import Service
from services.board.view.people import named
from services.board.web.board import STATIC
from services.board.words import words
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database

PAGES = (
    "/",
    "/wall",
    "/slices",
    "/slices?slice=11:00",
    "/tasks",
    "/coaching",
    "/alerts",
    "/report",
    "/report?date=2026-11-20",
    "/lines",
    "/look",
    "/norms",
    "/sources",
    "/sources/mango-main",
    "/agents/alina",
    "/agents/mark?date=2026-11-20",
)
BUDGET = 200 * 1024


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_speaks_both_languages(client: httpx.AsyncClient, path: str, language: str) -> None:
    """200, in the language asked for, which the reader's cookie then keeps."""
    answer = await client.get(path, params={**dict(httpx.URL(path).params), "lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert answer.cookies["srez_lang"] == language


async def test_the_agent_page_says_whose_norm_it_is(client: httpx.AsyncClient) -> None:
    """Under each chart, with the team's name; what a full shift owes."""
    page = (await client.get("/agents/ivan", params={"lang": "en"})).text
    assert re.findall(r"Day norm ([\d.]+): team ", page) == ["80", "32", "12", "8", "3", "1"]


async def test_the_floor_speaks_its_own_language_first(client: httpx.AsyncClient) -> None:
    """Without a wish the floor file's language; a broken wish is no wish."""
    assert "до среза 16:00" in (await client.get("/")).text
    assert "до среза 16:00" in (await client.get("/?lang=xx")).text


async def test_a_page_locks_itself_in(client: httpx.AsyncClient) -> None:
    """A policy without unsafe-inline, and nothing inline that would need it."""
    for path in PAGES:
        answer = await client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert re.findall(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|<style|javascript:", answer.text) == []
        assert re.findall(r'(?:src|href)="https?://(?!records\.example)', answer.text) == []


async def test_the_floor_page_is_light(client: httpx.AsyncClient) -> None:
    """Page, styles, scripts, fonts and icon together stay under 200 KB compressed."""
    page = gzip.compress((await client.get("/")).content, 6)
    assets = sum(
        len(data) if path.suffix == ".woff2" else len(gzip.compress(data, 6))
        for path in STATIC.rglob("*")
        if path.suffix in (".js", ".css", ".svg", ".woff2")
        for data in [path.read_bytes()]
    )
    assert len(page) + assets < BUDGET


async def test_every_asset_is_served_and_kept(client: httpx.AsyncClient) -> None:
    """What a page names is there and may be cached for ever; the page itself never."""
    page = await client.get("/")
    assert page.headers["cache-control"] == "no-store"
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    assert len(named) >= 5
    for address in named:
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


async def test_modules_import_only_what_is_here(client: httpx.AsyncClient) -> None:
    """Scripts are local modules: every import exists, nothing comes from elsewhere."""
    for path in STATIC.glob("*.js"):
        for name in re.findall(r'from "([^"]+)"', path.read_text()):
            assert name.startswith("./")
            assert (STATIC / name).is_file()


async def test_nobody_reads_customers_or_numbers(client: httpx.AsyncClient) -> None:
    """No keyed hash of a customer reaches a page or the API."""
    for path in (*PAGES, "/api/v1/calls", "/api/v1/floor"):
        assert "k1:" not in (await client.get(path)).text


async def test_names_are_escaped(service: Service, client: httpx.AsyncClient) -> None:
    """A name that is markup stays a name."""
    today = await service.live.reload()
    evil = today.floor.agents[0].model_copy(update={"name": "<script>alert(1)</script>"})
    today.floor = today.floor.model_copy(update={"agents": (evil, *today.floor.agents[1:])})
    for name in ("agent_by_id",):
        today.floor.__dict__.pop(name, None)
    text = (await client.get("/")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/agents/nobody", 404),
        ("/agents/%00", 404),
        ("/slices?date=yesterday", 422),
        ("/slices?date=0001-01-01", 422),
        ("/slices?date=9999-12-31", 422),
        ("/?order=worst", 422),
        ("/slices?date=&team=&slice=", 200),
        ("/slices?slice=12:34", 404),
        ("/slices?date=2030-01-01", 200),
        ("/agents/ivan?date=2100-12-31", 200),
        ("/tasks?date=2001-01-01", 200),
        ("/report?date=yesterday", 422),
        ("/report?date=", 200),
        ("/report?date=2001-01-01", 200),
        ("/report?date=2100-12-31", 200),
    ],
)
async def test_odd_addresses(client: httpx.AsyncClient, path: str, status: int) -> None:
    """A wrong address gets a page that says so, never a server error."""
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/slices?slice=99&lang=ru", "Среза «99» нет в расписании"),
        ("/slices?slice=99&lang=en", "There is no slice named “99” in the schedule"),
        ("/slices?team=я&lang=ru", "Команды «я» здесь нет"),
        ("/slices?team=я&lang=en", "There is no team named “я” here"),
        ("/tasks?team=я&lang=ru", "Команды «я» здесь нет"),
        ("/?team=я&lang=en", "There is no team named “я” here"),
    ],
)
async def test_names_that_are_not_there(client: httpx.AsyncClient, path: str, said: str) -> None:
    """A slice or team that the floor does not have is said to be missing, not shown as empty."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert said in answer.text


async def test_a_slice_to_come_is_not_unknown(client: httpx.AsyncClient) -> None:
    """The schedule has it, only its time has not come."""
    answer = await client.get("/slices?slice=16:00&lang=en")
    assert answer.status_code == 200
    assert "Slice 16:00 is not closed yet" in answer.text


async def test_before_the_first_slice_its_closing_is_told(client: httpx.AsyncClient) -> None:
    """A day without slices yet says when the first closes; a day that will have none says that."""
    ahead, past = [(await client.get(f"/slices?lang=en&date={day}")).text for day in ("2026-11-24", "2026-11-21")]
    assert "No slice is closed yet: the first, 11:00, closes at 11:03 tomorrow" in ahead
    assert "No slices on this day" in past


async def test_doubt_and_all_is_well_never_stand_together(service: Service, client: httpx.AsyncClient) -> None:
    """While data are incomplete nothing says that lines and data are well, though there is no alert."""
    today = await service.live.reload()
    today.alerts = []
    for differing in (0, 1):
        today.freshness = replace(today.freshness, differing=differing)
        page = (await client.get("/?lang=en")).text
        assert ("nobody is judged" in page, "Lines and data are fine" in page) == (differing > 0, differing == 0)


async def test_providers_are_named_as_they_name_themselves(client: httpx.AsyncClient) -> None:
    """Not by the code of the floor file."""
    page = (await client.get("/lines?lang=en")).text
    assert re.findall(r'<span class="team">([^<]+)</span>', page)[:3] == ["Mango Office", "FreeSWITCH", "Bitrix24"]


async def test_a_due_of_another_day_carries_its_day(service: Service, client: httpx.AsyncClient) -> None:
    """On the Floor, Tasks and Agent pages; a carried task shows the next cut-off and that it is carried."""
    today = await service.live.reload()
    number = next(number for number, task in enumerate(today.tasks) if task.open)
    task, tasks = today.tasks[number], list(today.tasks)
    pages = ("/", "/tasks", f"/agents/{task.row.agent}")
    for due, said in ((timedelta(days=1), "11:00 tomorrow"), (timedelta(days=-3), "16:00")):
        tasks[number] = replace(task, due=datetime.combine(today.date, time(11), today.floor.zone) + due)
        today.tasks = tasks
        for path in pages:
            text = (await client.get(path, params={"lang": "en"})).text
            assert f"by\u00a0{said}" in text, path
            assert ("carried over" in text) == (due < timedelta()), path


async def test_only_its_own_names_are_answered(service: Service) -> None:
    """A name that somebody made point here gets nothing (there is no login yet)."""
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as stranger:
        assert (await stranger.get("/")).status_code == 400


async def test_without_a_database() -> None:
    """Pages and API say that the database is away, with 503; the process is alive and not ready."""
    service = board_on("postgresql://nobody@127.0.0.1:1/none")
    async with client_of(service) as client:
        page, api = await client.get("/?lang=en"), await client.get("/api/v1/slices")
        assert (page.status_code, api.status_code) == (503, 503)
        assert "The database does not answer" in page.text
        assert api.json()["reason"] == "unavailable"
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
    await service.engine.dispose()


async def test_before_the_first_floor(postgres_dsn: str) -> None:
    """An empty database gets the command that mends it."""
    service = board_on(postgres_dsn)
    async with client_of(service) as client:
        page, api = await client.get("/"), await client.get("/api/v1/floor")
        assert (page.status_code, api.status_code) == (503, 503)
        assert "srez floor apply" in page.text
        assert api.json()["reason"] == "no_floor"
    await service.engine.dispose()


async def test_a_task_has_its_page(client: httpx.AsyncClient) -> None:
    """Every task of the day, in both languages: what, why, its course, what moved; another id has none."""
    rows = (await client.get("/api/v1/tasks")).json()["rows"]
    for row in rows:
        for language, word in (("ru", "Изменилось ли поведение"), ("en", "Did the behaviour change")):
            answer = await client.get(f"/tasks/{row['task']}", params={"lang": language})
            assert answer.status_code == 200
            assert word in answer.text
            assert re.findall(r"\+?7\d{10}", answer.text) == []
    assert (await client.get("/tasks/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_a_case_has_its_page(client: httpx.AsyncClient) -> None:
    """Growth zone, plan, re-check; of what little is known it is said so."""
    page = (await client.get("/coaching?lang=ru")).text
    case = re.findall(r'href="(/coaching/[0-9a-f-]{36})"', page)[0]
    for language, word in (("ru", "Зона роста: диагностика"), ("en", "Growth zone: diagnosis")):
        answer = await client.get(case, params={"lang": language})
        assert answer.status_code == 200
        assert word in answer.text
    assert (await client.get("/coaching/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_a_carried_task_tells_its_way(postgres: EmbeddedPostgres) -> None:
    """Ivan's task of 11:00 could be judged neither at 13:00 nor at 16:00: both stand in its way, with where it went on; the
    page explains what its heading means, and every call leads to its card."""
    with fresh_database(postgres) as dsn:
        await seed(dsn, now=NOW + timedelta(hours=4))
        service = board_on(dsn, now=NOW + timedelta(hours=4))
        async with client_of(service) as client:
            rows = (await client.get("/api/v1/tasks")).json()["rows"]
            task = next(row["task"] for row in rows if row["agent"] == "ivan")
            text = (await client.get(f"/tasks/{task}")).text
        await service.engine.dispose()
    told = [
        re.sub(r"<[^>]+>", " ", one).split() for one in re.findall(r"<li>(.*?)</li>", text.split('data-part="path"')[1])
    ]
    assert [" ".join(one) for one in told[:4]] == [
        "Задача дана на срезе 11:00",
        "Перенесена: на этом срезе решать было рано, проверка в 16:00 13:00",
        "Перенесена: на этом срезе решать было рано, проверка в 18:00 16:00",
        " ".join(told[3]),
    ]
    assert told[3][0] == "Проверена"
    assert "от начала до конца" in text
    calls = text.split('id="calls-title"')[1]
    assert calls.count('href="/quality/calls/') == calls.count("<tr><th") > 20


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("board, 127.0.0.1", "с этого компьютера"),
        ("board, 10.0.0.7", "с компьютера 10.0.0.7"),
        ("oleg", "Олег Дорошин"),
        ("Ольга, отдел качества", "Ольга, отдел качества"),
    ],
)
def test_who_did_it_is_named(by: str, said: str) -> None:
    """Accounts by the name in the floor file; an open board by its computer; others as they called themselves."""
    assert named(by, {"oleg": "Олег Дорошин"}, words("ru", ZoneInfo("Europe/Moscow"))) == said
