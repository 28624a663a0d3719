"""Replies byte for byte: what the newest evidence says, as it stands on the wire.

One vector for each matter of the evidence page; written by hand after the page, names
alphabetical, `request_id` last.  Only `request_id` is replaced, it differs from call to call.

Source: docs/spec/evidence-2026-11.md#evidence-1, #evidence-2.3, #evidence-3.
"""

import re

import pytest

NUMBER = 880000000000000042
OPENED = {
    "dispute_id": NUMBER,
    "tid": 2839475610293847561,
    "oid": 2839475610293847562,
    "buyer_name": "林晓月",
    "buyer_phone": "10000002001",
    "buyer_address": "浙江省^^^杭州市^^^西湖区^^^文三路478号",
}
END = ',"request_id":"ID"}}'


@pytest.fixture
def send(top, world):
    """Make a signed call on a sandbox with one exchange, by these rules; return the body."""
    world.open(OPENED)

    def call(method, rules=(), **arguments):
        world.patch_rules(dict(rules))
        body = top.send(top.params(method, **arguments)).body.decode()
        return re.sub(r'"request_id":"\w+"', '"request_id":"ID"', body)

    return call


def test_a_trade(send):
    """Ids of sub-orders and of their refund: numbers, texts; blanks in fields; no oaid alone."""
    assert send(
        "taobao.trade.fullinfo.get",
        tid=2839475610293847561,
        fields="tid, tid_str,\n orders.oid,orders.refund_id,oaid",
        include_oaid="true",
    ) == (
        '{"trade_fullinfo_get_response":{"trade":{"orders":{"order":[{"oid":2839475610293847562,'
        '"refund_id":"880000000000000042"}]},"tid":2839475610293847561,'
        '"tid_str":"2839475610293847561"}' + END
    )


def test_addresses_without_a_mark(send):
    """`no_def` gives the one address that is no default of either kind; memo may be filled."""
    body = send("taobao.logistics.address.search", rdef="no_def")

    assert body.startswith(
        '{"logistics_address_search_response":{"addresses":{"address_result":[{"addr":"'
    )
    assert body.count('"contact_id"') == 1
    assert '"cancel_def":false,' in body
    assert '"get_def":false,' in body
    assert '"send_def":false,' in body
    assert body.endswith("}]}" + END)


def test_carriers(send):
    """The captured table begins with SF, has ids above 2^32, and -1 for others."""
    body = send("taobao.logistics.companies.get", fields="name,id,code")

    assert body.startswith(
        '{"logistics_companies_get_response":{"logistics_companies":{"logistics_company":['
        '{"code":"SF","id":505,"name":"顺丰速运"},{"code":"STO","id":100,"name":"申通快递"},'
    )
    for row in (
        '{"code":"FAST","id":1204,"name":"快捷快递"}',
        '{"code":"QFKD","id":1216,"name":"全峰快递"}',
        '{"code":"DBKD","id":5000000110730,"name":"德邦快递"}',
        '{"code":"POSTB","id":200734,"name":"邮政快递包裹"}',
        '{"code":"OTHER","id":-1,"name":"其他"}',
    ):
        assert row in body


def test_the_time(send):
    """`time` stands alone."""
    assert send("taobao.time.get") == '{"time_get_response":{"time":"2026-03-01 10:00:00"' + END


def test_personal_data_is_masked(send):
    """Names after the first character, all but four digits, the detail of an address; `null`."""
    fields = "status,operation_contraint,buyer_phone,buyer_name,buyer_address"

    assert send("tmall.exchange.get", dispute_id=NUMBER, fields=fields) == (
        '{"tmall_exchange_get_response":{"result":{"exchange":{'
        '"buyer_address":"浙江省^^^杭州市^^^西湖区^^^文三****","buyer_name":"林**",'
        '"buyer_phone":"*******2001","operation_contraint":"null","status":"换货待处理"},'
        '"success":true}' + END
    )


def test_personal_data_is_plain_by_rule(send):
    """With `personal: plain` a name stands whole."""
    assert send(
        "tmall.exchange.get", {"personal": "plain"}, dispute_id=NUMBER, fields="buyer_name"
    ) == (
        '{"tmall_exchange_get_response":{"result":{"exchange":{"buyer_name":"林晓月"},'
        '"success":true}' + END
    )


def test_a_business_failure_as_error_15(send):
    """With `failure_shape: error15` a wrong status is what the sibling answers."""
    assert send(
        "tmall.exchange.returngoods.agree",
        {"failure_shape": "error15"},
        dispute_id=NUMBER,
        fields="status",
    ) == (
        '{"error_response":{"code":15,"msg":"Remote service error","sub_code":"2101",'
        '"sub_msg":"操作状态错误"' + END
    )


@pytest.mark.parametrize(
    ("place", "body"),
    [
        ("inside", '{"result":{%s,"success":false}'),
        ("beside", "{%s"),
        ("both", '{%s,"result":{%s,"success":false}'),
    ],
)
def test_where_dispute_not_exist_stands(send, place, body):
    """Inside `result`, in its place, or at both levels."""
    failure = '"message":"换货单 1 不存在","msg_code":"DISPUTE_NOT_EXIST"'

    assert (
        send("tmall.exchange.get", {"not_exist_place": place}, dispute_id=1, fields="status")
        == '{"tmall_exchange_get_response":' + body.replace("%s", failure) + END
    )


def test_a_success_with_a_text(send):
    """With `success_text: both` a write says SUCCESS and OP_SUCC."""
    assert send(
        "tmall.exchange.agree",
        {"success_text": "both"},
        dispute_id=NUMBER,
        fields="status,dispute_id",
        address_id=10000002,
    ) == (
        '{"tmall_exchange_agree_response":{"result":{"exchange":{'
        '"dispute_id":"880000000000000042","status":"待买家退货"},"message":"SUCCESS",'
        '"msg_code":"OP_SUCC","success":true}' + END
    )


def test_reasons_of_the_receipt(send, world):
    """Ids and texts, in the captured order."""
    world.open({"dispute_id": NUMBER + 1, "status": 3})

    assert send(
        "tmall.exchange.refusereason.get", dispute_id=NUMBER + 1, fields="reason_id,reason_text"
    ) == (
        '{"tmall_exchange_refusereason_get_response":{"result":{"results":{"reason":['
        '{"reason_id":118,"reason_text":"已经影响商品完好"},'
        '{"reason_id":103,"reason_text":"买家使用到付或平邮"},'
        '{"reason_id":1040,"reason_text":"退货商品不全、空包"},'
        '{"reason_id":106,"reason_text":"与买家协商换货"},'
        '{"reason_id":1047,"reason_text":"退货商品与订单商品不一致"},'
        '{"reason_id":104,"reason_text":"未收到退货，快递还在途中"},'
        '{"reason_id":105,"reason_text":"买家退货单号错误或无走件记录"}]},"total_results":7}' + END
    )


def test_a_buyers_change_before_the_seller_decides(send, world, act):
    """The status stays 1, and the list shows the SKU of the change twice."""
    act(world, NUMBER, "modify", num=2, exchange_sku="shoes")

    assert send(
        "tmall.exchange.receive.get",
        fields="dispute_id,status,num,exchange_sku,new_bought_sku",
        refund_id_array=NUMBER,
    ) == (
        '{"tmall_exchange_receive_get_response":{"has_next":false,"page_results":1,"results":{'
        '"exchange":[{"dispute_id":"880000000000000042","exchange_sku":"4987654320021",'
        '"new_bought_sku":"4987654320021","num":2,"status":"换货待处理"}]},"total_results":1' + END
    )
