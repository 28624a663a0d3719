"""Resets, restores and sandboxes made from snapshots.

What the clock shows, what is left, who still answers meanwhile.
"""

import json
import threading
from datetime import timedelta

import pytest

from mockserver.domain.moves import LeaveMessage
from mockserver.domain.vocabulary import Role
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.snapshot import read_snapshot, write_snapshot
from mockserver.world.world import World

RUNNING = {"mode": "running"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
LATER = "2026-03-05 08:00:00"
READERS, READS, ROUNDS = 4, 800, 20_000


@pytest.fixture
def copy_of(directory):
    """Makes a sandbox from a kept state."""

    def make(state):
        made = World(directory, read_document({}, WorldDocument), state=state)
        directory.add(made)
        return made

    return make


@pytest.fixture
def read_back():
    """The state that a state's own document gives."""
    return lambda state: read_snapshot(json.loads(write_snapshot(state)))


@pytest.fixture(params=["made", "reset", "restored"])
def running(request, add_world, machine):
    """A running world on a machine whose time has microseconds.

    As made, after a reset, after a restore.
    """
    machine.wait(microseconds=654_321)
    world = add_world(clock=RUNNING)
    world.snapshot("kept")
    machine.wait(seconds=61, microseconds=654_321)
    if request.param == "reset":
        world.reset()
    if request.param == "restored":
        world.restore("kept")
    machine.wait(seconds=3, microseconds=123_456)
    return world


def test_freezing_shows_the_instant_named(running, beijing):
    """A running clock frozen at an instant shows exactly that instant, with its fraction."""
    running.set_clock(running=False, now=beijing(LATER))
    assert running.now == beijing(LATER)


def test_advancing_to_an_instant_shows_it(running, beijing):
    """A running clock advanced by what is missing to an instant shows exactly that instant."""
    running.advance(beijing(LATER) - running.now)
    assert running.now == beijing(LATER)


@pytest.mark.parametrize("aged", [False, True])
@pytest.mark.parametrize(
    "names",
    [
        ("start_gmt_modified_time", "end_gmt_modifed_time", "modified"),
        ("start_created_time", "end_created_time", "created"),
    ],
)
def test_a_window_of_one_second_finds_its_exchange(running, caller_of, names, aged):
    """A window from an exchange's own instant to the same instant holds it.

    Both ends belong to it.
    """
    start, end, field = names
    top = caller_of(running)
    [exchange] = running.open({})
    if aged:
        running.age(timedelta(hours=5))
    instant = top.result("tmall.exchange.get", dispute_id=exchange.dispute_id, fields=field)[
        "result"
    ]["exchange"][field]
    listing = top.result(
        "tmall.exchange.receive.get", fields="dispute_id", **{start: instant, end: instant}
    )
    assert listing["total_results"] == 1


def test_a_clock_keeps_step_over_many_restores(add_world, machine):
    """A running clock that is restored again and again stays within a second of the machine's."""
    world = add_world(clock=RUNNING)
    for _ in range(20):
        machine.wait(microseconds=900_000)
        world.snapshot("kept")
        world.restore("kept")
    assert abs(world.now - machine.now) <= timedelta(seconds=1)


@pytest.mark.parametrize("as_document", [False, True])
@pytest.mark.parametrize("after_reset", [False, True])
def test_a_sandbox_from_a_running_one_shows_the_real_now(
    add_world, machine, copy_of, read_back, as_document, after_reset
):
    """A sandbox made from a snapshot of a running one shows the real now, also after its reset.

    Things are as old as when kept.
    """
    world = add_world(clock=RUNNING)
    [exchange] = world.open({"status": 2})
    machine.wait(hours=6)
    age = world.now - world._state.clock.show(exchange.modified)
    snapshot = world.snapshot("kept")
    machine.wait(days=30)
    copied = copy_of(read_back(snapshot) if as_document else snapshot)
    if after_reset:
        machine.wait(days=30)
        copied.reset()
    assert copied.now == machine.now
    again = copied.exchange(exchange.dispute_id)
    assert copied.now - copied._state.clock.show(again.modified) == age
    assert again.status == 2
    machine.wait(minutes=1)
    assert copied.now == machine.now


def test_a_sandbox_from_a_frozen_one_stays_at_its_instant(add_world, machine, copy_of, beijing):
    """A sandbox made from a snapshot of a frozen one shows that instant, also after its reset."""
    world = add_world(clock=LATER)
    snapshot = world.snapshot("kept")
    machine.wait(days=3)
    copied = copy_of(snapshot)
    instants = [copied.now]
    machine.wait(days=3)
    copied.reset()
    assert [*instants, copied.now] == [beijing(LATER)] * 2


def test_an_empty_world_knows_no_waybill_and_no_picture(add_world, copy_of, act):
    """A reset to empty forgets waybills and pictures with the exchanges they came with."""
    world = add_world()
    [exchange] = world.open({"status": 2})
    act(world, exchange, "ship_back", logistics_no="YT1234567890")
    world.move(
        exchange.dispute_id, LeaveMessage(pics=("a.png",)), Role.BUYER, pictures={"a.png": PNG}
    )
    copied = copy_of(world.snapshot("full"))
    assert (list(copied._state.waybills), list(copied._state.pictures)) == (
        ["YT1234567890"],
        ["a.png"],
    )
    copied.reset(empty=True)
    assert (copied._state.exchanges, copied._state.waybills, copied._state.pictures) == ({}, {}, {})


@pytest.mark.parametrize("how", ["reset", "restored", "restored from a document"])
def test_calls_meet_a_whole_state_while_it_changes(
    add_world, caller_of, read_back, eager_switches, how
):
    """While a world is reset or restored, signed reads succeed or miss the exchange.

    They do nothing else.
    """
    world = add_world()
    [exchange] = world.open({"dispute_id": 7})
    snapshot = world.snapshot("kept")
    if how == "restored from a document":
        world.snapshot("kept", read_back(snapshot))  # which knows no secret and no token
    top, outcomes, broken, done = caller_of(world), [], [], threading.Event()

    def read():
        try:
            while not done.is_set():
                ((root, inner),) = top(
                    "tmall.exchange.get", dispute_id=exchange.dispute_id, fields="dispute_id,status"
                ).items()
                outcomes.append((root, inner.get("code"), inner.get("result", {}).get("success")))
        except Exception as wrong:
            broken.append(wrong)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(ROUNDS):
            world.reset() if how == "reset" else world.restore("kept")
            if len(outcomes) >= READS or broken:
                break
    finally:
        done.set()
        for reader in readers:
            reader.join(30)
    assert broken == []
    assert outcomes
    assert set(outcomes) <= {
        ("tmall_exchange_get_response", None, success) for success in (True, False)
    }
