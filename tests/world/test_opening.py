"""Opening exchanges: every status with a consistent history, given values kept, all or none."""

import pytest

from mockserver.domain.vocabulary import Status
from mockserver.world.document import BadDocument
from mockserver.world.opening_document import OPEN_AT_MOST
from tests.oracle import STATUS_TEXTS

CAPTURE = {
    "dispute_id": "154738291650384721",
    "biz_order_id": "2839475610293847562",
    "alipay_no": "2839475610293847561",
    "status": "买家已退货，待收货",
    "created": "2026-02-20 09:15:31",
    "modified": "2026-02-27 18:02:44",
    "time_out": "2026-03-09 18:02:44",
    "title": "羊毛大衣 <驼色> & 围巾",
    "num": 2,
    "price": "0.00",
    "reason": "尺码不合适",
    "desc": "偏小\\n想换大一码",
    "bought_sku": "5182736450912",
    "exchange_sku": "5182736450913",
    "good_status": "BUYER_RETURNED_GOODS",
    "buyer_nick": "青**",
    "buyer_open_uid": "AAHcaptured0001",
    "buyer_name": "王小明",
    "buyer_phone": "10055550000",
    "buyer_address": "浙江省^^^杭州市^^^西湖区^^^转塘街道1号",
    "oaid": "1captured" + "x" * 100,
    "address": "江苏省苏州市退货仓 收",
    "seller_nick": "别家旗舰店",
    "buyer_logistic_name": "中通快递",
    "buyer_logistic_no": "75312345678901",
    "refund_phase": "售后换货",
    "refund_version": 1772186564000,
    "advance_status": 2,
    "cs_status": 1,
    "operation_contraint": "cannot_refuse",
    "attributes": '{"storeCode":"SS","x":"1"}',
}


def read_exchange(top, dispute_id, *fields):
    """An exchange as `tmall.exchange.get` shows it."""
    names = ",".join(fields or (*CAPTURE, "seller_logistic_name", "seller_logistic_no"))
    return top.result("tmall.exchange.get", dispute_id=dispute_id, fields=names)["result"][
        "exchange"
    ]


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize("status", STATUS_TEXTS)
@pytest.mark.parametrize("written", ["number", "digits", "text"])
def test_history_leads_to_the_status(world, top, ruleset, status, written):
    """An exchange opened at a status has all events since its application, a message each."""
    [exchange] = world.open(
        {
            "status": {"number": status, "digits": str(status), "text": STATUS_TEXTS[status]}[
                written
            ],
            "ruleset": ruleset,
            "created": "2026-02-25 10:00:00",
            "modified": "2026-02-28 10:00:00",
        }
    )
    events = world._state.events[exchange.dispute_id]
    thread = world._state.messages[exchange.dispute_id]
    assert [None, *(event.target for event in events)] == [
        *(event.source for event in events),
        status,
    ]
    assert events[0].target == 1
    assert sorted(event.at for event in events) == [event.at for event in events]
    assert [message.created for message in thread] == [event.at for event in events]
    assert events[0].at == exchange.created
    assert read_exchange(top, exchange.dispute_id, "status", "created") == {
        "status": STATUS_TEXTS[status],
        "created": "2026-02-25 10:00:00",
    }


@pytest.mark.parametrize("status", STATUS_TEXTS)
@pytest.mark.parametrize(
    "modified",
    ["2026-02-25 10:00:00", "2026-02-25 10:00:01", "2026-02-25 10:00:10", "2026-02-27 09:08:07"],
)
def test_given_times_are_kept(world, top, status, modified):
    """Given times of application and modification are shown to the second, at every status."""
    [exchange] = world.open(
        {"status": status, "created": "2026-02-25 10:00:00", "modified": modified}
    )
    assert read_exchange(top, exchange.dispute_id, "created", "modified") == {
        "created": "2026-02-25 10:00:00",
        "modified": modified,
    }


@pytest.mark.parametrize(
    ("status", "ruleset", "accounts"),
    [
        (1, "classic", (100, 0, 0)),
        (2, "classic", (97, 3, 0)),
        (3, "classic", (97, 3, 0)),
        (4, "classic", (100, 0, 0)),
        (5, "classic", (97, 0, 3)),
        (6, "classic", (97, 3, 0)),
        (12, "classic", (97, 3, 0)),
        (13, "classic", (97, 0, 3)),
        (14, "classic", (100, 0, 0)),
        (6, "upgraded", (100, 0, 0)),
        (12, "upgraded", (97, 3, 0)),
        (13, "upgraded", (97, 0, 3)),
    ],
)
def test_stock_agrees_with_the_status(world, status, ruleset, accounts):
    """Opening at a status leaves the wanted goods where its history puts them."""
    world.open({"status": status, "ruleset": ruleset, "num": 3})
    account = world._state.accounts[world._state.goods["wanted"].sku_id]
    assert (account.available, account.reserved, account.shipped) == accounts
    assert account.total == 100


@pytest.mark.parametrize(
    ("status", "buyer", "seller", "returned"),
    [
        (1, False, False, 0),
        (2, False, False, 0),
        (3, True, False, 0),
        (6, True, False, 0),
        (12, True, False, 1),
        (13, True, True, 1),
        (5, True, True, 1),
    ],
)
def test_waybills_and_returns_agree_with_the_status(world, top, status, buyer, seller, returned):
    """Waybills are there once goods have been sent, and the bought goods are back once received."""
    [exchange] = world.open({"status": status})
    names = read_exchange(top, exchange.dispute_id)
    assert ("buyer_logistic_no" in names, "buyer_logistic_name" in names) == (buyer, buyer)
    assert ("seller_logistic_no" in names, "seller_logistic_name" in names) == (seller, seller)
    assert world._state.accounts[world._state.goods["bought"].sku_id].returned == returned


def test_return_address_is_the_default_one(world, top):
    """An exchange agreed to shows the shop's default return address."""
    [exchange] = world.open({"status": 2})
    [default] = [a for shop in world._state.shops.values() for a in shop.addresses if a.cancel_def]
    assert default.addr in read_exchange(top, exchange.dispute_id, "address")["address"]


def test_thousands_open_at_once(world):
    """Thousands are opened by one call, each with its own ids and history, stock whole."""
    opened = world.open({"status": 2}, count=3000)
    account = world._state.accounts[world._state.goods["wanted"].sku_id]
    assert (
        len({exchange.dispute_id for exchange in opened})
        == len({exchange.oid for exchange in opened})
        == 3000
    )
    assert all(len(world._state.events[exchange.dispute_id]) == 2 for exchange in opened)
    assert (account.reserved, account.total) == (3000, 100)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ({}, 0),
        ({}, -1),
        ({}, OPEN_AT_MOST + 1),
        ({"dispute_id": 5}, 2),
        ({"status": 7}, 3),
        ({"created": "gestern"}, 3),
    ],
)
def test_nothing_is_opened_when_something_is_wrong(world, whole_state, raw, count):
    """A request to open that cannot be met leaves the world as it was."""
    before = whole_state(world)
    with pytest.raises(BadDocument):
        world.open(raw, count=count)
    assert whole_state(world) == before


def test_capture_pastes_as_it_is(world, top):
    """A captured result.exchange opens as it is, and `get` shows every value of it again."""
    world.patch_rules({"personal_data": "plain"})
    world.open(CAPTURE)
    assert read_exchange(top, CAPTURE["dispute_id"], *CAPTURE) == CAPTURE


def test_persons_of_a_capture_are_kept_and_masked(world, top):
    """What was given is kept, and shown masked unless the rule says plain; masked stays masked."""
    world.open({**CAPTURE, "buyer_phone": "*******2001"})
    names = ("buyer_name", "buyer_phone", "buyer_address")
    assert read_exchange(top, CAPTURE["dispute_id"], *names) == {
        "buyer_name": "王**",
        "buyer_phone": "*******2001",
        "buyer_address": "浙江省^^^杭州市^^^西湖区^^^转塘****",
    }
    exchange = world.exchange(int(CAPTURE["dispute_id"]))
    assert exchange.buyer_name == CAPTURE["buyer_name"]


def test_each_exchange_has_its_own_oaid(world, top):
    """The oaid of an exchange is neither another's nor the trade's, unless it was given."""
    first, second = world.open({"buyer_nick": "青山"}, count=2)
    third = world.open({"buyer_nick": "青山", "oaid": "1given"})[0]
    fields = "oaid,receiver_name,receiver_address,receiver_mobile,receiver_phone,created"
    trade = top.result("taobao.trade.fullinfo.get", tid=first.tid, fields=fields)["trade"]
    oaids = [trade["oaid"]] + [
        read_exchange(top, str(exchange.dispute_id), "oaid")["oaid"]
        for exchange in (first, second, third)
    ]
    assert len(set(oaids)) == 4
    assert oaids[-1] == "1given"


@pytest.mark.parametrize("status", [1, 2, 3, 6, 12, 13])
def test_future_time_out_is_the_deadline(world, top, status):
    """A given time_out still to come is shown as given, and is when the system moves."""
    [exchange] = world.open({"status": status, "time_out": "2026-03-02 11:22:33"})
    assert read_exchange(top, exchange.dispute_id, "time_out") == {
        "time_out": "2026-03-02 11:22:33"
    }
    assert [at.strftime("%d %H:%M:%S") for at, _ in world.deadlines()] == ["02 11:22:33"]


@pytest.mark.parametrize("status", ["换货关闭", "换货成功", "请退款"])
def test_time_out_of_an_ended_capture_is_kept(world, top, status):
    """A capture of an ended exchange shows the time_out that it was given with."""
    world.patch_rules({"personal_data": "plain"})
    world.open({**CAPTURE, "status": status, "time_out": "2026-02-26 10:00:00"})
    assert read_exchange(top, CAPTURE["dispute_id"], *CAPTURE) == {
        **CAPTURE,
        "status": status,
        "time_out": "2026-02-26 10:00:00",
    }


@pytest.mark.parametrize("status", [1, 2, 3, 6, 12, 13])
@pytest.mark.parametrize("past", [{"time_out": "2025-01-05 00:00:00"}, {}])
def test_old_capture_does_not_expire_on_arrival(world, status, past):
    """An exchange from long ago stays in its status on arrival, with time_out or without."""
    [exchange] = world.open(
        {
            "status": status,
            "created": "2025-01-01 00:00:00",
            "modified": "2025-01-02 00:00:00",
            **past,
        }
    )
    assert world.exchange(exchange.dispute_id).status == status
    assert all(at > world.now for at, _ in world.deadlines())


@pytest.mark.parametrize("sku", ["5999999999999", 5999999999999])
def test_unknown_sku_is_made_with_stock(world, top, act, sku):
    """An unknown wanted SKU is made with stock, so the exchange can be agreed to."""
    [exchange] = world.open({"exchange_sku": sku, "bought_sku": "5111111111111"})
    act(world, exchange, "agree")
    assert world.exchange(exchange.dispute_id).status == 2
    assert world._state.accounts["5999999999999"].reserved == 1


@pytest.mark.parametrize("name", ["alipay_no", "tid"])
def test_main_trade_has_two_names(world, top, name):
    """`alipay_no` and `tid` both give the main trade, which then can be asked for."""
    [exchange] = world.open(
        {name: "2839475610293847561", "buyer_nick": "新买家", "bought_sku": "5111111111111"}
    )
    trade = top.result(
        "taobao.trade.fullinfo.get", tid="2839475610293847561", fields="tid,buyer_nick,orders"
    )["trade"]
    assert read_exchange(top, exchange.dispute_id, "alipay_no") == {
        "alipay_no": "2839475610293847561"
    }
    assert (trade["tid"], trade["buyer_nick"]) == (2839475610293847561, "新买家")
    assert trade["orders"]["order"][0]["sku_id"] == "5111111111111"


@pytest.mark.parametrize("name", ["biz_order_id", "bizorder_id", "oid"])
@pytest.mark.parametrize("value", ["2839475610293847562", 2839475610293847562])
def test_sub_order_has_three_names(world, top, name, value):
    """`biz_order_id`, `bizorder_id` and `oid` all give the sub-order, as text or number."""
    [exchange] = world.open({name: value})
    assert read_exchange(top, exchange.dispute_id, "bizorder_id") == {
        "biz_order_id": "2839475610293847562"
    }


def test_exchange_without_an_order_uses_a_new_sub_order(world):
    """Exchanges opened without an order have trades and sub-orders of their own."""
    opened = [world.open({})[0] for _ in range(8)]
    assert (
        len({exchange.oid for exchange in opened})
        == len({exchange.tid for exchange in opened})
        == 8
    )


def test_same_order_opens_twice(world, top):
    """An order that was exchanged before can be opened again, as a second exchange."""
    order = {"tid": "2839475610293847561", "oid": "2839475610293847562"}
    [first], [second] = world.open({**order, "status": 5}), world.open(order)
    listed = top.result(
        "tmall.exchange.receive.get", biz_order_id=order["oid"], fields="dispute_id"
    )
    assert {row["dispute_id"] for row in listed["results"]["exchange"]} == {
        str(first.dispute_id),
        str(second.dispute_id),
    }


def test_sub_order_belongs_to_one_trade(world, whole_state):
    """A sub-order that is known is not opened under another trade; nothing changes."""
    world.open({"tid": "2839475610293847561", "oid": "2839475610293847562"})
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open({"tid": "2839475610293847569", "oid": "2839475610293847562"})
    assert (refused.value.field, refused.value.conflict) == ("oid", True)
    assert whole_state(world) == before


def test_two_sub_orders_of_one_trade(world, top):
    """A trade with exchanges of two of its sub-orders shows both sub-orders."""
    for oid, sku in (
        ("2839475610293847562", "5111111111111"),
        ("2839475610293847563", "5111111111112"),
    ):
        world.open({"tid": "2839475610293847561", "oid": oid, "bought_sku": sku})
    trade = top.result("taobao.trade.fullinfo.get", tid="2839475610293847561", fields="tid,orders")[
        "trade"
    ]
    assert {(order["oid"], order["sku_id"]) for order in trade["orders"]["order"]} == {
        (2839475610293847562, "5111111111111"),
        (2839475610293847563, "5111111111112"),
    }


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"status": 7}, "status"),
        ({"status": 11}, "status"),
        ({"status": "换货"}, "status"),
        ({"statuss": 1}, "statuss"),
        ({"num": 0}, "num"),
        ({"num": -1}, "num"),
        ({"num": "x"}, "num"),
        ({"dispute_id": 0}, "dispute_id"),
        ({"dispute_id": -5}, "dispute_id"),
        ({"dispute_id": "12a"}, "dispute_id"),
        ({"dispute_id": 2**63}, "dispute_id"),
        ({"dispute_id": str(2**63)}, "dispute_id"),
        ({"tid": 2**63}, "tid"),
        ({"oid": 2**63}, "oid"),
        ({"created": "2026-13-01 00:00:00"}, "created"),
        ({"created": "2026-03-01"}, "created"),
        ({"modified": "soon"}, "modified"),
        ({"time_out": "soon"}, "time_out"),
        ({"reason": 5}, "reason"),
        ({"created": "2026-02-02 00:00:00", "modified": "2026-02-01 00:00:00"}, "modified"),
        ({"cs_status": 12}, "cs_status"),
        ({"ruleset": "modern"}, "ruleset"),
        ({"shop": "无此店铺"}, "shop"),
        ({"buyer_nick": ["x"]}, "buyer_nick"),
        ({"refund_version": "v1"}, "refund_version"),
        ({"advance_status": "yes"}, "advance_status"),
        ({"exchange_sku": "5222222222222", "price": "free"}, "price"),
        ({"created": "0001-01-01 00:00:00"}, "created"),
    ],
)
def test_wrong_field_is_named(world, whole_state, raw, field):
    """A field that is unknown or wrong is named, and nothing is opened."""
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open(raw)
    assert refused.value.field == field
    assert not refused.value.conflict
    assert whole_state(world) == before


def test_taken_dispute_id_is_a_conflict(world, whole_state):
    """A dispute id that exists already is a conflict, and nothing changes."""
    world.open({"dispute_id": "77"})
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open({"dispute_id": 77, "status": 2})
    assert (refused.value.field, refused.value.conflict) == ("dispute_id", True)
    assert whole_state(world) == before


@pytest.mark.parametrize("number", [1, 2**53 + 1, 2**63 - 1])
def test_ids_reach_from_one_to_int64(world, top, number):
    """Given ids may be any int64 above zero and are kept to the digit."""
    world.open({"dispute_id": number, "tid": number, "oid": str(number)})
    assert read_exchange(top, number, "dispute_id", "bizorder_id", "alipay_no") == {
        "dispute_id": str(number),
        "biz_order_id": str(number),
        "alipay_no": str(number),
    }


def test_marked_capture_follows_the_upgraded_flow(world):
    """A capture whose attributes say newExchangeRepair follows the upgraded ruleset."""
    [exchange] = world.open({"attributes": '{"newExchangeRepair": "1"}'})
    assert exchange.ruleset == "upgraded"


def test_status_texts_of_a_refund(world):
    """All three spellings of 14 are understood."""
    opened = [
        world.open({"status": text})[0] for text in ("请退款", "换货单关闭,请退款", "换货转退款")
    ]
    assert {exchange.status for exchange in opened} == {Status(14)}


def test_opening_never_lacks_stock(add_world):
    """An exchange can be opened past the agreement without stock, and the accounts balance."""
    world = add_world(goods={"wanted": {"stock": 0}})
    world.open({"status": 12, "num": 5})
    accounts = world._state.accounts[world._state.goods["wanted"].sku_id]
    assert (accounts.available, accounts.reserved, accounts.total) == (0, 5, 0)
