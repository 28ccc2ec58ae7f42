"""Stories of delivery against a real database and a Slack that misbehaves: one post, and a final text that is the final state."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
import structlog

from schemas.tables import messages, outbox
from services.alerts.notifiers.base import Reference
from services.alerts.storage import outbox as box
from services.alerts.storage.outbox import Outgoing
from services.alerts.wording import render
from services.kit.clock import Clock
from tests.services.alerts.payloads import LINE, SLICE, but
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
CHANNEL = "C0FLOOR"


def state(transition, payload=LINE, group="alert-1", **more):
    return Outgoing(
        group, transition, more.get("channel", "slack"), more.get("target", CHANNEL), payload["kind"], payload
    )


RESOLVED = but(
    LINE, state="resolved", resolved_at="2026-11-23T11:52:00+00:00", last_failure="2026-11-23T11:42:00+00:00"
)


async def write(engine, *states, delay_s=0.0):
    now = Clock().real()
    async with engine.begin() as connection:
        for one in states:
            await box.write(connection, one, now, now + timedelta(seconds=delay_s))


async def rows(engine):
    async with engine.connect() as connection:
        return (await connection.execute(sa.select(outbox).order_by(outbox.c.id))).all()


async def settled(engine):
    found = await rows(engine)
    return found if all(row.state not in ("pending", "sending") for row in found) else None


@contextlib.asynccontextmanager
async def running(*workers):
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    yield
    for worker in workers:
        await worker.finish()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_living_message(engine, slack, deliveries):
    """Posted once, then changed in place; the metadata tells our own id."""
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "the post")
        await write(engine, state(1, RESOLVED))
        await eventually(lambda: settled(engine), "the update")
    (post,) = slack.messages
    assert [method for method, _ in slack.calls] == ["chat.postMessage", "chat.update"]
    assert post.text.startswith("Линия pbx/trunk-b снова работает")
    assert post.metadata == {
        "event_type": "srez_message",
        "event_payload": {"group_key": "alert-1", "transition": 1},
    }


async def test_details_go_into_the_thread(engine, slack, deliveries):
    """Details are an answer below their message, and never come without it."""
    details = but(LINE, form="line_details", parent="alert-1")
    async with running(await deliveries()):
        await write(engine, state(0), state(0, details, "alert-1/details"))
        await eventually(lambda: settled(engine), "both")
    (post,) = slack.posts()
    (reply,) = slack.replies(post.ts)
    assert "По агентам: Иван Петров — 3" in reply.shown


@pytest.mark.parametrize("fault", ["429", "500", "refuse", "drop", "hang"])
async def test_one_post_whatever_slack_does(engine, slack, deliveries, fault):
    """Asked to wait, an error page, a cut line, accepted and dropped, accepted and never answered: one post."""
    slack.next("chat.postMessage", fault)
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "delivery", 20)
    assert len(slack.posts("alert-1")) == 1
    assert [row.state for row in await rows(engine)] == ["sent"]


@pytest.mark.parametrize(("fault", "marked"), [("500", True), ("drop", False), ("429", False)])
async def test_only_what_may_be_a_repeat_is_marked(engine, slack, deliveries, fault, marked):
    """Not found on looking it up, yet perhaps accepted: the reader is told."""
    slack.next("chat.postMessage", fault)
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "delivery")
    assert ("(возможен повтор)" in slack.posts()[0].text) == marked


@pytest.mark.parametrize("fault", ["429", "500", "drop", "hang", "refuse"])
async def test_a_disturbed_update_ends_in_the_final_text(engine, slack, deliveries, fault):
    """An update that went wrong is repeated: changing twice to the same does no harm."""
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "the post")
        slack.next("chat.update", fault)
        await write(engine, state(1, RESOLVED))
        await eventually(lambda: settled(engine), "the update", 20)
    (post,) = slack.messages
    assert "снова работает" in post.text


async def test_a_failed_look_up_is_repeated_before_anything_is_sent(engine, slack, deliveries):
    """Accepted and dropped, then the look-up fails twice: still one post."""
    slack.next("chat.postMessage", "drop")
    slack.next("conversations.history", "500", "429")
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "delivery", 20)
    assert len(slack.posts()) == 1


async def test_what_a_dead_process_was_sending_is_looked_up(engine, slack, deliveries):
    """Killed after Slack accepted, before the mark: another process finds the message and writes down its ts."""
    await write(engine, state(0))
    dying = await deliveries()
    (row,) = await dying._claim()
    await dying._channels.of("slack").post(CHANNEL, *await said(row))
    async with running(await deliveries()):
        await eventually(lambda: settled(engine), "recovery", 20)
    (post,) = slack.messages
    async with engine.connect() as connection:
        kept = (await connection.execute(sa.select(messages.c.ts))).scalar()
    assert kept == post.ts


async def said(row):
    return render(row.payload), Reference(row.group_key, row.transition)


async def test_two_services_send_nothing_twice(engine, slack, deliveries):
    """Forty messages, two workers: forty posts, in the order written."""
    groups = [f"alert-{n}" for n in range(40)]
    await write(engine, *[state(0, LINE, group) for group in groups])
    async with running(await deliveries(), await deliveries()):
        await eventually(lambda: settled(engine), "all", 30)
    assert [one.group_key for one in slack.messages] == groups


async def test_states_that_wait_are_superseded(engine, slack, deliveries):
    """Ended before it could be told: one post with the final state."""
    await write(engine, state(0), state(1, but(LINE, phase="recovering")), state(2, RESOLVED))
    async with running(await deliveries()):
        await eventually(lambda: settled(engine), "delivery")
    (post,) = slack.messages
    assert "снова работает" in post.text
    assert [row.state for row in await rows(engine)] == ["superseded", "superseded", "sent"]


async def test_a_superseded_doubt_is_not_forgotten(engine, slack, deliveries):
    """Accepted and dropped, then the state changes before the retry: the old post is found and changed."""
    slack.next("chat.postMessage", "drop")
    first = await deliveries()
    await write(engine, state(0))
    (row,) = await first._claim()
    await first._deliver(row)
    await write(engine, state(1, RESOLVED))
    async with running(await deliveries()):
        await eventually(lambda: settled(engine), "delivery")
    (post,) = slack.messages
    assert "снова работает" in post.text


@pytest.mark.parametrize("word", ["message_not_found", "edit_window_closed"])
async def test_a_message_that_cannot_be_changed_is_posted_anew(engine, slack, deliveries, word):
    """Deleted by hand, or too old to be edited."""
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "the post")
        slack.next("chat.update", word)
        await write(engine, state(1, RESOLVED))
        await eventually(lambda: settled(engine), "the second post")
    assert len(slack.posts()) == 2
    assert "снова работает" in slack.posts()[1].text


async def test_a_refusal_is_shown_and_another_channel_takes_over(engine, slack, deliveries, capsys):
    """channel_not_found: dead with its reason, and the console tells it."""
    slack.next("chat.postMessage", "channel_not_found")
    async with running(await deliveries()):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "delivery")
    dead, told = await rows(engine)
    assert (dead.state, dead.error) == ("dead", "channel_not_found")
    assert (told.channel, told.state) == ("console", "sent")
    assert "Линия pbx/trunk-b" in capsys.readouterr().out


async def test_a_channel_without_its_secret_says_so(engine, slack, deliveries, capsys):
    """SLACK_BOT_TOKEN is not set: nothing is lost, the reason stands on the row."""
    async with running(await deliveries(environment={})):
        await write(engine, state(0))
        await eventually(lambda: settled(engine), "delivery")
    dead, told = await rows(engine)
    assert dead.error == "channel slack: SLACK_BOT_TOKEN is not set"
    assert told.state == "sent"


async def test_an_outage_that_nobody_heard_of_goes_to_another_channel(engine, slack, deliveries, capsys):
    """Slack is stuck past the deadline: the console tells it, once."""
    await write(engine, state(0), delay_s=3600)
    worker = await deliveries()
    later = Clock().real() + timedelta(seconds=400)
    for _ in range(2):
        async with engine.begin() as connection:
            for late in await box.overdue(connection, later):
                await worker.hand_over(connection, late)
    async with running(worker):
        await eventually(lambda: capsys.readouterr().out, "the console")
    assert [(row.channel, row.state) for row in await rows(engine)] == [("slack", "pending"), ("console", "sent")]


async def test_429_holds_the_whole_channel(engine, slack, deliveries):
    """Asked to wait on one message, nothing else is posted to that channel meanwhile."""
    slack.retry_after_s = 1
    slack.next("chat.postMessage", "429")
    await write(engine, state(0), state(0, SLICE, "slice-1", target="C0HUNTERS"))
    worker = await deliveries()
    (first, second) = await worker._claim()
    await worker._deliver(first)
    assert await worker._claim() == []
    await write(engine, state(0, LINE, "alert-2", target="C0OTHER"))
    assert await worker._claim() == []
    await worker._deliver(second)
    async with running(worker):
        await eventually(lambda: settled(engine), "all", 20)
    assert len(slack.posts()) == 3


async def test_order_within_a_channel(engine, slack, deliveries):
    """The second message waits for the first, which has to be repeated."""
    slack.next("chat.postMessage", "500", "500")
    await write(engine, state(0, LINE, "alert-1"), state(0, LINE, "alert-2"))
    async with running(await deliveries()):
        await eventually(lambda: settled(engine), "both", 90)
    assert [one.group_key for one in slack.messages] == ["alert-1", "alert-2"]


async def test_what_is_held_back_blocks_nothing(engine, slack, deliveries):
    """Quiet hours: a slice waits for the morning, an outage to the same channel goes out."""
    await write(engine, state(0, SLICE, "slice-1"), delay_s=3600)
    await write(engine, state(0))
    async with running(await deliveries()):
        await eventually(lambda: slack.posts("alert-1"), "the outage")
    assert len(slack.messages) == 1


async def test_a_process_that_slept_does_not_send(engine, slack, deliveries):
    """Its lease ran out while it was stopped: the row is another's, nothing goes out behind its back."""
    await write(engine, state(0), delay_s=-120)
    sleeper = await deliveries()
    async with engine.begin() as connection:
        (row,) = await box.claim(connection, Clock().real() - timedelta(seconds=60), 30, 1)
    await sleeper._deliver(row)
    assert slack.messages == []
    async with running(await deliveries()):
        await eventually(lambda: settled(engine), "the other process")
    assert len(slack.messages) == 1


async def test_the_same_state_is_written_once(engine):
    """Evaluated twice, also by two services: one row."""
    await asyncio.gather(write(engine, state(0)), write(engine, state(0)))
    await write(engine, state(0))
    assert len(await rows(engine)) == 1


async def test_words_that_fail_are_shown(engine, slack, deliveries):
    """A payload that cannot be rendered is dead with its reason and stops nothing else."""
    await write(engine, state(0, {"kind": "outage", "form": "line"}, "broken"), state(0))
    async with running(await deliveries()):
        await eventually(lambda: settled(engine), "both")
    broken, fine = (await rows(engine))[:2]
    assert broken.state == "dead"
    assert "cannot be put into words" in broken.error
    assert fine.state == "sent"


async def test_an_error_of_our_own_is_said_and_not_tried_for_ever(engine, slack, deliveries, monkeypatch):
    """Each time with its trace and counted; five times, then dead with its reason, told elsewhere; what comes later goes out."""
    worker = await deliveries()
    honest, tried = worker._channels.of("slack").post, []

    async def post(target, content, reference, thread=None):
        if reference.group_key == "alert-1":
            tried.append(reference)
            raise RuntimeError("nobody foresaw this")
        return await honest(target, content, reference, thread)

    monkeypatch.setattr(worker._channels.of("slack"), "post", post)
    with structlog.testing.capture_logs() as logged:
        async with running(worker):
            await write(engine, state(0), state(0, group="alert-2"))
            await eventually(lambda: settled(engine), "the end of it")
    first, second, elsewhere = await rows(engine)
    assert (first.state, first.error) == ("dead", "unexpected: RuntimeError('nobody foresaw this')")
    assert (first.attempts, len(tried)) == (5, 5)
    assert (second.state, elsewhere.channel, elsewhere.state) == ("sent", "console", "sent")
    assert worker._metrics.stumbles.labels("slack")._value.get() == 5
    traces = [one for one in logged if one["event"] == "delivery stumbled over an error of its own"]
    assert [(one["times"], one["exc_info"]) for one in traces] == [(n, True) for n in range(1, 6)]
