"""The revision of a sandbox: every change gives another number, reading gives the same."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mockserver.domain.moves import Agree
from mockserver.domain.vocabulary import Role
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import QuotaDocument, RobotsDocument, WorldDocument
from mockserver.world.revision import compute_revision
from mockserver.world.world import World

NOON = datetime(2026, 3, 1, 12, tzinfo=BEIJING)


def make_world() -> World:
    world = World(Directory(lambda: NOON), WorldDocument(clock="2026-03-01 10:00:00"), id="default")
    world.open({"dispute_id": 1})
    return world


CHANGES = {
    "open": lambda world: world.open({}),
    "move": lambda world: world.move(1, Agree(), Role.SELLER_MAIN),
    "stock": lambda world: world.put_stock("wanted", 3),
    "rules": lambda world: world.patch_rules({"deadline.2": "9d"}),
    "advance": lambda world: world.advance(timedelta(seconds=1)),
    "deadline": lambda world: world.advance(timedelta(days=3)),
    "age": lambda world: world.age(timedelta(seconds=1)),
    "clock": lambda world: world.set_clock(running=True, now=None),
    "robots": lambda world: world.set_robots(RobotsDocument(buyer="prompt")),
    "quotas": lambda world: world.set_quotas([QuotaDocument(per="second", limit=5)]),
    "faults": lambda world: world.plan_faults({"fault": "reset"}),
    "stub": lambda world: world.stub("taobao.own.method", b"{}"),
    "snapshot": lambda world: world.snapshot("before"),
    "empty": lambda world: world.reset(empty=True),
    "reset": lambda world: world.reset(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_gives_another_revision(change):
    """Whatever a user changes, the number is another one after it."""
    world = make_world()
    before = compute_revision(world)

    change(world)

    assert compute_revision(world) != before


def test_reading_changes_no_revision():
    """Two looks at a sandbox in which nothing happens have one number, of at most 48 bits."""
    world = make_world()

    first = compute_revision(world)
    list(world.view.exchanges())

    assert compute_revision(world) == first
    assert 0 <= first < 2**48


def test_a_sandbox_with_equal_history_has_an_equal_revision():
    """The number depends on the sandbox alone, so that two workers give the same."""
    assert compute_revision(make_world()) == compute_revision(make_world())


def test_processes_with_other_hash_seeds_give_one_revision():
    """Texts hash differently in each process; the number of a state with messages does not."""
    program = (
        "from tests.world.test_revision import compute_revision, make_world\n"
        "print(compute_revision(make_world()))"
    )
    numbers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(numbers) == 1


def channel_of(world: World):
    """The message channel of a world and the newest message."""
    with world.unit_of_work() as work:
        return work.channel, work.channel.notifications()[-1]


CHANNEL_CHANGES = {
    "take": lambda channel, one: channel.take(one.app_key, one.group, 9),
    "confirm": lambda channel, one: channel.confirm(one.app_key, one.group, [one.number]),
    "fail": lambda channel, one: channel.fail(one.app_key, one.group, [one.number], "no"),
    "publish": lambda channel, one: channel.publish(
        app_key=one.app_key, shop=one.shop, topic="own", content="{}"
    ),
    "permit": lambda channel, one: channel.subscribe(one.app_key, one.shop, ("own",)),
    "group": lambda channel, one: channel.extend_group(one.app_key, "own", nicks=[one.shop]),
}


@pytest.mark.parametrize("change", CHANNEL_CHANGES.values(), ids=CHANNEL_CHANGES)
def test_every_change_of_the_channel_gives_another_revision(change):
    """What is queued, sent, confirmed, permitted or grouped changes the number."""
    world = make_world()
    before = compute_revision(world)

    change(*channel_of(world))

    assert compute_revision(world) != before


def test_sending_again_gives_another_revision():
    """A message that was confirmed and waits again is news."""
    world = make_world()
    channel, message = channel_of(world)
    channel.confirm(message.app_key, message.group, [message.number])
    before = compute_revision(world)

    channel.resend(message.number)

    assert compute_revision(world) != before


def test_a_restored_channel_has_the_revision_of_that_moment():
    """The digest of the queues goes with a snapshot, through its document too."""
    world = make_world()
    channel, message = channel_of(world)
    channel.take(message.app_key, message.group, 9)
    world.snapshot("before")
    before = compute_revision(world)
    channel.confirm(message.app_key, message.group, [message.number])
    assert compute_revision(world) != before

    world.restore("before")

    assert compute_revision(world) == before


class UncountedMessages(dict):
    """Messages of a channel that nobody may walk through."""

    __iter__ = keys = values = items = None


def test_the_revision_looks_at_no_message():
    """Pages ask for it every two seconds, so it costs the same however many messages are kept."""
    world = make_world()
    channel, _ = channel_of(world)
    before = compute_revision(world)

    channel.state.outbox = UncountedMessages(channel.state.outbox)

    assert compute_revision(world) == before
