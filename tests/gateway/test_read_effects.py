"""Reads that see other than what is.

Stale ones, and the traps of incremental synchronisation over the list.

Source: the issue (stale reads, same-second changes, rows moving between pages, exclusive window
end, late rows, clock skew). Each fault loses rows for a naive client and none to a careful
one.
"""

from datetime import timedelta

import pytest

from mockserver.domain.moves import Agree, LeaveMessage
from mockserver.domain.vocabulary import Role

GET, LIST, MESSAGES = (
    "tmall.exchange.get",
    "tmall.exchange.receive.get",
    "tmall.exchange.messages.get",
)
START = "2026-03-01 10:00:00"


@pytest.fixture
def five(world):
    """Five exchanges opened ten seconds apart, the newest at 10:00:40, and now is 10:01:00.

    Their ids, oldest first.
    """
    ids = []
    for _ in range(5):
        ids.append(world.open({})[0].dispute_id)
        world.advance(timedelta(seconds=10))
    world.advance(timedelta(seconds=10))
    return ids


@pytest.fixture
def page(top):
    """Ids and `modified` of a page of the list, in order, and the total."""

    def ask(page_no=1, page_size=40, **more):
        reply = top.result(
            LIST, fields="dispute_id,modified", page_no=page_no, page_size=page_size, **more
        )
        rows = reply.get("results", {}).get("exchange", [])
        return (
            [int(row["dispute_id"]) for row in rows],
            [row["modified"] for row in rows],
            reply["total_results"],
        )

    return ask


def test_a_stale_read_shows_the_write_before(world, top, act):
    """A stale read shows the state before the write, the next one the new state."""
    [exchange] = world.open({})
    world.plan_faults({"fault": "stale_read", "method": GET})
    act(world, exchange.dispute_id, "agree")

    def status():
        return top.result(GET, dispute_id=exchange.dispute_id, fields="status")["result"][
            "exchange"
        ]["status"]

    assert [status(), status()] == ["换货待处理", "待买家退货"]


def test_a_stale_read_of_messages_and_lists(world, top, act, page):
    """Messages and lists are as old as the exchange.

    No message of the write, the old status, the old `modified`.
    """
    [exchange] = world.open({})
    world.plan_faults({"fault": "stale_read", "times": None})
    world.advance(timedelta(minutes=5))
    act(world, exchange.dispute_id, "agree")
    assert (
        top.result(MESSAGES, dispute_id=exchange.dispute_id, fields="id")["result"]["total_results"]
        == 1
    )
    assert page()[1] == [START]
    assert page(dispute_status_array=1)[2] == 1
    assert page(dispute_status_array=2)[2] == 0


def test_a_stale_read_some_time_ago(world, top, act):
    """By time: what happened within the last so many seconds is not seen yet."""
    [exchange] = world.open({})
    world.plan_faults({"fault": "stale_read", "times": None, "ago": "30s"})
    world.advance(timedelta(minutes=1))
    act(world, exchange.dispute_id, "agree")
    pages = []
    for _ in range(3):
        pages.append(
            top.result(GET, dispute_id=exchange.dispute_id, fields="status")["result"]["exchange"][
                "status"
            ]
        )
        world.advance(timedelta(seconds=20))
    assert pages == ["换货待处理", "换货待处理", "待买家退货"]


def test_a_stale_read_before_the_opening(world, top):
    """An exchange that was opened by the undone write is not there yet."""
    world.plan_faults({"fault": "stale_read"})
    [exchange] = world.open({})
    assert (
        top.result(GET, dispute_id=exchange.dispute_id, fields="status")["result"]["msg_code"]
        == "DISPUTE_NOT_EXIST"
    )


def test_same_second(world, five, page):
    """Changes within a minute show one second, in rows and in windows.

    A cursor above the last second seen skips rows.
    """
    world.plan_faults({"fault": "same_second", "times": None})
    ids, modified, total = page()
    assert (set(ids), set(modified), total) == (set(five), {START}, 5)
    assert page(page_size=2)[1] == [START, START]
    naive = page(start_gmt_modified_time="2026-03-01 10:00:01")  # after the last second seen
    assert naive[2] == 0
    careful = page(start_gmt_modified_time=START, page_size=2, page_no=2)
    assert (len(careful[0]), careful[2]) == (2, 5)
    world.drop_faults()
    assert page()[1] == [f"2026-03-01 10:00:{second:02}" for second in (40, 30, 20, 10, 0)]


def test_a_row_moves_between_pages(world, five, page):
    """While paging, a row not read yet is modified: it jumps to the front and this pass misses it.

    The next window has it.
    """
    world.plan_faults({"fault": "moving_rows"})
    passed = page(1, 2)[0]
    assert world.planned_faults()[0]["hits"] == 0  # the first page is not what it waits for
    passed += page(2, 2)[0] + page(3, 2)[0]
    moved = five[2]
    assert moved not in passed
    assert passed.count(five[3]) == 2
    assert page(start_gmt_modified_time="2026-03-01 10:01:00")[0] == [moved]
    world.drop_faults()
    assert page()[0][0] == moved  # later reads agree, also without the fault
    unmoved = world.view.exchange(moved).modified
    assert unmoved < world.view.exchange(five[4]).modified  # the exchange itself has not changed


def test_a_moved_row_until_its_next_move(world, five, page, top):
    """A get and a list show the same `modified` of a moved row.

    A real move ends it, and a reset.
    """
    world.snapshot("before")
    world.plan_faults({"fault": "moving_rows", "times": 2})
    page(2, 2)
    moved, dates = (column[0] for column in page()[:2])
    got = top.result(GET, dispute_id=moved, fields="modified")["result"]["exchange"]["modified"]
    assert (moved, dates) == (five[2], got)
    world.move(moved, LeaveMessage(content="好"), Role.BUYER)
    assert page()[1][0] == dates  # a message does not modify the exchange
    world.advance(timedelta(days=1))
    world.move(moved, Agree(), Role.SELLER_MAIN)
    assert page()[0][0] == moved and page()[1][0] > dates
    page(2, 2)
    world.restore("before")
    assert page()[0] == five[::-1]


def test_a_row_read_before_moves_out_of_the_window(world, five, page):
    """A row of the first page leaves a window that has an end.

    The rows after it move up, and one is never shown.
    """
    window = {"start_gmt_modified_time": START, "end_gmt_modifed_time": "2026-03-01 10:00:59"}
    world.plan_faults({"fault": "moving_rows", "row": "seen"})
    passed = page(1, 2, **window)[0] + page(2, 2, **window)[0]
    assert five[2] not in passed
    world.drop_faults()
    backwards = [number for page_no in (3, 2, 1) for number in page(page_no, 2, **window)[0]]
    assert set(backwards) == set(five[:4])  # the fifth is in the next window


def test_a_moving_row_under_a_clock_that_stands(world, page):
    """Rows of one and the same second move too: the moved one is a second newer than all."""
    ids = [exchange.dispute_id for exchange in world.open({}, 4)]
    world.plan_faults({"fault": "moving_rows"})
    passed = page(1, 2)[0] + page(2, 2)[0]
    assert len(set(passed)) == 3
    (missed,) = set(ids) - set(passed)
    assert page(start_gmt_modified_time="2026-03-01 10:00:01")[0] == [missed]


def test_a_page_beyond_the_last_moves_nothing(world, five, page, whole_state):
    """A page without rows has nothing to move."""
    world.plan_faults({"fault": "moving_rows"})
    before = whole_state(world)["exchanges"]
    assert page(9, 40) == ([], [], 5)
    assert whole_state(world)["exchanges"] == before


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("start_gmt_modified_time", "end_gmt_modifed_time"),
        ("start_created_time", "end_created_time"),
    ],
)
def test_exclusive_end(world, five, page, start, end):
    """The row at the end of the window is left out; without an end the fault waits."""
    world.plan_faults({"fault": "exclusive_end", "times": None})
    assert page()[2] == 5
    assert world.planned_faults()[0]["met"] == 0
    window = {start: START, end: "2026-03-01 10:00:20"}
    assert page(**window)[0] == [five[1], five[0]]
    assert page(**{start: "2026-03-01 10:00:21", end: "2026-03-01 10:00:59"})[0] == [
        five[4],
        five[3],
    ]
    world.drop_faults()
    assert page(**window)[0] == [five[2], five[1], five[0]]


def test_late_rows(world, five, page):
    """A change is listed only when it is old enough; a poll that never looks back misses it."""
    world.plan_faults({"fault": "late_rows", "times": None, "by": "25s"})
    assert page()[0] == [five[3], five[2], five[1], five[0]]  # the fifth is 20 s old
    world.advance(timedelta(seconds=5))
    assert page()[2] == 5
    assert page(start_gmt_modified_time="2026-03-01 10:01:00")[2] == 0


@pytest.mark.parametrize("seconds", [-5, 7])
def test_clock_skew(world, five, page, seconds):
    """`modified` is off by so many seconds, in rows and in windows."""
    world.plan_faults({"fault": "clock_skew", "times": None, "seconds": seconds})
    first = f"2026-03-01 10:00:{40 + seconds:02}"
    ids, modified, _ = page()
    assert (ids, modified[0]) == (five[::-1], first)
    assert page(start_gmt_modified_time=first)[0] == [five[4]]
    assert page(start_gmt_modified_time="2026-03-01 10:00:48")[2] == 0


@pytest.mark.parametrize(
    "raw",
    [
        {"fault": "stale_read"},
        {"fault": "same_second"},
        {"fault": "exclusive_end"},
        {"fault": "late_rows"},
        {"fault": "clock_skew"},
    ],
)
def test_a_fault_changes_nothing(world, five, page, whole_state, raw):
    """What a distorted read sees is its own: the sandbox is as it was, but for the count."""
    world.plan_faults(raw)
    before = whole_state(world)
    page(end_gmt_modifed_time="2026-03-01 10:00:20")
    after = whole_state(world)
    assert before.pop("fault_counters") != after.pop("fault_counters")
    assert before == after


def test_a_fault_under_an_aged_clock(world, five, page):
    """Windows and seconds are those that users see, also where everything was aged."""
    world.age(timedelta(seconds=7))
    world.plan_faults({"fault": "exclusive_end"})
    assert page(end_gmt_modifed_time="2026-03-01 10:00:13")[0] == [five[1], five[0]]
    world.plan_faults({"fault": "same_second", "within": "10s"})
    assert page()[1][0] == "2026-03-01 10:00:30"  # 10:00:40 aged by 7 s is 10:00:33


def test_lists_of_other_sellers_stay_apart(make_world, caller_of):
    """A fault never shows one seller another's exchanges."""
    world = make_world(
        shops=[{"nick": "甲店"}, {"nick": "乙店"}], faults=[{"fault": "same_second", "times": None}]
    )
    world.open({"shop": "甲店"}), world.open({"shop": "乙店"})
    assert caller_of(world).result(LIST, fields="dispute_id")["total_results"] == 1
