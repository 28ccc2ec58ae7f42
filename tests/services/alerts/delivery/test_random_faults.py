"""Seeded days with a Slack that fails in every way it can: each state told once, and the last text is the last state.

A seed fixes who is told what and every fault. After the faults end: one post per alert, or one more that says that it may be a
repeat; each post that is the newest of its alert shows the final state; details stand below their message; nothing is left.
"""

import asyncio
import random

import pytest
import sqlalchemy as sa

from schemas.tables import outbox
from services.alerts.storage import outbox as box
from services.alerts.storage.outbox import Outgoing
from services.kit.clock import Clock
from tests.services.alerts.delivery.test_delivery import RESOLVED, running, settled, write
from tests.services.alerts.payloads import LINE, but
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
FAULTS = ("429", "500", "refuse", "drop", "drop", "hang", "lost", "internal_error", "ok", "ok")
METHODS = ("chat.postMessage", "chat.update", "conversations.history", "conversations.replies", "conversations.open")
PLACES = ("C0FLOOR", "C0HUNTERS", "U0HEAD")
MARK = "возможен повтор"


def schedule(seed):
    """(faults by method, states in the order they are written, how many workers, which of them dies)."""
    chance = random.Random(seed)
    faults = {method: [chance.choice(FAULTS) for _ in range(chance.randrange(6))] for method in METHODS}
    states = []
    for number in range(chance.randrange(2, 6)):
        group, place = f"alert-{number}", chance.choice(PLACES)
        last = chance.randrange(1, 4)
        for transition in range(last):
            phase = chance.choice(["failing", "recovering", "no_data"])
            states.append((transition, but(LINE, phase=phase, alert=group), group, place))
        states.append((last, but(RESOLVED, alert=group), group, place))
    order = {group: chance.random() for _, _, group, _ in states}
    states.sort(key=lambda one: (one[0] + order[one[2]], one[2]))
    return faults, states, chance.randrange(1, 3), chance.random() < 0.5


def outgoing(transition, payload, group, place):
    details = but(payload, form="line_details", parent=group)
    return [
        Outgoing(group, transition, "slack", place, "outage", payload),
        Outgoing(f"{group}/details", transition, "slack", place, "outage", details),
    ]


@pytest.mark.parametrize("seed", range(8))
async def test_the_end_is_right_whatever_slack_does(engine, slack, deliveries, settings, seed):
    """Any order of faults, one or two services, one of which may be killed in the middle of a request."""
    faults, states, workers, dies = schedule(seed)
    for method, planned in faults.items():
        slack.next(method, *planned)
    chance = random.Random(seed)
    patient = settings.model_copy(update={"alerts_retry_s": 0.3, "alerts_retry_max_s": 0.5})
    made = [await deliveries(with_settings=patient) for _ in range(workers)]
    async with running(*made):
        if dies:
            await killed(engine, slack, await deliveries(), states[0])
        for one in states:
            await write(engine, *outgoing(*one))
            await asyncio.sleep(chance.random() * 0.25)
        found = await eventually(lambda: settled(engine), f"seed {seed}: everything to settle", 60)
    assert {row.state for row in found} <= {"sent", "superseded"}, f"seed {seed}: {faults}"
    for group in {one[2] for one in states}:
        check(slack, group, seed)


async def killed(engine, slack, worker, first):
    """A service that took a message and is killed while Slack has it: nobody hears what became of it, its lease runs out."""
    await write(engine, *outgoing(*first))
    now = Clock().real()
    async with engine.begin() as connection:
        claimed = await box.claim(connection, now, 1, 1)
    for row in claimed:
        task = asyncio.create_task(worker._deliver(row))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def check(slack, group, seed):
    posts = slack.posts(group)
    assert posts, f"seed {seed}: {group} was never told"
    plain = [one for one in posts if MARK not in " ".join([one.text, *one.history])]
    assert len(plain) <= 1, f"seed {seed}: {group} was told {len(plain)} times without saying that it may be a repeat"
    newest = posts[-1]
    assert "снова работает" in newest.text, f"seed {seed}: {group} ends with {newest.text[:60]}"
    assert newest.metadata["event_payload"]["transition"] == max(
        one.metadata["event_payload"]["transition"] for one in posts
    )
    below = [one for one in slack.messages if one.group_key == f"{group}/details"]
    assert below, f"seed {seed}: the details of {group} were never told"
    assert all(one.thread_ts in [post.ts for post in posts] for one in below)
    assert len([one for one in below if MARK not in " ".join([one.text, *one.history])]) <= 1


@pytest.mark.parametrize("word", ["channel_not_found", "some_new_word", "not_in_channel"])
async def test_a_clear_no_is_said_once_and_told_elsewhere(engine, slack, deliveries, word, capsys):
    """``ok: false`` with a word, known or not, is no doubt: never sent again, its reason kept, another channel takes over."""
    slack.next("chat.postMessage", word)
    async with running(await deliveries()):
        await write(engine, *outgoing(0, LINE, "alert-1", "C0FLOOR"))
        await eventually(lambda: settled(engine), "the end")
    async with engine.connect() as connection:
        dead = (await connection.execute(sa.select(outbox).where(outbox.c.state == "dead"))).all()
    assert [(row.group_key, row.error) for row in dead] == [("alert-1", word)]
    assert [method for method, _ in slack.calls] == ["chat.postMessage"]
    assert "Линия pbx/trunk-b" in capsys.readouterr().out


@pytest.mark.parametrize(("fault", "posts", "marked"), [
    ("refuse", 1, True), ("drop", 1, False), ("lost", 1, True), ("hang", 1, False), ("500", 1, True), ("429", 1, False),
])  # fmt: skip
async def test_dying_in_the_middle_before_and_after(engine, slack, deliveries, fault, posts, marked):
    """Cut off before or after it took the message in, or silent: one post; marked when nobody can know that it is the first."""
    slack.next("chat.postMessage", fault)
    async with running(await deliveries()):
        await write(engine, *outgoing(0, LINE, "alert-1", "C0FLOOR"))
        await eventually(lambda: settled(engine), "the end", 20)
    found = slack.posts("alert-1")
    assert [MARK in one.text for one in found] == [marked] * posts


async def test_a_conversation_that_cannot_be_opened_is_no_doubt(engine, slack, deliveries):
    """Nothing was sent yet when Slack failed: told once, without a mark; the same conversation is used from then on."""
    slack.next("conversations.open", "500", "drop", "429")
    slack.retry_after_s = 1
    async with running(await deliveries()):
        await write(engine, *outgoing(0, LINE, "alert-1", "U0HEAD"))
        await eventually(lambda: settled(engine), "the post", 20)
        await write(engine, *outgoing(1, RESOLVED, "alert-1", "U0HEAD"))
        await eventually(lambda: settled(engine), "the end", 20)
    (post,) = slack.posts("alert-1")
    assert post.channel == "D0HEAD"
    assert MARK not in " ".join([post.text, *post.history])
    assert "снова работает" in post.text
