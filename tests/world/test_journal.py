"""The journal by itself: order, bounds, and readers who go on from a position.

Source: issue (Journal), docs/control-api.md.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.world.journal import Entry, Journal

START = datetime(2026, 3, 1, 10, 0, 0, tzinfo=timezone(timedelta(hours=8)))
LONG = 20.0  # seconds that nobody is meant to wait


def entry(number: int, **fields: object) -> Entry:
    """A call with this number, whose other fields are plain."""
    plain = {
        "request_id": f"r{number}",
        "sandbox": "default",
        "at": START.timestamp() + number,
        "real": 0.0,
        "verb": "POST",
        "method": "taobao.time.get",
        "caller": "main",
        "dispute_id": "",
        "outcome": "ok",
        "code": 0,
        "sub_code": "",
        "msg_code": "",
        "rule": "",
        "micros": 5,
        "params": b"{}",
        "reply": b"{}",
    }
    return Entry(number=number, **{**plain, **fields})


def numbers(entries: list[Entry]) -> list[int]:
    """Which calls these are."""
    return [entry.number for entry in entries]


@pytest.fixture
def journal() -> Journal:
    """A journal that keeps the newest hundred."""
    return Journal(100)


@pytest.fixture
def waiter() -> Callable[..., Callable[[], object]]:
    """Starts `ask` in a thread of its own that has begun to wait.

    The result is what it came back with.
    """

    def start(journal: Journal, ask: Callable[[], object]) -> Callable[[], object]:
        answers: list[object] = []
        thread = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
        thread.start()
        while thread.is_alive() and not journal._waiting:
            thread.join(0.001)

        def result() -> object:
            thread.join(LONG / 2)
            assert not thread.is_alive()
            return answers[0]

        return result

    return start


def test_newest_first_and_where_to_go_on(journal):
    """A page has the newest calls first, counts all that match, and says where older ones begin."""
    for number in range(1, 6):
        journal.add(entry(number, outcome="ok" if number % 2 else "refused"))
    page = journal.page({"outcome": "ok"}, 2)
    assert (page.total, numbers(page.entries), page.next) == (3, [5, 3], 5)


def test_later_calls_come_oldest_first_in_pieces(journal):
    """What is later than a position comes oldest first.

    A piece that was cut goes on where it ended.
    """
    for number in range(1, 8):
        journal.add(entry(number, outcome="ok" if number != 4 else "refused"))
    first = journal.read_after(2, {"outcome": "ok"}, 2)
    assert (first.total, numbers(first.entries)) == (4, [3, 5])
    second = journal.read_after(first.next, {"outcome": "ok"}, 2)
    assert (second.total, numbers(second.entries), second.next) == (2, [6, 7], 7)
    assert journal.read_after(second.next, {"outcome": "ok"}, 2).entries == []


def test_recorded_order_counts_not_numbers(journal):
    """A call that began earlier and was recorded later is later: its reader does not lose it."""
    journal.add(entry(2))
    position = journal.page({}, 1).next
    journal.add(entry(1))
    assert numbers(journal.read_after(position, {}, 10).entries) == [1]


def test_a_cleared_journal_says_what_was_missed(journal):
    """Calls cleared before they were read are counted, later ones come, none twice."""
    for number in range(1, 4):
        journal.add(entry(number))
    journal.clear()
    journal.add(entry(4))
    page = journal.read_after(1, {}, 10)
    assert (numbers(page.entries), page.missed, page.next) == ([4], 2, 4)


def test_a_position_beyond_the_end_is_another_journals(journal):
    """A reader whose position was never reached here reads from the beginning."""
    journal.add(entry(1))
    assert numbers(journal.read_after(50, {}, 10).entries) == [1]


@settings(derandomize=True, database=None, deadline=None)
@given(
    capacity=st.integers(1, 5),
    steps=st.lists(st.one_of(st.sampled_from(["add", "clear"]), st.integers(0, 3)), max_size=40),
)
def test_a_reader_gets_every_call_once_or_hears_of_it(capacity, steps):
    """Each call is read once or reported as missed, in readings of any size.

    Whatever is added, cleared and pushed out between them.
    """
    journal, position, read, missed, added = Journal(capacity), 0, [], 0, 0
    for step in [*steps, 100]:
        if step == "add":
            added += 1
            journal.add(entry(added))
        elif step == "clear":
            journal.clear()
        else:
            page = journal.read_after(position, {}, step)
            position, missed, read = page.next, missed + page.missed, read + numbers(page.entries)
    assert read == sorted(set(read))
    assert len(read) + missed == added == position


def test_a_waiter_gets_the_next_call(journal, waiter):
    """Who waits comes back with the next call that matches, long before the time is up."""
    result = waiter(journal, lambda: journal.read_after(0, {"outcome": "refused"}, 10, LONG))
    journal.add(entry(1))
    journal.add(entry(2, outcome="refused"))
    assert numbers(result().entries) == [2]


def test_nobody_waits_at_a_closed_journal(journal, waiter):
    """Closing sends waiters home with nothing, and later ones do not begin to wait."""
    result = waiter(journal, lambda: journal.read_after(0, {}, 10, LONG))
    journal.close()
    assert result().entries == []
    assert journal.read_after(0, {}, 10, LONG).entries == []


def test_waiting_ends_with_the_patience(journal):
    """Without calls the answer is empty once the patience is over, and keeps the position."""
    page = journal.read_after(0, {}, 10, 0.01)
    assert (page.entries, page.next) == ([], 0)


def test_waiters_hold_nobody_up(journal, waiter):
    """While one waits others write and read."""
    waiter(journal, lambda: journal.read_after(0, {"method": "never"}, 10, LONG))
    journal.add(entry(1))
    assert journal.select({}, 1)[0] == 1
    journal.close()


def test_recent_calls_are_those_of_the_present_state(journal):
    """After the state was replaced, only later calls are recent.

    Those that gave way are counted.
    """
    small = Journal(2)
    small.add(entry(1))
    small.mark_replaced()
    for number in (2, 3, 4):
        small.add(entry(number))
    lost, entries = small.recent()
    assert (lost, numbers(entries)) == (1, [3, 4])
    small.clear()
    assert small.recent() == (0, [])


def test_a_restored_world_starts_anew(add_world, caller_of):
    """Restoring a snapshot keeps the journal but begins a new account of the client's calls.

    A reset clears both.
    """
    world = add_world()
    caller = caller_of(world)
    world.snapshot("before")
    caller.result("taobao.time.get")
    world.restore("before")
    caller.result("taobao.time.get")
    assert (world.journal.select({}, 9)[0], len(world.journal.recent()[1])) == (2, 1)
    world.reset()
    assert (world.journal.select({}, 9)[0], world.journal.recent()) == (0, (0, []))


def test_a_dropped_world_sends_waiters_home(add_world, directory, waiter):
    """Who waits for calls of a sandbox that is dropped comes back at once."""
    world = add_world()
    result = waiter(world.journal, lambda: world.journal.read_after(0, {}, 10, LONG))
    directory.drop(world)
    assert result().entries == []


def test_both_bounds_hold(journal):
    """The oldest calls give way to number and to bytes."""
    for number in range(1, 150):
        journal.add(entry(number))
    assert (journal.page({}, 1000).total, journal.page({}, 1000).entries[-1].number) == (100, 50)
    heavy, reply = Journal(100), b'"' + b"x" * 1024 * 1024 + b'"'
    for number in range(1, 100):
        heavy.add(entry(number, reply=reply))
    assert 0 < heavy.page({}, 1000).total < 64
    assert heavy.page({}, 1).entries[0].number == 99
