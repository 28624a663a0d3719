"""A sandbox's own time: frozen, running, advanced, aged, and the deadlines that it makes due."""

from datetime import timedelta

import pytest

from mockserver.domain.vocabulary import Role
from mockserver.world.clock import Clock
from mockserver.world.document import BadDocument
from tests.oracle import DEADLINES, TIMEOUT_TARGETS

DAY = timedelta(days=1)
START = "2026-03-01 10:00:00"


def test_frozen_clock_stays(add_world, machine, beijing):
    """A frozen clock shows its instant however much real time passes."""
    world = add_world(clock="2026-01-15 08:30:00")
    machine.wait(days=3)
    assert world.now == beijing("2026-01-15 08:30:00")


def test_world_without_clock_is_frozen_at_the_documented_instant(add_world, beijing):
    """A world document without a clock is frozen at 2026-03-01 10:00:00."""
    assert add_world().now == beijing(START)


def test_running_clock_follows_the_machine(add_world, machine):
    """A running clock without a start shows the machine's time as it passes."""
    world = add_world(clock={"mode": "running"})
    machine.wait(hours=5, seconds=7)
    assert world.now == machine.now


def test_running_clock_runs_from_the_instant_given(add_world, machine, beijing):
    """A running clock with a start runs on from there."""
    world = add_world(clock={"mode": "running", "now": "2025-12-31 23:59:00"})
    machine.wait(minutes=2)
    assert world.now == beijing("2026-01-01 00:01:00")


def test_running_clock_fires_by_itself(add_world, machine, beijing):
    """A deadline of a running sandbox fires at its own instant however late somebody looks."""
    world = add_world(clock={"mode": "running", "now": START})
    [exchange] = world.open({"status": 2})
    machine.wait(days=9)
    assert world.exchange(exchange.dispute_id).status == 4
    assert world.exchange(exchange.dispute_id).modified == beijing("2026-03-08 10:00:00")


@pytest.mark.parametrize(("short", "status"), [(1, 2), (0, 4), (-1, 4)])
def test_deadline_fires_at_its_second(world, short, status):
    """One second before its deadline an exchange waits; at it and after it the system has moved."""
    [exchange] = world.open({"status": 2})
    world.advance(7 * DAY - timedelta(seconds=short))
    assert world.exchange(exchange.dispute_id).status == status


def test_advance_keeps_what_was_recorded(world, top, beijing):
    """After an advance now is later and recorded instants are shown as they were."""
    [exchange] = world.open({"status": 1})
    world.advance(timedelta(hours=30))
    document = top.result(
        "tmall.exchange.get", dispute_id=exchange.dispute_id, fields="created,modified"
    )["result"]
    assert world.now == beijing("2026-03-02 16:00:00")
    assert document["exchange"] == {"created": START, "modified": START}


def test_age_makes_what_was_recorded_older(world, top, beijing):
    """After an age now stays, and recorded instants are shown older by it.

    Messages and deadlines too.
    """
    [exchange] = world.open({"status": 1})
    world.age(timedelta(hours=30))
    names = "created,modified,time_out,refund_version"
    document = top.result("tmall.exchange.get", dispute_id=exchange.dispute_id, fields=names)[
        "result"
    ]["exchange"]
    thread = top.result(
        "tmall.exchange.messages.get", dispute_id=exchange.dispute_id, fields="created"
    )["result"]
    older = "2026-02-28 04:00:00"
    assert world.now == beijing(START)
    assert document == {
        "created": older,
        "modified": older,
        "time_out": "2026-03-02 04:00:00",
        "refund_version": int(beijing(older).timestamp()) * 1000,
    }
    assert [message["created"] for message in thread["results"]["refund_message"]] == [older]


def test_age_fires_what_it_makes_due(world, top):
    """What an age makes due is shown at an instant before now, inside a poller's window of it."""
    [exchange] = world.open({"status": 2})
    fired = world.age(7 * DAY + timedelta(seconds=30))
    document = top.result(
        "tmall.exchange.receive.get",
        fields="status,modified",
        start_gmt_modified_time="2026-03-01 09:59:00",
        end_gmt_modifed_time="2026-03-01 10:00:00",
    )
    assert [(event.dispute_id, event.target) for event in fired] == [(exchange.dispute_id, 4)]
    assert document["results"]["exchange"] == [
        {"status": "换货关闭", "modified": "2026-03-01 09:59:30"}
    ]


def test_moves_after_an_age_happen_now(world, top, act):
    """A move after an age is shown at the sandbox's now."""
    [exchange] = world.open({"status": 1})
    world.age(DAY)
    act(world, exchange, "agree")
    document = top.result(
        "tmall.exchange.get", dispute_id=exchange.dispute_id, fields="created,modified"
    )["result"]
    assert document["exchange"] == {"created": "2026-02-28 10:00:00", "modified": START}


def test_windows_of_an_aged_world_reach_both_ends_of_time(world, top):
    """A window that ends in the last year of the calendar finds exchanges after an age too."""
    world.open({"status": 1})
    world.age(DAY)
    listing = top.result(
        "tmall.exchange.receive.get",
        fields="status",
        start_gmt_modified_time="0001-01-01 00:00:00",
        end_gmt_modifed_time="9999-12-31 23:59:59",
    )
    assert listing["total_results"] == 1


def test_deadlines_fire_each_at_its_own_instant_in_order(world, beijing):
    """A jump past many deadlines fires each at its own instant in their order.

    Chained ones included.
    """
    [received] = world.open({"status": 13})
    [returning] = world.open({"status": 2})
    [applied] = world.open({"status": 1})
    fired = world.advance(30 * DAY)
    assert [(event.dispute_id, event.at, event.source, event.target) for event in fired] == [
        (applied.dispute_id, beijing("2026-03-03 10:00:00"), 1, 2),
        (returning.dispute_id, beijing("2026-03-08 10:00:00"), 2, 4),
        (applied.dispute_id, beijing("2026-03-10 10:00:00"), 2, 4),
        (received.dispute_id, beijing("2026-03-11 10:00:00"), 13, 5),
    ]
    assert {event.role for event in fired} == {Role.TIMEOUT}


def test_equal_deadlines_fire_by_dispute_id(world):
    """Deadlines at one instant fire by dispute id, whatever the order of opening."""
    for number in (900, 100, 500):
        world.open({"status": 2, "dispute_id": number})
    assert [event.dispute_id for event in world.advance(7 * DAY)] == [100, 500, 900]


def test_last_unit_goes_to_the_earlier_deadline(add_world):
    """Of two applications for one unit, the earlier deadline gets it; the later one closes."""
    world = add_world(goods={"wanted": {"stock": 1}})
    [late] = world.open({"status": 1, "dispute_id": 1})
    [early] = world.open({"status": 1, "dispute_id": 2, "created": "2026-03-01 09:00:00"})
    world.advance(2 * DAY)
    assert (world.exchange(early.dispute_id).status, world.exchange(late.dispute_id).status) == (
        2,
        4,
    )


def test_message_does_not_move_a_deadline(world, act, beijing):
    """A deadline counts from entering the state, so a message leaves it where it was."""
    [exchange] = world.open({"status": 1})
    world.advance(DAY)
    act(world, exchange, "leave_message", content="在吗")
    assert [at for at, _ in world.deadlines()] == [beijing("2026-03-03 10:00:00")]


def test_deadlines_are_listed_earliest_first(world, beijing):
    """Coming deadlines are listed as users see them, earliest first, ends without one."""
    for status in (13, 12, 2, 4, 1):
        world.open({"status": status})
    world.age(timedelta(hours=1))
    assert [(at, int(exchange.status)) for at, exchange in world.deadlines()] == [
        (beijing("2026-03-03 09:00:00"), 1),
        (beijing("2026-03-04 09:00:00"), 12),
        (beijing("2026-03-08 09:00:00"), 2),
        (beijing("2026-03-11 09:00:00"), 13),
    ]


@pytest.mark.parametrize(("status", "span"), DEADLINES.items())
@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
def test_every_waiting_state_has_its_limit(world, ruleset, status, span):
    """Every waiting state ends at its documented limit with its effect, in both rulesets."""
    [exchange] = world.open({"status": status, "ruleset": ruleset})
    world.advance(span - timedelta(seconds=1))
    before = world.exchange(exchange.dispute_id).status
    world.advance(timedelta(seconds=1))
    assert before == status
    assert world.exchange(exchange.dispute_id).status == TIMEOUT_TARGETS[status]


def test_freezing_and_running_keep_what_is_shown(add_world, machine, beijing):
    """Changing a clock's mode without naming an instant goes on from what it shows."""
    world = add_world(clock={"mode": "running", "now": START})
    machine.wait(hours=1)
    world.set_clock(running=False, now=None)
    machine.wait(hours=1)
    assert world.now == beijing("2026-03-01 11:00:00")
    world.set_clock(running=True, now=None)
    machine.wait(minutes=5)
    assert world.now == beijing("2026-03-01 11:05:00")


def test_setting_the_clock_forward_fires(world, beijing):
    """A clock set to a later instant fires what that makes due."""
    world.open({"status": 2})
    fired = world.set_clock(running=False, now=beijing("2026-04-01 00:00:00"))
    assert [event.at for event in fired] == [beijing("2026-03-08 10:00:00")]


@pytest.mark.parametrize("verb", ["advance", "age"])
def test_time_beyond_the_calendar_is_refused(world, whole_state, verb):
    """A jump beyond representable time is refused by name and changes nothing."""
    world.open({"status": 1})
    before = whole_state(world)
    with pytest.raises(BadDocument):
        getattr(world, verb)(timedelta(days=4_000_000))
    assert whole_state(world) == before


@pytest.mark.parametrize(
    ("year", "aged", "expected"),
    [
        (2026, timedelta(), True),
        (1970, timedelta(), True),
        (2999, timedelta(), True),
        (1969, timedelta(), False),
        (3000, timedelta(), False),
        (1970, DAY, False),
        (2026, timedelta(days=-999_999_999), False),
    ],
)
def test_a_clock_shows_an_instant_that_can_be_reached(year, aged, expected, beijing):
    """Both the inner instant and the one that users see lie in the years 1970 to 2999."""
    at = beijing("2026-01-01 00:00:00").replace(year=year)

    assert Clock(at, aged=aged).is_valid() is expected
