"""One sandbox's verbs: snapshots, resets, stock, rules that move deadlines, atomic moves."""

from datetime import timedelta

import msgspec
import pytest

from mockserver.domain.errors import ConditionFailed, IllegalMove, NoSuchExchange, WrongRuleset
from mockserver.domain.rules import BadRule
from mockserver.domain.vocabulary import Role
from mockserver.world.document import BadDocument

DAY = timedelta(days=1)


def stock(world, name="wanted"):
    """Accounts of a SKU by the goods' name: available, reserved, shipped, returned, outside."""
    accounts = world._state.accounts[world._state.goods[name].sku_id]
    return (
        accounts.available,
        accounts.reserved,
        accounts.shipped,
        accounts.returned,
        accounts.outside,
    )


def test_restore_brings_everything_back(world, act, whole_state):
    """A restored snapshot has the data, stock, clock, rules and numbering of its instant."""
    [exchange] = world.open({"status": 1})
    world.snapshot("before")
    before = whole_state(world)
    act(world, exchange, "agree")
    world.open({"status": 5}, count=3)
    world.put_stock("wanted", 5)
    world.patch_rules({"deadline.2": "1d"})
    world.advance(30 * DAY)
    world.restore("before")
    assert whole_state(world) == before


def test_restored_world_goes_on_as_the_first_time(world, act, whole_state):
    """After a restore the same moves lead to the same state, as often as one likes."""
    world.open({"status": 2})
    world.snapshot("start")
    ends = []
    for _ in range(3):
        world.restore("start")
        [exchange] = world.open({"status": 1})
        act(world, exchange, "agree")
        world.advance(20 * DAY)
        ends.append(whole_state(world))
    assert ends[0] == ends[1] == ends[2]


def test_snapshot_is_independent_of_what_follows(world, act):
    """A snapshot does not change with the world after it, nor through a restore of it."""
    [exchange] = world.open({"status": 1})
    world.snapshot("one")
    world.restore("one")
    act(world, exchange, "agree")
    assert world.snapshots["one"].exchanges[exchange.dispute_id].status == 1


def test_unknown_snapshot_is_refused(world, whole_state):
    """An unknown snapshot is refused with what there is, and nothing changes."""
    world.snapshot("mine")
    before = whole_state(world)
    with pytest.raises(BadDocument, match="mine"):
        world.restore("other")
    assert whole_state(world) == before


def test_reset_goes_back_to_the_baseline(make_world, whole_state, top):
    """A reset gives data, stock, clock and rules as made, empties the journal and keeps snapshots.

    Twice is once.
    """
    world = make_world(samples=True, goods={"wanted": {"stock": 4}})
    made = whole_state(world)
    world.snapshot("kept")
    world.advance(99 * DAY)
    world.put_stock("wanted", 77)
    world.patch_rules({"text.14": "别的"})
    for _ in range(2):
        world.reset()
        assert whole_state(world) == made
        assert "kept" in world.snapshots


def test_reset_empties_the_journal(world, top):
    """A reset leaves no journal entry of before."""
    top("taobao.time.get")
    world.reset()
    assert world.journal.select({}, 10) == (0, [])


def test_reset_to_empty(world, top):
    """An empty sandbox has no goods, buyers, trades or exchanges, and its callers still get in."""
    world.open({"status": 2}, count=3)
    world.reset(empty=True)
    state = world._state
    assert not (
        state.goods
        or state.buyers
        or state.trades
        or state.accounts
        or state.exchanges
        or state.events
        or state.messages
    )
    assert top.result("tmall.exchange.receive.get", fields="dispute_id")["total_results"] == 0


def test_empty_sandbox_takes_a_capture(world, top):
    """Into an empty sandbox an exchange can be opened; its goods, buyer and trade are made."""
    world.reset(empty=True)
    [exchange] = world.open({"status": 2})
    assert (
        top.result("tmall.exchange.get", dispute_id=exchange.dispute_id, fields="status")["result"][
            "success"
        ]
        is True
    )


def test_running_clock_goes_on_from_now_after_a_restore(add_world, machine):
    """A restored running sandbox shows the real now, and its data at its old age."""
    world = add_world(clock={"mode": "running"})
    [exchange] = world.open({"status": 2})
    machine.wait(hours=1)
    world.snapshot("one")
    machine.wait(days=100)
    world.restore("one")
    [(due, waiting)] = world.deadlines()
    assert world.now == machine.now
    assert (waiting.dispute_id, due - world.now) == (
        exchange.dispute_id,
        7 * DAY - timedelta(hours=1),
    )
    machine.wait(minutes=3)
    assert world.now == machine.now


def test_running_clock_goes_on_from_now_after_a_reset(add_world, machine):
    """A reset running sandbox shows the real now, its samples as old as when made."""
    world = add_world(clock={"mode": "running"}, samples=True)
    ages = [
        world.now - world._state.clock.show(exchange.modified)
        for exchange in world._state.exchanges.values()
    ]
    machine.wait(days=100)
    world.reset()
    assert world.now == machine.now
    assert [
        world.now - world._state.clock.show(exchange.modified)
        for exchange in world._state.exchanges.values()
    ] == ages


def test_reset_keeps_credentials(add_world, directory):
    """After a reset the same session leads to the same sandbox and seller."""
    world = add_world("one", apps=[{"app_key": "777"}], shops=[{"session": "mine", "nick": "店"}])
    world.reset()
    where, _, session = directory.find("mine", "777")
    assert (where, session.shop) == (world, "店")


def test_stock_is_set_against_outside(world):
    """Setting the stock, by name or SKU, balances against outside only."""
    world.open({"status": 2, "num": 3})
    world.put_stock("wanted", 10)
    assert stock(world) == (10, 3, 0, 0, 87)
    world.put_stock(world._state.goods["wanted"].sku_id, 200)
    assert stock(world) == (200, 3, 0, 0, -103)


@pytest.mark.parametrize(
    ("name", "available", "field"),
    [("nothing", 1, "name"), ("wanted", -1, "available"), ("wanted", 2**31, "available")],
)
def test_impossible_stock_is_refused(world, whole_state, name, available, field):
    """Unknown goods or an impossible number are refused by name, and nothing changes."""
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.put_stock(name, available)
    assert refused.value.field == field
    assert whole_state(world) == before


def test_stock_along_the_whole_flow(world, act):
    """Units go from the shelf to reserved to shipped, and the bought ones come back."""
    [exchange] = world.open({"num": 2})
    accounts = [stock(world)]
    for move in ("agree", "ship_back", "returngoods_agree", "consigngoods", "confirm_receipt"):
        act(world, exchange, move)
        accounts.append(stock(world))
    assert accounts == [
        (100, 0, 0, 0, 0),
        (98, 2, 0, 0, 0),
        (98, 2, 0, 0, 0),
        (98, 2, 0, 0, 0),
        (98, 0, 2, 0, 0),
        (98, 0, 2, 0, 0),
    ]
    assert stock(world, "bought") == (100, 0, 0, 2, -2)


def test_modifying_to_other_goods_releases_the_first(world, act):
    """Modifying to other goods releases the reservation and clears the buyer's waybill."""
    [exchange] = world.open({"status": 6, "num": 2})
    act(world, exchange, "modify", exchange_sku="shoes", num=1)
    after = world.exchange(exchange.dispute_id)
    assert (after.status, after.reserved, after.num, after.buyer_logistic_no) == (1, 0, 1, "")
    assert stock(world) == (100, 0, 0, 0, 0)
    act(world, exchange, "agree")
    assert stock(world, "shoes") == (99, 1, 0, 0, 0)


def test_agree_without_stock_changes_nothing(add_world, act, whole_state):
    """Agreeing to more than is on the shelf is refused for want of stock and leaves no trace."""
    world = add_world(goods={"wanted": {"stock": 1}})
    [exchange] = world.open({"num": 2})
    before = whole_state(world)
    with pytest.raises(ConditionFailed) as refused:
        act(world, exchange, "agree")
    assert refused.value.failure == "no_stock"
    assert whole_state(world) == before


@pytest.mark.parametrize(
    "patch",
    [
        {"deadline.2": "x"},
        {"deadline.2": "1d", "modify_to": 2},
        {"nothing": 1},
        {"fields_required": 1},
    ],
)
def test_wrong_rules_change_nothing(world, whole_state, patch):
    """A patch with one wrong rule is refused whole."""
    world.open({"status": 2})
    before = whole_state(world)
    with pytest.raises(BadRule):
        world.patch_rules(patch)
    assert whole_state(world) == before


def test_rules_move_deadlines(world, beijing):
    """A new limit moves the deadlines of waiting exchanges, later as well as earlier."""
    world.open({"status": 2})
    world.patch_rules({"deadline.2": "21d"})
    assert [at for at, _ in world.deadlines()] == [beijing("2026-03-22 10:00:00")]
    world.patch_rules({"deadline.2": "3d12h"})
    assert [at for at, _ in world.deadlines()] == [beijing("2026-03-04 22:00:00")]


def test_shorter_limit_fires_what_it_makes_due(world):
    """A limit made shorter than what has passed leaves nothing overdue."""
    [exchange] = world.open({"status": 2})
    world.advance(3 * DAY)
    world.patch_rules({"deadline.2": "1d"})
    assert world.exchange(exchange.dispute_id).status == 4
    assert world.deadlines() == []


def test_customer_service_suspends_the_deadline(world, act):
    """While customer service has a case there is no deadline and no modify, but cancel."""
    [exchange] = world.open({"status": 6})
    for move, status in (("ask_cs", 2), ("step_in", 3)):
        act(world, exchange, move)
        assert world.exchange(exchange.dispute_id).cs_status == status
        assert world.deadlines() == []
        with pytest.raises(IllegalMove):
            act(world, exchange, "modify")
    world.advance(100 * DAY)
    act(world, exchange, "cancel")
    assert world.exchange(exchange.dispute_id).status == 4


@pytest.mark.parametrize(
    ("verdict", "status", "cs"),
    [("buyer", 12, (8, 6)), ("seller", 4, (9, 6)), ("refund", 14, (8, 6))],
)
def test_judgement_writes_its_statuses(world, act, verdict, status, cs):
    """A judgement writes its side, then done; the exchange goes where it says."""
    [exchange] = world.open({"status": 6})
    act(world, exchange, "ask_cs")
    act(world, exchange, "judge", **{"for": verdict})
    after = world.exchange(exchange.dispute_id)
    assert (after.status, after.cs_status) == (status, 6)
    assert tuple(world._state.events[exchange.dispute_id][-1].cs) == cs


def test_unknown_exchange_is_refused(world, act):
    """A move of an unknown exchange, or of another shop's, is refused as not existing."""
    [exchange] = world.open({})
    with pytest.raises(NoSuchExchange):
        world.exchange(1)
    with pytest.raises(NoSuchExchange):
        world.exchange(exchange.dispute_id, shop="别家店")


def test_classic_flow_refuses_confirm_consign(world, act, whole_state):
    """Classic confirm_consign is refused with the way to switch, and changes nothing."""
    [exchange] = world.open({"status": 3})
    before = whole_state(world)
    with pytest.raises(WrongRuleset, match="upgraded"):
        act(world, exchange, "confirm_consign")
    assert whole_state(world) == before


def test_modify_to_less_than_one_is_refused(world, act, whole_state):
    """A modification to a number below one is refused, so stock is never made by agreeing to it."""
    [exchange] = world.open({"status": 6})
    before = whole_state(world)
    with pytest.raises(msgspec.ValidationError, match="num"):
        act(world, exchange, "modify", num=-1)
    assert whole_state(world) == before


def test_sub_account_signs_its_messages(world, act):
    """What a sub-account does is written under its role and nick."""
    [exchange] = world.open({})
    _, message = act(world, exchange, "agree", role=Role.SELLER_SUB)
    [sub] = [session for session in world._state.sessions.values() if session.label == "sub"]
    assert (message.role, message.owner_nick) == (2, sub.nick)
