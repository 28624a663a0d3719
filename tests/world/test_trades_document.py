"""Trades of a world document: kept as they are set, made up where they are not, refused by name."""

import pytest

from mockserver.world.document import BadDocument

TID = 3571000000000000011


def list_trades(world, tid):
    """The sub-orders of a trade, as the sandbox has them."""
    return [order for order in world.view.trades() if order.tid == tid]


def test_set_values_are_kept(make_world):
    """Ids of any length, goods by name or SKU id, money in yuan, time in Beijing."""
    world = make_world(
        trades=[
            {
                "tid": str(TID),
                "oid": TID + 1,
                "goods": "wanted",
                "num": 3,
                "payment": "12.50",
                "created": "2026-02-27 08:00:00",
                "status": "WAIT_SELLER_SEND_GOODS",
            }
        ]
    )
    [order] = list_trades(world, TID)

    assert (order.oid, order.num, order.payment) == (TID + 1, 3, 1250)
    assert order.sku_id == world._state.goods["wanted"].sku_id
    assert order.created.strftime("%Y-%m-%d %H:%M:%S") == "2026-02-27 08:00:00"
    assert order.status == "WAIT_SELLER_SEND_GOODS"


def test_an_empty_line_is_a_finished_trade(make_world):
    """Shop, buyer, goods, price and ids are made up; the sandbox's own trades stay."""
    before = {order.oid for order in make_world().view.trades()}
    world = make_world(trades=[{}])
    [order] = [order for order in world.view.trades() if order.oid not in before]

    assert order.status == "TRADE_FINISHED"
    assert order.shop == next(iter(world.view.shops())).nick
    assert order.payment == world._state.goods["bought"].price
    assert before < {order.oid for order in world.view.trades()}
    assert order.tid > 2**53


def test_sub_orders_of_one_trade(make_world, caller_of):
    """Lines of one tid are one trade for its readers."""
    world = make_world(trades=[{"tid": TID, "oid": 1001}, {"tid": TID, "oid": 1002, "num": 2}])
    trade = caller_of(world).result("taobao.trade.fullinfo.get", tid=TID, fields="orders.oid")

    assert [row["oid"] for row in trade["trade"]["orders"]["order"]] == [1001, 1002]


def test_a_reset_brings_them_back(make_world, caller_of):
    """What was shipped waits again after a reset to the baseline."""
    world = make_world(trades=[{"tid": TID, "status": "WAIT_SELLER_SEND_GOODS"}])
    caller_of(world).result(
        "taobao.logistics.offline.send", tid=TID, company_code="SF", out_sid="SF1234567890"
    )
    assert list_trades(world, TID)[0].status == "WAIT_BUYER_CONFIRM_GOODS"

    world.reset()
    assert list_trades(world, TID)[0].status == "WAIT_SELLER_SEND_GOODS"


def test_new_trades_have_ids_of_their_own(make_world):
    """What is opened later takes no id of theirs."""
    world = make_world(trades=[{}, {}])
    exchanges = [world.open({})[0] for _ in range(3)]
    orders = [order.oid for order in world.view.trades()]

    assert len(set(orders)) == len(orders)
    assert all(exchange.oid in orders for exchange in exchanges)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"status": "TRADE_LOST"}, "trades.status"),
        ({"status": ""}, "trades.status"),
        ({"status": "SELLER_CONSIGNED_PART"}, "trades.status"),
        ({"num": 0}, "trades.num"),
        ({"num": 10**9}, "trades.num"),
        ({"tid": "abc"}, "trades.tid"),
        ({"tid": 2**63}, "trades.tid"),
        ({"oid": -1}, "trades.oid"),
        ({"payment": "1.234"}, "trades.payment"),
        ({"goods": "nothing"}, "trades.goods"),
        ({"shop": "nobody"}, "trades.shop"),
        ({"buyer": "nobody"}, "trades.buyer"),
        ({"created": "yesterday"}, "trades.created"),
    ],
)
def test_impossible_values_are_named(make_world, line, field):
    """The field says where, the sentence what is possible."""
    with pytest.raises(BadDocument) as refused:
        make_world(trades=[line])

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([{"oid": 1001}, {"oid": 1001}], "trades.oid"),
        ([{"tid": TID}, {"tid": TID, "buyer": "乙"}], "trades.tid"),
    ],
)
def test_lines_that_contradict_each_other(make_world, lines, field):
    """A sub-order stands once, and a trade has one buyer."""
    with pytest.raises(BadDocument) as refused:
        make_world(trades=lines, buyers=[{"nick": "甲"}, {"nick": "乙"}])

    assert refused.value.field == field
