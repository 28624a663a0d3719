"""The seller, goods and shipments, as the methods beside the exchanges show them."""

import json

import pytest

from mockserver.api.methods import METHODS

ITEM, SKU = "taobao.item.seller.get", "taobao.item.sku.get"
ORDERS, TRACE = "taobao.logistics.orders.get", "taobao.logistics.trace.search"


@pytest.mark.parametrize("account", ["session", "sub_session"])
def test_the_seller_behind_a_session(top, world, account):
    """A sub-account belongs to its main account, whose number and nick are shown."""
    [shop] = world.view.shops()

    reply = top.result(
        "taobao.user.seller.get", fields="user_id,nick,type", session=getattr(top, account)
    )

    assert reply["user"] == {"nick": shop.nick, "type": "B", "user_id": shop.seller_id}


def test_an_exchange_sku_leads_to_its_item(world, top):
    """item.sku.get gives price and stock, item.seller.get the item with all its SKUs."""
    world.put_stock("wanted", 7)
    exchange = world.open({})[0]
    goods = world.view.goods_of_sku(exchange.exchange_sku)

    sku = top.result(
        SKU, sku_id=exchange.exchange_sku, fields="sku_id,num_iid,price,quantity,outer_id"
    )["sku"]
    item = top.result(ITEM, num_iid=sku["num_iid"], fields="num_iid,title,skus")["item"]

    assert sku == {
        "num_iid": goods.num_iid,
        "outer_id": goods.outer_id,
        "price": f"{goods.price / 100:.2f}",
        "quantity": 7,
        "sku_id": int(exchange.exchange_sku),
    }
    assert item["title"]
    assert sku["sku_id"] in {row["sku_id"] for row in item["skus"]["sku"]}


def test_stock_falls_with_what_is_agreed(world, top, act):
    """What an exchange reserves is no longer on sale, and is withheld."""
    world.put_stock("wanted", 7)
    exchange = world.open({})[0]
    act(world, exchange.dispute_id, "agree")

    sku = top.result(SKU, sku_id=exchange.exchange_sku, fields="quantity,with_hold_quantity")["sku"]

    assert sku == {"quantity": 6, "with_hold_quantity": 1}


@pytest.mark.parametrize(
    ("method", "arguments", "name"),
    [
        (SKU, {"sku_id": 1}, "sku_id"),
        (SKU, {"sku_id": 4987654320011, "num_iid": 1}, "num_iid"),
        (ITEM, {"num_iid": 1}, "num_iid"),
    ],
)
def test_unknown_goods(world, top, method, arguments, name):
    """Error 15 names the parameter."""
    if "num_iid" in arguments and method == SKU:
        arguments["sku_id"] = next(iter(world.view.goods())).sku_id

    error = top(method, fields="num_iid", **arguments)["error_response"]

    assert (error["code"], error["sub_code"]) == (15, f"isv.invalid-parameter:{name}")


def test_shipments_of_finished_trades(world, top):
    """Every trade has its shipment; a finished one is signed for."""
    reply = top.result(ORDERS, fields="tid,status,seller_confirm,out_sid")

    rows = reply["shippings"]["shipping"]
    assert len(rows) == reply["total_results"] == len(world.view.trades())
    assert {(row["status"], row["seller_confirm"]) for row in rows} == {
        ("ACCEPTED_BY_RECEIVER", "yes")
    }
    assert not any("out_sid" in row for row in rows)  # the sandbox does not know it


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"status": "CREATED"}, 0),
        ({"seller_confirm": "no"}, 0),
        ({"freight_payer": "buyer"}, 0),
        ({"buyer_nick": "nobody"}, 0),
        ({"start_created": "2026-02-27 00:00:00"}, 0),
        ({"end_created": "2026-02-27 00:00:00"}, 5),
        ({"page_size": 2, "page_no": 3}, 1),
    ],
)
def test_shipments_by_filter(top, filters, count):
    """Filters that no trade fits find none; pages go on."""
    reply = top.result(ORDERS, fields="tid", **filters)

    assert len(reply.get("shippings", {"shipping": []})["shipping"]) == count


def test_a_receiver_is_masked(world, top):
    """As in the trade itself."""
    rows = top.result(ORDERS, fields="receiver_name")["shippings"]["shipping"]

    assert all(row["receiver_name"].endswith("**") for row in rows)


def test_a_trace_comes_as_far_as_time(world, top):
    """Shipped three days ago and finished: shipped, collected and signed for, in order."""
    tid = next(iter(world.view.trades())).tid

    reply = top.result(TRACE, tid=tid)

    actions = [step["action"] for step in reply["trace_list"]["transit_step_info"]]
    assert actions == ["CONSIGN", "GOT", "SIGN"]
    times = [step["status_time"] for step in reply["trace_list"]["transit_step_info"]]
    assert times == sorted(times)
    assert times[-1] <= "2026-03-01 10:00:00"


def test_cluster_clients_stay_where_they_are(top):
    """The configuration names no host, so that no call leaves for the real platform."""
    result = json.loads(top.result("taobao.httpdns.get", session=None)["result"])

    assert result["config"]["degrade"] == "true"
    assert result["env"] == {"sandbox": {}}
    assert not METHODS["taobao.httpdns.get"].session
