"""What the reading methods answer.

One exchange, lists, messages, refuse reasons, and the four neighbours.
"""

import json

import pytest

from tests.oracle import ADDRESS_KINDS, CARRIERS, RECEIPT_REASONS, STATUS_TEXTS, WAYBILLS

GET = "tmall.exchange.get"
LIST = "tmall.exchange.receive.get"
MESSAGES = "tmall.exchange.messages.get"
REASONS = "tmall.exchange.refusereason.get"
WHITELIST = (
    "dispute_id,bizorder_id,num,buyer_nick,status,created,modified,reason,title,buyer_logistic"
    "_no,seller_logistic_no,bought_sku,"
    "exchange_sku,buyer_address,address,buyer_phone,buyer_logistic_name,seller_logistic_name,a"
    "lipay_no,buyer_name,seller_nick"
)


@pytest.mark.parametrize("status", STATUS_TEXTS)
def test_status_is_the_chinese_text(world, top, status):
    """`get` and the list show the status as its Chinese text."""
    [exchange] = world.open({"status": status})
    one = top.result(GET, dispute_id=exchange.dispute_id, fields="status")["result"]["exchange"]
    [row] = top.result(LIST, fields="status", dispute_status_array=status)["results"]["exchange"]
    assert one == row == {"status": STATUS_TEXTS[status]}


def test_text_of_a_refund_by_switch(world, top):
    """The text of 14 is what the switch text.14 says."""
    world.patch_rules({"text.14": "换货单关闭,请退款"})
    [exchange] = world.open({"status": 14})
    assert top.result(GET, dispute_id=exchange.dispute_id, fields="status")["result"][
        "exchange"
    ] == {"status": "换货单关闭,请退款"}


def test_get_shows_the_whole_whitelist(world, top):
    """A shipped exchange shows all 21 whitelisted fields in their types.

    Ids as text, dates and numbers.
    """
    [exchange] = world.open({"status": 13, "tid": 2839475610293847561, "oid": 2839475610293847562})
    reply = top.result(GET, dispute_id=exchange.dispute_id, fields=WHITELIST)["result"]
    record = reply["exchange"]
    assert list(reply) == ["exchange", "success"]
    assert reply["success"] is True
    assert set(record) == set(WHITELIST.replace("bizorder_id", "biz_order_id").split(","))
    assert (record["dispute_id"], record["alipay_no"], record["biz_order_id"]) == (
        str(exchange.dispute_id),
        "2839475610293847561",
        "2839475610293847562",
    )
    assert record["num"] == 1
    assert record["created"] < record["modified"] == "2026-03-01 10:00:00"
    assert {type(value) for name, value in record.items() if name != "num"} == {str}
    assert record["buyer_address"].count("^^^") == 3


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ("status,num", ["status", "num"]),
        ("num,status", ["num", "status"]),
        ("bizorder_id", ["biz_order_id"]),
        ("biz_order_id", ["biz_order_id"]),
        ("status,nonsense,STATUS,result.status", ["status"]),
        (" status , num ", ["status", "num"]),
        ("status,status", ["status"]),
        (
            "refund_version,refund_phase,good_status,price,time_out,cs_status,advance_status",
            [
                "refund_version",
                "refund_phase",
                "good_status",
                "price",
                "time_out",
                "cs_status",
                "advance_status",
            ],
        ),
        ("nonsense", []),
        ("payment", []),
    ],
)
def test_fields_choose_what_is_shown(world, top, fields, names):
    """Asked fields are shown, documented ones outside the whitelist too.

    Unknown and unasked ones are not.
    """
    [exchange] = world.open({})
    assert set(
        top.result(GET, dispute_id=exchange.dispute_id, fields=fields)["result"].get("exchange", {})
    ) == set(names)


def test_values_outside_the_whitelist(world, top):
    """The deadline is absolute, the version the milliseconds of modified.

    cs_status is 1 until somebody asks.
    """
    [exchange] = world.open({"desc": "偏小"})
    names = "time_out,refund_version,cs_status,advance_status,good_status,price,desc"
    record = top.result(GET, dispute_id=exchange.dispute_id, fields=names)["result"]["exchange"]
    price = world._state.goods["wanted"].price
    assert record == {
        "time_out": "2026-03-03 10:00:00",
        "refund_version": 1772330400000,
        "cs_status": 1,
        "advance_status": 0,
        "good_status": "BUYER_RECEIVED",
        "price": f"{price / 100:.2f}",
        "desc": "偏小",
    }


def test_unknown_exchange_is_a_business_failure(top):
    """`get` of an unknown exchange is a normal reply with success=false and msg_code."""
    reply = top.result(GET, dispute_id=1, fields="status")["result"]
    assert set(reply) == {"success", "msg_code", "message"}
    assert (reply["success"], reply["msg_code"]) == (False, "DISPUTE_NOT_EXIST")


@pytest.mark.parametrize("method", [MESSAGES, REASONS, "tmall.exchange.message.add"])
def test_failure_where_there_is_no_success(top, method):
    """Messages and reasons of an unknown exchange answer with error_code and no results."""
    reply = top.result(method, dispute_id=1, fields="id,reason_id", content="x")["result"]
    assert set(reply) == {"error_code", "error_msg"}
    assert reply["error_code"] == "DISPUTE_NOT_EXIST"


def test_empty_list_has_no_results(top):
    """A list that finds nothing is exactly the reply that was captured."""
    reply = top.result(LIST, fields="dispute_id")
    assert list(reply) == ["has_next", "page_results", "total_results", "request_id"]
    assert (reply["has_next"], reply["page_results"], reply["total_results"]) == (False, 0, 0)


def test_list_pages(world, top):
    """Thirty a page by default, has_next until the last, nothing beyond it."""
    world.open({}, count=65)
    pages = [
        top.result(LIST, fields="dispute_id", page_no=number or None) for number in (0, 2, 3, 4)
    ]
    assert [(page["page_results"], page["has_next"], page["total_results"]) for page in pages] == [
        (30, True, 65),
        (30, True, 65),
        (5, False, 65),
        (0, False, 65),
    ]
    assert "results" not in pages[3]
    rows = [row["dispute_id"] for page in pages[:3] for row in page["results"]["exchange"]]
    assert len(set(rows)) == 65
    assert rows == sorted(rows, key=int)


def test_list_shows_newest_modified_first(world, top):
    """The list is ordered by modified, newest first, then by dispute id."""
    for number, modified in ((5, "09:00:00"), (1, "08:00:00"), (9, "09:00:00"), (7, "09:30:00")):
        world.open(
            {
                "status": 2,
                "dispute_id": number,
                "created": "2026-03-01 07:00:00",
                "modified": f"2026-03-01 {modified}",
            }
        )
    rows = top.result(LIST, fields="dispute_id")["results"]["exchange"]
    assert [row["dispute_id"] for row in rows] == ["7", "5", "9", "1"]


@pytest.fixture
def three(world):
    """Three exchanges that differ in everything a filter looks at."""
    for number in (1, 2, 3):
        world.open(
            {
                "dispute_id": number,
                "oid": 70 + number,
                "tid": 60 + number,
                "status": {1: 2, 2: 13, 3: 3}[number],
                "buyer_nick": f"买家{number}",
                "buyer_open_uid": f"AAH{number}",
                "created": f"2026-02-0{number} 00:00:00",
                "modified": f"2026-02-1{number} 00:00:00",
                **({"buyer_logistic_no": f"BACK{number}"} if number > 1 else {}),
                **({"seller_logistic_no": "OUT2"} if number == 2 else {}),
            }
        )


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, "321"),
        ({"dispute_status_array": "2"}, "1"),
        ({"dispute_status_array": "13,3"}, "32"),
        ({"dispute_status_array": "1"}, ""),
        ({"refund_id_array": "1,3,99"}, "31"),
        ({"biz_order_id": 72}, "2"),
        ({"biz_order_id": 62}, ""),
        ({"logistic_no": "BACK3"}, "3"),
        ({"logistic_no": "OUT2"}, "2"),
        ({"logistic_no": "BACK2"}, "2"),
        ({"buyer_nick": "买家1"}, "1"),
        ({"buyer_open_uid": "AAH3"}, "3"),
        ({"start_created_time": "2026-02-02 00:00:00"}, "32"),
        ({"start_created_time": "2026-02-02 00:00:01"}, "3"),
        ({"end_created_time": "2026-02-02 00:00:00"}, "21"),
        ({"end_created_time": "2026-02-01 23:59:59"}, "1"),
        ({"start_gmt_modified_time": "2026-02-12 00:00:00"}, "32"),
        ({"end_gmt_modifed_time": "2026-02-12 00:00:00"}, "21"),
        ({"end_gmt_modifed_time": "2026-02-11 23:59:59"}, "1"),
        ({"end_gmt_modified_time": "2026-02-11 23:59:59"}, "321"),
        (
            {
                "start_gmt_modified_time": "2026-02-12 00:00:00",
                "end_gmt_modifed_time": "2026-02-12 00:00:00",
            },
            "2",
        ),
        (
            {
                "start_gmt_modified_time": "2026-02-13 00:00:00",
                "end_gmt_modifed_time": "2026-02-11 00:00:00",
            },
            "",
        ),
        (
            {
                "start_created_time": "2026-02-03 00:00:00",
                "end_created_time": "2026-02-01 00:00:00",
            },
            "",
        ),
        ({"buyer_nick": "买家1", "dispute_status_array": "13"}, ""),
        ({"buyer_nick": "买家2", "dispute_status_array": "13,13"}, "2"),
    ],
)
def test_every_filter(three, top, filters, numbers):
    """Each filter, alone and combined, finds what it says, window ends included."""
    reply = top.result(LIST, fields="dispute_id", **filters)
    assert (
        "".join(row["dispute_id"] for row in reply.get("results", {}).get("exchange", []))
        == numbers
    )
    assert (reply["total_results"], reply["page_results"]) == (len(numbers), len(numbers))
    assert ("results" in reply) is bool(numbers)


def test_list_items_lack_what_only_get_shows(world, top):
    """List items show payment, and leave out what the page leaves out.

    That is desc, refund_phase, refund_version, cs_status, advance_status and operation_contraint.
    """
    world.open({"desc": "x", "operation_contraint": "cannot_refuse"})
    names = (
        "payment,desc,refund_phase,refund_version,cs_status,advance_status,operation_contraint,new"
        "_bought_sku"
    )
    [row] = top.result(LIST, fields=names)["results"]["exchange"]
    assert list(row) == ["payment"]


@pytest.fixture
def talked(world, act):
    """An exchange at 3 that was agreed to by the sub-account, with words of everybody."""
    from mockserver.domain.vocabulary import Role

    [exchange] = world.open({"dispute_id": 42, "desc": "想换大一码"})
    for move, role in (("agree", Role.SELLER_SUB), ("ship_back", None)):
        act(world, 42, move, role)
    act(world, 42, "leave_message", Role.BUYER, content="到了吗")
    act(world, 42, "leave_message", Role.SELLER_MAIN, content="到了")
    act(world, 42, "leave_message", Role.CS, content="请双方协商")
    return exchange


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ("", ["小二", "卖家主账户", "买家", "买家", "卖家子账户", "买家"]),
        ("1", ["卖家主账户"]),
        ("2", ["卖家子账户"]),
        ("3", ["小二"]),
        ("4", ["买家"] * 3),
        ("1,3", ["小二", "卖家主账户"]),
        ("5", []),
        ("6", []),
    ],
)
def test_messages_by_role(talked, top, roles, expected):
    """Messages come newest first with the Chinese role, and operator_roles chooses among them."""
    reply = top.result(MESSAGES, dispute_id=42, fields="owner_role", operator_roles=roles)["result"]
    rows = [row["owner_role"] for row in reply.get("results", {}).get("refund_message", [])]
    assert rows == expected
    assert (reply["total_results"], reply["page_results"], reply["has_next"]) == (
        len(expected),
        len(expected),
        False,
    )
    assert ("results" in reply) is bool(expected)


def test_message_members(talked, top):
    """A message has numeric ids, the exchange's id as refund_id, its words, time and type."""
    reply = top.result(
        MESSAGES,
        dispute_id=42,
        page_size=1,
        fields="id,refund_id,owner_id,owner_nick,content,created,message_type,pic_urls",
    )
    [row] = reply["result"]["results"]["refund_message"]
    assert (row["refund_id"], row["content"], row["created"], row["message_type"]) == (
        42,
        "请双方协商",
        "2026-03-01 10:00:00",
        "100",
    )
    assert isinstance(row["id"], int)
    assert isinstance(row["owner_id"], int)
    assert "pic_urls" not in row


def test_messages_page(talked, world, act, top):
    """Messages come ten a page by default, and has_next says when there are more."""
    for number in range(15):
        act(world, 42, "leave_message", content=f"第{number}条")
    pages = [
        top.result(MESSAGES, dispute_id=42, fields="content", page_no=number)["result"]
        for number in (1, 2, 3, 4)
    ]
    assert [(page["page_results"], page["has_next"], page["total_results"]) for page in pages] == [
        (10, True, 21),
        (10, True, 21),
        (1, False, 21),
        (0, False, 21),
    ]
    assert pages[0]["results"]["refund_message"][0] == {"content": "第14条"}


def test_timeout_writes_as_the_timeout(world, top):
    """What a deadline does is written by role 6 as a system message."""
    from datetime import timedelta

    world.open({"status": 2, "dispute_id": 42})
    world.advance(timedelta(days=7))
    [row] = top.result(
        MESSAGES, dispute_id=42, fields="owner_role,message_type,created", operator_roles="6"
    )["result"]["results"]["refund_message"]
    assert row == {
        "owner_role": "系统超时",
        "message_type": "111",
        "created": "2026-03-08 10:00:00",
    }


def test_a_message_does_not_touch_modified(world, act, top):
    """A message leaves modified and refund_version as they were."""
    from datetime import timedelta

    world.open({"dispute_id": 42})
    world.advance(timedelta(hours=1))
    act(world, 42, "leave_message", content="在吗")
    assert top.result(GET, dispute_id=42, fields="modified")["result"]["exchange"] == {
        "modified": "2026-03-01 10:00:00"
    }


def reasons(top, status, world, **parameters):
    """The reason ids offered for a new exchange at a status."""
    [exchange] = world.open({"status": status, "refund_phase": "aftersale"})
    reply = top.result(
        REASONS, dispute_id=exchange.dispute_id, fields="reason_id,reason_text", **parameters
    )["result"]
    rows = reply["results"]["reason"]
    assert reply["total_results"] == len(rows)
    assert all(isinstance(row["reason_id"], int) and row["reason_text"] for row in rows)
    return {row["reason_id"] for row in rows}


def test_reasons_of_the_receipt_are_the_captured_ones(world, top):
    """Refusing the returned goods offers the reasons that were seen, ids and texts."""
    [exchange] = world.open({"status": 3})
    rows = top.result(REASONS, dispute_id=exchange.dispute_id, fields="reason_id,reason_text")
    assert [
        (row["reason_id"], row["reason_text"]) for row in rows["result"]["results"]["reason"]
    ] == list(RECEIPT_REASONS)


def test_reasons_differ_by_status(world, top):
    """Refusing the application and refusing the goods offer different stable reasons."""
    first, second = reasons(top, 1, world), reasons(top, 3, world)
    assert first
    assert second
    assert not first & second
    assert reasons(top, 1, world) == first


def test_reasons_by_kind(world, top):
    """dispute_type 0 gives all, 1 and 2 those that fit before and after the sale."""
    every, onsale, aftersale = (reasons(top, 1, world, dispute_type=kind) for kind in (0, 1, 2))
    assert onsale < every
    assert aftersale < every
    assert onsale | aftersale == every


@pytest.mark.parametrize(
    ("rdef", "expected"),
    [
        (None, [ADDRESS_KINDS["pickup"], ADDRESS_KINDS["return"], ADDRESS_KINDS["other"]]),
        ("no_def", [ADDRESS_KINDS["other"]]),
        ("cancel_def", [ADDRESS_KINDS["return"]]),
        ("get_def", [ADDRESS_KINDS["pickup"]]),
    ],
)
def test_addresses(world, top, rdef, expected):
    """The address search gives all addresses, those without a default mark, or the marked one."""
    rows = top.result("taobao.logistics.address.search", rdef=rdef)["addresses"]["address_result"]
    assert [{name: row[name] for name in ADDRESS_KINDS["other"]} for row in rows] == expected
    for row in rows:
        assert type(row["contact_id"]) is int
        assert type(row["area_id"]) is int
        assert {type(row[name]) for name in ("send_def", "get_def", "cancel_def")} == {bool}
        assert all(
            type(row[name]) is str
            for name in ("contact_name", "province", "city", "country", "addr", "zip_code", "phone")
        )


def test_carriers_need_no_session(top):
    """Carriers are listed without a session: the captured table, row by row."""
    rows = top.result(
        "taobao.logistics.companies.get", session=None, fields="id,code,name,reg_mail_no"
    )["logistics_companies"]
    carriers = rows["logistics_company"]
    assert [(row["id"], row["code"], row["name"]) for row in carriers] == list(CARRIERS)
    assert {row["code"]: row["reg_mail_no"] for row in carriers if "reg_mail_no" in row} == WAYBILLS


def test_trade_agrees_with_the_exchange(world, top):
    """The trade behind an exchange shows its order, SKU and buyer, ids as numbers."""
    [exchange] = world.open(
        {"buyer_nick": "新买家", "bought_sku": "5111111111111", "tid": 61, "oid": 71}
    )
    trade = top.result(
        "taobao.trade.fullinfo.get",
        tid=61,
        fields="tid,buyer_nick,seller_nick,orders.oid,orders.sku_id",
    )["trade"]
    [order] = trade["orders"]["order"]
    assert (trade["tid"], trade["buyer_nick"], trade["seller_nick"]) == (
        61,
        "新买家",
        exchange.shop,
    )
    assert order == {"oid": 71, "sku_id": "5111111111111"}


RECEIVER = "receiver_name,receiver_address,receiver_mobile,receiver_phone,created"


@pytest.mark.parametrize(
    ("fields", "oaid_is_given"),
    [
        (f"oaid,{RECEIVER}", True),
        (f" oaid ,\n{RECEIVER}", True),
        ("oaid", False),
        *((f"oaid,{RECEIVER}".replace(f",{name}", ""), False) for name in RECEIVER.split(",")),
    ],
)
def test_oaid_of_a_trade_stands_beside_the_receiver(world, top, fields, oaid_is_given):
    """oaid is given only where fields also hold the receiver's four and created."""
    trade = next(iter(world._state.trades.values()))
    document = top.result("taobao.trade.fullinfo.get", tid=trade.tid, fields=fields)["trade"]
    assert ("oaid" in document) is oaid_is_given


@pytest.mark.parametrize("fields", [",".join(["tid"] * 500), "tid,orders", "include_oaid"])
def test_fields_of_a_trade_are_a_plain_text(world, top, fields):
    """There is no limit of names; orders alone asks for whole sub-orders."""
    trade = next(iter(world._state.trades.values()))
    document = top.result(
        "taobao.trade.fullinfo.get", tid=trade.tid, fields=fields, include_oaid="true"
    )["trade"]
    assert set(document) == {"tid", "orders"} & set(fields.split(","))
    if "orders" in document:
        assert {"oid", "oid_str", "outer_iid", "divide_order_fee"} <= set(
            document["orders"]["order"][0]
        )


def test_unknown_members_of_sub_orders_are_warned_of(world, top):
    """An unknown name of a sub-order gives a warning in the journal, a known one does not."""
    trade = next(iter(world._state.trades.values()))
    top.result("taobao.trade.fullinfo.get", tid=trade.tid, fields="orders.oid,orders.nonsense")
    [entry] = world.journal.select({}, 1)[1]
    [warning] = json.loads(entry.warnings)
    assert "orders.nonsense" in warning


@pytest.mark.parametrize("tid", [0, 1, -1, 2**63 - 1])
def test_trade_of_nobody(top, tid):
    """A trade that does not exist is 15 with the sub_code of its page."""
    reply = top("taobao.trade.fullinfo.get", tid=tid, fields="tid")

    assert reply["error_response"] == {
        "code": 15,
        "msg": "Remote service error",
        "sub_code": "isv.trade-not-exist",
        "sub_msg": "交易订单不存在",
        "request_id": reply["error_response"]["request_id"],
    }


@pytest.mark.parametrize("fields", [" ", ",", ",,,", " , \n,\t"])
@pytest.mark.parametrize("method", ["taobao.trade.fullinfo.get", "taobao.logistics.companies.get"])
def test_fields_that_name_nothing_are_missing(world, top, method, fields):
    """Blanks and commas alone are 40, whether `fields` is a list or a plain text."""
    trade = next(iter(world._state.trades.values()))
    reply = top(method, fields=fields, tid=trade.tid)

    assert reply["error_response"]["sub_code"] == "isv.missing-parameter:fields"


def test_time_is_the_sandboxs(world, top):
    """taobao.time.get needs no session and gives the sandbox's now, after advance and after age."""
    from datetime import timedelta

    world.advance(timedelta(hours=1))
    world.age(timedelta(days=5))
    assert top.result("taobao.time.get", session=None)["time"] == "2026-03-01 11:00:00"
