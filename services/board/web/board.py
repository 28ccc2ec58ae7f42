"""What every page needs: the live state, readings of the past, the language of the reader, rendering."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jinja2
import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.steps import STEPS
from services.board import today as floor_today
from services.board.access import Person, may
from services.board.live import Live
from services.board.sight import asks, narrowed, roster_of, sight
from services.board.storage.accounts import Accounts
from services.board.storage.acts import Acts
from services.board.storage.alert_acts import AlertActs
from services.board.storage.orders import Orders
from services.board.storage.reader import NoFloor, Reader
from services.board.today import Today
from services.board.view.people import named
from services.board.web.allowed import reachable
from services.board.words import LANGUAGES, Language, Words, words
from services.kit.clock import Clock
from services.kit.followed import Followed
from services.reads.kept import Kept
from services.rules.day import WorkingDay, date_of, local_instant, working_day
from services.rules.versions import floor_on

HERE: Final = Path(__file__).parent.parent
STATIC: Final = HERE / "static"
LANG_COOKIE: Final = "srez_lang"
THEME_COOKIE: Final = "srez_theme"
SESSION_COOKIE: Final = "srez_session"
YEAR_S: Final = 365 * 24 * 3600


def _fingerprints() -> dict[str, str]:
    """File of static/ → address that changes with its content."""
    return {
        path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in STATIC.rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True, slots=True)
class Board:
    """Handed to every router; holds no state of its own but what is kept of past days."""

    live: Live
    reader: Reader
    followed: Followed[Floor]
    clock: Clock
    max_clients: int
    orders: Orders
    alert_acts: AlertActs
    accounts: Accounts
    acts: Acts
    kept: Kept = field(default_factory=Kept)
    https: bool = False
    """Whether browsers reach the board by https, whatever the proxy says."""
    hooks_url: str | None = None
    """Public base of the webhooks."""
    loopback: bool = False
    """Whether nobody but this machine hears it: then it may be used without accounts."""
    assets: Mapping[str, str] = field(default_factory=_fingerprints)
    templates: jinja2.Environment = field(
        default_factory=lambda: jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )

    @property
    def zone(self) -> ZoneInfo:
        """The floor's zone, UTC before there is a floor."""
        latest = self.followed.latest
        return latest.zone if latest else ZoneInfo("UTC")

    # -- reading ----------------------------------------------------------------------------------------------

    async def today(self) -> Today:
        async with asyncio.timeout(self.reader.deadline_s):
            found = await self.live.current()
        return narrowed(found, sight(found.floor, asks.get()))

    async def day(self, connection: AsyncConnection, date: Date | None) -> tuple[Floor, WorkingDay]:
        """Floor and day that govern *date*, today by default. Raises: NoFloor."""
        await self.floors()
        now = self.clock.now()
        chosen = date or date_of(now, self.followed.versions[-1][2].zone)
        floor = floor_on(self.followed.versions, chosen)[1]
        return roster_of(floor, sight(floor, asks.get())), working_day(floor, chosen)

    async def floors(self) -> floor_today.Versions:
        if not self.followed.versions:
            async with asyncio.timeout(self.reader.deadline_s):
                await self.followed.refresh()
        if not self.followed.versions:
            raise NoFloor
        return self.followed.versions

    async def whole_day(self, date: Date | None) -> tuple[Today, datetime]:
        """Today as it is now, or another day as it ended; with the moment it is seen from."""
        found = await self.today()
        now = self.clock.now()
        if date is None or date == found.date:
            return found, now
        ends = local_instant(date + timedelta(days=1), time(), found.floor.zone) - timedelta(seconds=1)
        moment = ends if date < found.date else local_instant(date, time(), found.floor.zone)
        async with self.reader.connect() as connection:
            past = await floor_today.read(connection, await self.floors(), moment, kept=self.kept)
        return narrowed(past, sight(past.floor, asks.get())), moment

    # -- speaking ---------------------------------------------------------------------------------------------

    def language(self, request: Request) -> Language:
        """?lang=, else the reader's cookie, else the floor's."""
        for asked in (request.query_params.get("lang"), request.cookies.get(LANG_COOKIE)):
            if asked in LANGUAGES:
                return asked
        latest = self.followed.latest
        return latest.language if latest else "en"

    def words(self, request: Request, floor: Floor) -> Words:
        return words(self.language(request), floor.zone, date_of(self.clock.now(), floor.zone))

    def words_of(self, request: Request) -> Words:
        """The reader's words where there may be no floor yet."""
        return words(self.language(request), self.zone)

    def render(self, request: Request, name: str, w: Words, *, status: int = 200, **given: Any) -> HTMLResponse:
        theme = request.query_params.get("theme") or request.cookies.get(THEME_COOKIE)
        other: Language = "en" if w.language == "ru" else "ru"
        who: Person | None = getattr(request.state, "person", None)
        context = {
            "w": w,
            "STEPS": STEPS,
            "path": request.url.path,
            "signed_in": who if SESSION_COOKIE in request.cookies else None,
            "open_board": who is not None and getattr(request.state, "session", None) is None,
            "reach": lambda path: reachable(who, self.followed.latest, path),
            "own_page": f"/agents/{quote(who.agent)}" if who and who.agent else None,
            "may": lambda act, **whom: who is not None and may(who, act, **whom),
            "section": name.removesuffix(".html"),
            "theme": theme if theme in ("light", "dark") else "auto",
            "other_language": other,
            "other_url": str(request.url.include_query_params(lang=other).replace(scheme="", netloc="")),
            "asset": self.asset,
            "beat": self.live.beat(),
            "called": lambda by: named(by, self.names(), w),
            **given,
        }
        response = HTMLResponse(self.templates.get_template(name).render(context), status)
        asked = request.query_params.get("lang")
        if asked in LANGUAGES:
            response.set_cookie(LANG_COOKIE, asked, max_age=YEAR_S, samesite="lax", httponly=True)
        return response

    def names(self) -> Mapping[str, str]:
        """Of the people whom the floor in force names; of nobody where it hides names."""
        floor = self.followed.latest
        return {} if floor is None or floor.board.hide_names else floor.names

    def asset(self, name: str) -> str:
        return f"/static/{name}?v={self.assets[name]}"


class Json(Response):
    """JSON by msgspec: row objects keep the field order of their schema."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


def listing(as_of: datetime, rows: list[Any], floor: Floor, **more: Any) -> Json:
    """``{"as_of": …, "rows": […]}``; instants carry the floor's offset."""
    return Json({"as_of": as_of.astimezone(floor.zone), "rows": rows, **more})


def no_team(floor: Floor, team: str | None, w: Words) -> list[str]:
    """A line that says so, when *team* is asked for and the floor has none of that name."""
    return [] if not team or team in floor.team_by_id else [w("unknown.team", name=team)]


def localized(row: Any, floor: Floor) -> Any:
    """The row with its instants in the floor's offset (DESIGN §10 Rows)."""
    instants = {
        name: value.astimezone(floor.zone)
        for name in row.__struct_fields__
        if isinstance(value := getattr(row, name), datetime)
    }
    return msgspec.structs.replace(row, **instants) if instants else row
