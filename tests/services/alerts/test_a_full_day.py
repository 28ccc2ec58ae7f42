"""A day with more than two hundred findings of every detector: whoever leads a team reads fewer than ten messages, hears of
everything severe at once, and finds the rest on the board with the reason; also when the process is killed on the way.

A *message* is what notifies: a post in a channel or to a person, and an answer that is broadcast to the channel. Changes of
a living message and answers in its thread notify nobody but those they name.
"""

import asyncio
import random
import re
import sys
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.tables import alerts, outbox
from tests.services.alerts.full_day import CUTS, HALL, STEP, STILL, TEAMS, clock
from tests.services.alerts.rows import at
from tests.support.running import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.faults]

CLOCK = re.compile(r"\d\d:\d\d:\d\d")


async def lived(dsn, slack, kills):
    """Run the day in a process of its own; at the clocks *kills* and some milliseconds it is killed and started again, at the
    clock of the look that it died in: time never goes back."""
    since, kills = "09:00", dict(kills)
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.services.alerts.full_day", dsn, slack.url, since,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said = []
        async for line in process.stdout:
            said.append(line.decode(errors="replace"))
            word = said[-1].strip()
            since = clock(at(word) + STEP) if CLOCK.fullmatch(word) else since
            if word in kills and process.returncode is None:
                # The moment of death, within this look or a later one; not a wait for anything.
                await asyncio.sleep(kills.pop(word))
                process.kill()
        code = await process.wait()
        if code == 0:
            assert kills == {}, f"never killed at {kills}"
            return
        assert code == -9, "".join(said[-40:])


def loud(slack):
    """(channel, text) of everything that notifies, in order."""
    posted = [body for method, body in slack.calls if method == "chat.postMessage"]
    return [(body["channel"], body) for body in posted if not body.get("thread_ts") or body.get("reply_broadcast")]


@pytest.mark.parametrize("killed", [0, 8])
async def test_two_hundred_findings(killed, engine, postgres_dsn, slack):
    dice = random.Random(20261127 + killed)
    times = [f"{dice.randrange(9, 18):02}:{dice.randrange(0, 60, 5):02}:00" for _ in range(killed)]
    await lived(postgres_dsn, slack, {clock: dice.uniform(0, 0.4) for clock in times})
    async with engine.connect() as connection:
        found = (await connection.execute(sa.select(alerts).order_by(alerts.c.fired_at))).all()
        box = (await connection.execute(sa.select(outbox))).all()
    print(
        len(found), Counter(row.detector for row in found), Counter((row.held or "told").split(":")[0] for row in found)
    )
    assert len(found) >= 200
    assert len({row.detector for row in found}) == 9
    assert [(row.kind, row.state, row.error) for row in box if row.state not in ("sent", "superseded")] == []

    _few_messages(slack)
    _nothing_severe_is_missed(found, slack)
    assert [row.alert for row in found if not (row.told_at or row.held or row.state == "invalidated")] == []
    _personal_ones_are_inhibited(found)
    _each_post_once(slack, found)


def _few_messages(slack):
    """Nobody who leads a team gets ten, wherever it stands; nor the head, in the floor's channel and directly."""
    to = Counter(channel for channel, _ in loud(slack))
    print(to)
    for team in TEAMS:
        own = (f"C0{team.upper()}", f"U0{team.upper()}")
        assert len(CUTS) <= sum(to[target] for target in own)
        assert sum(to[target] for target in (*own, "C0FLOOR")) < 10, (
            "the floor's channel and the team's, taken together"
        )
    assert 0 < to["D0HEAD"] < to["D0HEAD"] + to["C0FLOOR"] < 10


def _nothing_severe_is_missed(found, slack):
    """Five severe faults, more than there are messages for, when lesser ones have spent three in the morning: each is told
    at the first look that knows of it; those without a message of their own in the thread of one that has, with everybody
    named whom it concerns, and by its title in the message above."""
    halls = sorted((row for row in found if row.scope.startswith("line:pbx/hall")), key=lambda row: row.fired_at)
    (still,) = [row for row in found if row.detector == "source_silence"]
    assert [row.scope for row in halls] == [
        "line:pbx/hall-red", "line:pbx/hall-green", "line:pbx/hall", "line:pbx/hall-red",
    ]  # fmt: skip
    assert (still.verdict, still.kind) == ("floor", "outage")
    assert at(HALL[0]) < halls[2].fired_at < at(HALL[0]) + STEP
    assert at(STILL[0]) < still.fired_at < at(STILL[0]) + STEP
    severe = [*halls, still]
    lesser = [row for row in found if row.told_at and row.alert not in {one.alert for one in severe}]
    assert 3 <= len(lesser) <= 4
    assert len([row for row in lesser if row.below is None]) == 3
    assert max(row.told_at for row in lesser) < halls[0].fired_at
    for row in severe:
        assert row.told_at - row.fired_at <= STEP + timedelta(minutes=1)
        assert row.escalated_at is not None, "nobody took it: the head was told"
    own = [row.alert for row in severe if row.below is None]
    assert own == [halls[0].alert, still.alert]
    for row, leads in ((halls[1], {"U0GREEN"}), (halls[2], {"U0BLUE"}), (halls[3], set())):
        _told_below(slack, row, leads | {"U0HEAD"} if leads else set())


def _told_below(slack, row, named):
    (above,) = [post for post in slack.posts(row.below) if post.channel == "C0FLOOR"]
    first, details, *said = [one for one in slack.replies(above.ts) if one.group_key.startswith(row.alert)]
    assert (first.group_key, details.group_key) == (row.alert, f"{row.alert}/details")
    posted = next(body for method, body in slack.calls if method == "chat.postMessage" and _of(body) == row.alert)
    assert not posted["reply_broadcast"]
    assert {user for user in ("U0RED", "U0GREEN", "U0BLUE", "U0HEAD") if f"<@{user}>" in posted["text"]} == named
    assert first.text.split("\n")[0].split("> ")[-1] in above.shown
    assert any("<@U0HEAD>" in one.text for one in said), "nobody took it: the head is named"


def _of(body):
    return body.get("metadata", {}).get("event_payload", {}).get("group_key")


def _personal_ones_are_inhibited(found):
    (hall,) = [row for row in found if row.scope == "line:pbx/hall"]
    blue = [row for row in found if row.scope in ("agent:blue-3", "agent:blue-4") and row.fired_at == at("15:40")]
    assert [row.held for row in blue] == [f"inhibited:{hall.alert}"] * 2
    (drop,) = [row for row in found if row.detector == "efficiency_drop"]
    assert drop.held is not None
    assert drop.held.startswith("inhibited:")


def _each_post_once(slack, found):
    posts = Counter((post.group_key, post.channel) for post in slack.posts())
    assert [key for key, count in posts.items() if count > 1] == []
    told = {row.alert for row in found if row.told_at}
    known = {row.alert for row in found}
    assert {key for key, _ in posts if key in known} == told - {row.alert for row in found if row.below}
