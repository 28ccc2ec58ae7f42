"""``/srez now`` counts the floor as it stands at this minute, and answers Slack in time however long that takes."""

import asyncio
import time

import pytest
import sqlalchemy as sa

from schemas.tables import facts
from services.alerts.web import answers
from tests.services.alerts.full_day import floor_text
from tests.services.alerts.rows import at, call, close_row, slice_row, tell
from tests.services.alerts.test_evaluation import Day
from tests.services.alerts.test_slack_door import SECRET, send

pytestmark = pytest.mark.integration
SIGNED = floor_text().replace("SLACK_BOT_TOKEN}", "SLACK_BOT_TOKEN}, signing_secret: {env: SIGN}")
HEAD = {"user_id": "U0HEAD"}


async def say(day, text, floor=SIGNED, **more):
    before = time.monotonic()
    answer = await send(day, "/slack/commands", {**HEAD, "text": text}, floor=floor, **more)
    assert answer.status_code == 200, SECRET
    return answer.json()["text"], time.monotonic() - before


@pytest.fixture
def day(engine):
    found = Day(engine, SIGNED)
    found.clock = at("11:30")
    return found


async def test_now_is_this_minute_not_the_last_slice(day):
    """Closed at 11:00 with seven calls; by 11:30 red has nine, and 2.5 of 8 hours of ten norms of 80 are due."""
    calls = [call(f"10:{m:02}:10", "red-1") for m in range(7)] + [call(f"11:1{m}:10", "red-2") for m in range(2)]
    await tell(day.engine, facts=calls, closes=[close_row()], slices=[slice_row("red-1", team="red")])
    text, _ = await say(day, "now")
    head, red, *_ = text.split("\n")
    assert head == "Сейчас, 11:30. main"
    assert red == "red: звонки 9 / 250, ответили 9, презентации 0 / 25"
    assert "Данные полные." in text
    assert (await say(day, "slice"))[0].startswith("Срез 11:00\nred: звонки 7 / 12,4")


async def test_data_that_cannot_be_judged_are_said(day):
    """The only source is silent since 11:00: each team's line says that nobody is judged."""
    await tell(day.engine, facts=[call(f"{h}:{m:02}:10", "red-1") for h in ("09", "10") for m in range(60)])
    for clock in ("11:10", "11:20", "11:30"):
        await day.look(clock)
    text, _ = await say(day, "now")
    assert "red: данные неполные (молчит источник pbx), людей не судим." in text
    assert "Данные полные" not in text


async def test_a_slow_answer_follows_the_acknowledgement(day, slack, monkeypatch):
    """The database takes its time: Slack gets its answer at once, who asked gets theirs when it is counted."""

    async def slowly(*args):
        await asyncio.sleep(0.5)
        return "Сейчас"

    monkeypatch.setattr(answers, "now", slowly)
    sent = {**HEAD, "text": "now", "response_url": slack.response_url}
    answer = await send(day, "/slack/commands", sent, slack=slack, floor=SIGNED, at_hand_s=0.05)
    assert answer.json()["text"] == "Считаю, ответ придёт сюда же."
    assert [one["text"] for one in slack.answered] == ["Сейчас"]


async def test_a_failure_is_said_too(day, slack, monkeypatch):
    async def fails(*args):
        await asyncio.sleep(0.2)
        raise OSError

    monkeypatch.setattr(answers, "slice_", fails)
    sent = {**HEAD, "text": "slice", "response_url": slack.response_url}
    await send(day, "/slack/commands", sent, slack=slack, floor=SIGNED, at_hand_s=0.05)
    assert [one["text"] for one in slack.answered] == ["Сейчас не получилось прочитать базу. Повторите через минуту."]


async def test_three_hundred_agents_are_counted_within_slacks_patience(engine):
    """A full day of 300 agents, sixty thousand facts: each command answers well within three seconds."""
    agents = "".join(f'  - {{id: a{n}, team: red, identities: {{pbx: ["{n}"]}}}}\n' for n in range(300))
    text = SIGNED[: SIGNED.index("agents:\n")] + "agents:\n" + agents + SIGNED[SIGNED.index("norms:\n") :]
    day = Day(engine, text)
    day.clock = at("17:30")
    await tell(engine, facts=[call("09:30", f"a{n}") for n in range(300)], closes=[close_row()])
    async with engine.begin() as connection:
        columns = [c.name for c in facts.c if c.name not in ("event_id", "occurred_at", "received_at", "seq")]
        known = [name for name in columns if not facts.c[name].identity and facts.c[name].computed is None]
        names = ", ".join(known)
        await connection.execute(
            sa.text(
                f"INSERT INTO facts (event_id, occurred_at, received_at, {names}) "
                f"SELECT gen_random_uuid(), f.occurred_at + g * interval '140 s', f.received_at + g * interval '140 s', "
                f"{', '.join('f.' + name for name in known)} FROM facts f, generate_series(1, 200) g"
            )
        )
        await connection.execute(sa.text("ANALYZE facts"))
    await tell(engine, slices=[slice_row(f"a{n}", team="red", step="calls") for n in range(300)])
    for asked, expected in (("now", "звонки 60"), ("agent a7", "a7, срез 11:00"), ("slice", "red: звонки 2")):
        found, took = await say(day, asked, floor=text)
        assert expected in found
        assert took < 2.5, f"{asked} took {took:.1f} s"
