"""Replies byte for byte: what the newest evidence says, as it stands on the wire.

One vector for each matter of the evidence page; written by hand after the page, names
alphabetical, `request_id` last.  Only `request_id` is replaced, it differs from call to call.

Source: docs/spec/evidence-2026-11.md#evidence-1, #evidence-2.3, #evidence-3.
"""

import json
import re
from datetime import timedelta

import pytest

from mockserver.protocol.messages import Inbound

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
        return re.sub(r'(request_id(?:":"|>))\w+', r"\1ID", body)

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


TIME = '{"time_get_response":{"time":"2026-03-01 10:00:00"' + END
NO_TIME = '{"error_response":{"code":31,"msg":"Invalid timestamp"' + END


@pytest.mark.parametrize("seconds_allowed", [True, False])
@pytest.mark.parametrize(
    ("timestamp", "body"),
    [
        ("2026-03-01 10:00:00", TIME),
        ("2026-03-01 10:10:00", TIME),
        ("2026-03-01 10:10:01", NO_TIME),
        ("1772330400000", TIME),  # milliseconds, as the official Python SDK sends them
        ("1772331000999", NO_TIME),
        ("2026-03-01T10:00:00", NO_TIME),
        ("2026-03-01 10:00:00.000", NO_TIME),
        ("2026/03/01 10:00:00", NO_TIME),
        ("20260301100000", NO_TIME),
        ("1772330400000000", NO_TIME),
        ("1772330400.5", NO_TIME),
        ("177233040", NO_TIME),
        ("01772330400", NO_TIME),
        ("+1772330400", NO_TIME),
        (" 1772330400", NO_TIME),
        ("１７７２３３０４００", NO_TIME),
        ("9" * 400, NO_TIME),
    ],
)
def test_a_timestamp_of_every_form(send, timestamp, body, seconds_allowed):
    """Text of GMT+8 and 13 digits pass within ten minutes, nothing else, whatever the rule says."""
    rules = {"seconds_timestamp": seconds_allowed}

    assert send("taobao.time.get", rules, timestamp=timestamp) == body


@pytest.mark.parametrize(
    ("timestamp", "allowed"),
    [("1772330400", TIME), ("1772331000", TIME), ("1772329800", TIME), ("1772331001", NO_TIME)],
)
def test_a_timestamp_of_seconds(send, timestamp, allowed):
    """Ten digits, as the vendor's C SDK sends them, pass within ten minutes; by rule they do not.

    Source: docs/spec/evidence-2026-11.md#evidence-8.
    """
    assert send("taobao.time.get", timestamp=timestamp) == allowed
    assert send("taobao.time.get", {"seconds_timestamp": False}, timestamp=timestamp) == NO_TIME


def test_a_refused_timestamp_in_xml(send):
    """XML has the same names in the same order."""
    assert send(
        "taobao.time.get", {"seconds_timestamp": False}, timestamp="1772330400", format="xml"
    ) == (
        '<?xml version="1.0" encoding="utf-8" ?><error_response><code>31</code>'
        "<msg>Invalid timestamp</msg><request_id>ID</request_id></error_response>"
    )


def test_a_trade_of_nobody(send):
    """A trade that is not the shop's is error 15, as the page of the method lists it."""
    assert send("taobao.trade.fullinfo.get", tid=1, fields="tid") == (
        '{"error_response":{"code":15,"msg":"Remote service error",'
        '"sub_code":"isv.trade-not-exist","sub_msg":"交易订单不存在"' + END
    )


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
    """With `personal_data: plain` a name stands whole."""
    assert send(
        "tmall.exchange.get", {"personal_data": "plain"}, dispute_id=NUMBER, fields="buyer_name"
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
        send("tmall.exchange.get", {"dispute_not_exist": place}, dispute_id=1, fields="status")
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


@pytest.mark.parametrize(
    ("rules", "first", "last"),
    [
        ({}, '"message_type":"100","owner_role":"卖家主账户"', '"message_type":"111"'),
        (
            {"owner_role": "number", "message_type.human": "1", "message_type.system": "2"},
            '"message_type":"1","owner_role":"1"',
            '"message_type":"2"',
        ),
    ],
)
def test_types_and_roles_of_messages(send, world, rules, first, last):
    """What a person wrote and what the system sent, with the texts of the rules."""
    send("tmall.exchange.message.add", rules, dispute_id=NUMBER, content="您好", fields="id")
    world.advance(timedelta(days=2))  # the seller has not decided: the system does
    ask = {"dispute_id": NUMBER, "page_size": 1}

    assert send(
        "tmall.exchange.messages.get", **ask, operator_roles="1", fields="owner_role,message_type"
    ) == (
        '{"tmall_exchange_messages_get_response":{"result":{"has_next":false,"page_results":1,'
        '"results":{"refund_message":[{' + first + '}]},"total_results":1}' + END
    )
    assert last in send(
        "tmall.exchange.messages.get", **ask, operator_roles="5,6", fields="message_type"
    )


MESSAGE = ("tmall.exchange.message.add", "message_pics", {"content": "见图", "fields": "content"})
PROOF = (
    "tmall.exchange.refuse",
    "leave_message_pics",
    {"leave_message": "见图", "seller_refuse_reason_id": 1101, "fields": "status"},
)
MESSAGE_STORED = (
    '{"tmall_exchange_message_add_response":{"result":{"results":{"refund_message":['
    '{"content":"见图"}]}}' + END
)
REFUSED = (
    '{"tmall_exchange_refuse_response":{"result":{"exchange":{"status":"换货关闭"},"success":true}'
    + END
)
PNG, JPG, GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"
BMP, WEBP = b"BM0000", b"RIFF0000WEBP"


def _invalid_picture(name, text):
    return (
        f'{{"error_response":{{"code":41,"msg":"Invalid arguments:{name}",'
        f'"sub_code":"isv.invalid-parameter:{name}","sub_msg":"参数 {name} 不合法：{text}"' + END
    )


@pytest.fixture
def send_picture(top, gateway, multipart, world):
    """Send a call with one picture, padded to a size, by these rules; return body and warnings."""
    world.open({"dispute_id": NUMBER})

    def call(target, content, size=64, rules=()):
        method, name, arguments = target
        world.patch_rules(dict(rules))
        texts = top.params(method, dispute_id=NUMBER, **arguments)
        body, kind = multipart(texts, **{name: content.ljust(size, b"\0")})
        reply = gateway.answer(Inbound("POST", b"", kind, body, "http://mock:8420"))
        [entry] = world.journal.select({}, 1)[1]
        text = re.sub(r'"request_id":"\w+"', '"request_id":"ID"', reply.body.decode())
        return text, json.loads(entry.warnings)

    return call


@pytest.mark.parametrize(
    ("target", "largest", "body"),
    [(MESSAGE, 512_000, MESSAGE_STORED), (PROOF, 5_242_880, REFUSED)],
    ids=["message", "proof"],
)
def test_the_largest_picture(send_picture, target, largest, body):
    """A picture of a message has at most 500 KB, a proof 5 MB; one byte more is 41 with the limit.

    Source: docs/spec/evidence-2026-11.md#evidence-1.
    """
    assert send_picture(target, PNG, largest + 1)[0] == _invalid_picture(
        target[1], f"图片最大 {largest} 字节"
    )
    assert send_picture(target, PNG, largest) == (body, [])


@pytest.mark.parametrize(
    ("target", "body"), [(MESSAGE, MESSAGE_STORED), (PROOF, REFUSED)], ids=["message", "proof"]
)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("picture", [PNG, JPG, GIF], ids=["png", "jpg", "gif"])
def test_pictures_of_the_documented_kinds(send_picture, target, body, picture, strict):
    """JPG, GIF and PNG pass without a warning, whatever the rule says."""
    assert send_picture(
        target, picture, rules={"picture_limits": "refuse" if strict else "warn"}
    ) == (body, [])


@pytest.mark.parametrize(
    ("target", "body"), [(MESSAGE, MESSAGE_STORED), (PROOF, REFUSED)], ids=["message", "proof"]
)
@pytest.mark.parametrize("picture", [BMP, WEBP], ids=["bmp", "webp"])
def test_pictures_of_other_kinds(send_picture, target, body, picture):
    """BMP and WebP are 41 by rule; without it they pass, and the journal has a warning."""
    name = target[1]

    assert send_picture(target, picture, rules={"picture_limits": "refuse"})[0] == _invalid_picture(
        name, "应为 JPG、GIF 或 PNG"
    )
    assert send_picture(target, picture, rules={"picture_limits": "warn"}) == (
        body,
        [f"{name}：同类接口只支持 JPG、GIF、PNG (the sibling methods take JPG, GIF and PNG only)"],
    )


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "content", [b"%PDF-1.4", b"<svg/>", b"GIF", b"\xff\xd8"], ids=["pdf", "svg", "gif", "jpg"]
)
def test_a_file_that_is_no_picture(send_picture, content, strict):
    """The refusal names the documented kinds, which pass under either value of the rule."""
    text = "不是图片，应为 JPG、GIF 或 PNG"

    assert send_picture(MESSAGE, content, rules={"picture_limits": "refuse" if strict else "warn"})[
        0
    ] == _invalid_picture("message_pics", text)
