"""What a sandbox was some writes, or some time, ago.  Source: the issue (stale reads)."""

from datetime import timedelta

import pytest

from mockserver.domain.vocabulary import Status
from mockserver.world.write_history import restore_earlier


@pytest.fixture
def looking_back(add_world):
    """A world that remembers, since a fault that looks back is planned."""
    return add_world(faults=[{"fault": "stale_read", "times": None}])


def statuses(state):
    """The status of every exchange."""
    return {number: exchange.status for number, exchange in state.exchanges.items()}


def test_nothing_is_kept_without_need(world, act):
    """A sandbox where nothing looks back remembers no past; dropping the fault forgets it."""
    [exchange] = world.open({})
    act(world, exchange, "agree")
    assert world._state.past is None
    world.plan_faults({"fault": "stale_read"})
    act(world, exchange, "ship_back")
    assert len(world._state.past) == 1
    world.plan_faults({"fault": "reset"})
    assert len(world._state.past) == 1
    world.drop_faults(["f1"])
    assert world._state.past is None


def test_some_writes_ago(looking_back, act, whole_state):
    """Undoing n writes gives the state of before, indexes, facts and messages included.

    The sandbox stays as it is.
    """
    world, states = looking_back, []
    [exchange] = world.open({})
    for move in ("agree", "ship_back", "returngoods_agree", "consigngoods"):
        states.append(
            (statuses(world._state), dict(world._state.events), dict(world._state.messages))
        )
        act(world, exchange, move)
        world.advance(timedelta(minutes=1))
    before = whole_state(world)
    for writes, (exchanges, events, messages) in enumerate(reversed(states), 1):
        past = restore_earlier(world._state, writes=writes)
        assert (statuses(past), past.events, past.messages) == (exchanges, events, messages)
        (status,) = exchanges.values()
        assert [number for _, number in past.rows(exchange.shop, status)] == [exchange.dispute_id]
        assert [number for _, number in past.rows(exchange.shop, None)] == [exchange.dispute_id]
    assert whole_state(world) == before


def test_before_it_was_opened(looking_back):
    """An opening, at whatever status, is one write: before it the exchange is not there."""
    [exchange] = looking_back.open({"status": 5})
    assert restore_earlier(looking_back._state, writes=1).exchanges == {}
    assert list(restore_earlier(looking_back._state, writes=1).rows(exchange.shop, None)) == []
    assert restore_earlier(looking_back._state, writes=50).exchanges == {}


def test_some_time_ago(looking_back, act):
    """What came after an instant is undone, deadlines that fired included."""
    world = looking_back
    [exchange] = world.open({})
    world.advance(timedelta(hours=1))
    act(world, exchange, "agree")
    world.advance(timedelta(days=8))  # the buyer's seven days are over
    now, number = world.run_until_now(), exchange.dispute_id
    assert statuses(world._state) == {number: Status.CLOSED}
    assert statuses(restore_earlier(world._state, since=now)) == {number: Status.CLOSED}
    assert statuses(restore_earlier(world._state, since=now - timedelta(days=2))) == {
        number: Status.WAIT_BUYER_RETURN
    }
    assert statuses(restore_earlier(world._state, since=now - timedelta(days=8, seconds=1))) == {
        number: Status.WAIT_SELLER_AGREE
    }
    assert statuses(restore_earlier(world._state, since=now - timedelta(days=9))) == {}


def test_the_past_is_bounded(looking_back):
    """A thousand writes are kept, the oldest go first."""
    looking_back.open({}, 1200)
    assert len(looking_back._state.past) == 1000
    assert len(restore_earlier(looking_back._state, writes=5000).exchanges) == 200
