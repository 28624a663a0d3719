"""Exchanges and their refunds as the refund methods show them, at every status."""

import json

import pytest

DISPUTE, TRADE, ORDER = 880000000000000042, 2839475610293847561, 2839475610293847562
REFUND = 980000000000000042
LISTED_AS = {
    1: "WAIT_SELLER_AGREE",
    2: "WAIT_BUYER_RETURN_GOODS",
    3: "WAIT_SELLER_CONFIRM_GOODS",
    4: "CLOSED",
    5: "SUCCESS",
    6: "SELLER_REFUSE_BUYER",
    12: "WAIT_SELLER_CONSIGN_GOODS",
    13: "WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS",
    14: "EXCHANGE_TRANSFORM_TO_REFUND",
}
DISPUTE_STATUS = LISTED_AS | {
    12: "WAIT_SELLER_CONSIGN_GOOGDS",
    13: "EXCHANGE_WAIT_BUYER_CONFIRM_GOODS",
}
LIST, GET = "taobao.refunds.receive.get", "taobao.refund.get"
DISPUTES = "tmall.dispute.receive.get"
REASONS = "taobao.refund.refusereason.get"


@pytest.fixture
def opened(world):
    """Opens the exchange at a status."""

    def open_at(status, **fields):
        return world.open(
            {"dispute_id": DISPUTE, "tid": TRADE, "oid": ORDER, "status": status, **fields}
        )[0]

    return open_at


@pytest.mark.parametrize("status", LISTED_AS)
def test_an_exchange_is_listed_by_its_type_and_name(opened, top, status):
    """Its dispute id is the refund_id, dispute_type says exchange, status is a name."""
    opened(status)

    reply = top.result(LIST, fields="refund_id,dispute_type,status", status=LISTED_AS[status])
    rows = [row for row in reply["refunds"]["refund"] if row["refund_id"] == str(DISPUTE)]

    assert rows == [
        {"dispute_type": "TMALL_EXCHANGE", "refund_id": str(DISPUTE), "status": LISTED_AS[status]}
    ]
    one = top.result(GET, refund_id=DISPUTE, fields="status,tid,oid,operation_contraint,refund_fee")
    assert one["refund"] == {
        "oid": ORDER,
        "operation_contraint": "null",
        "refund_fee": "0.00",
        "status": LISTED_AS[status],
        "tid": TRADE,
    }


@pytest.mark.parametrize("status", DISPUTE_STATUS)
def test_disputes_are_filtered_by_name_and_read_as_text(opened, top, status):
    """The filter takes the English name, 12 misspelt, the reply has the exchange's Chinese text."""
    opened(status)
    text = top.result("tmall.exchange.get", dispute_id=DISPUTE, fields="status")
    names = "refund_id,status,biz_order_id,dispute_request"

    reply = top.result(DISPUTES, fields=names, status=DISPUTE_STATUS[status])["result"]

    assert reply["results"]["dispute"] == [
        {
            "biz_order_id": str(ORDER),
            "dispute_request": "换货",
            "refund_id": str(DISPUTE),
            "status": text["result"]["exchange"]["status"],
        }
    ]
    assert (reply["has_next"], reply["page_results"], reply["total_results"]) == (False, 1, 1)


def test_what_turned_into_a_refund_stands_twice(opened, top):
    """After 14 there is a refund of its own, found by 换货转退款, with the money of the order."""
    exchange = opened(14)
    names = "refund_id,desc,dispute_type,status,refund_fee,total_fee,oid"

    rows = top.result(LIST, fields=names)["refunds"]["refund"]

    assert {row["refund_id"] for row in rows} == {str(DISPUTE), str(REFUND)}
    [refund] = [row for row in rows if row.get("desc") == "换货转退款"]
    fee = f"{exchange.payment / 100:.2f}"
    assert refund == {
        "desc": "换货转退款",
        "dispute_type": "REFUND_AND_RETURN",
        "oid": ORDER,
        "refund_fee": fee,
        "refund_id": str(REFUND),
        "status": "WAIT_SELLER_CONFIRM_GOODS",
        "total_fee": fee,
    }
    assert top.result(GET, refund_id=REFUND, fields=names)["refund"] == refund


def test_a_dispute_that_is_a_refund_is_read_as_text(opened, top):
    """The dispute list says in Chinese what `taobao.refund.get` says by a name."""
    opened(14)

    reply = top.result(DISPUTES, fields="refund_id,status,dispute_request")["result"]

    assert {
        "dispute_request": "退货退款",
        "refund_id": str(REFUND),
        "status": "买家已经退货，等待卖家确认收货",
    } in (reply["results"]["dispute"])


@pytest.mark.parametrize("status", [status for status in LISTED_AS if status != 14])
def test_no_refund_before_14(opened, top, status):
    """An exchange that goes on has no refund."""
    opened(status)

    assert len(top.result(LIST, fields="refund_id")["refunds"]["refund"]) == 1
    assert top(GET, refund_id=REFUND, fields="status")["error_response"]["code"] == 15


@pytest.mark.parametrize(
    ("waybill", "status"), [("SF1", "WAIT_SELLER_CONFIRM_GOODS"), ("", "WAIT_SELLER_AGREE")]
)
def test_goods_on_their_way_wait_for_receipt(opened, top, waybill, status):
    """A refund whose goods the buyer has sent back waits for the seller to confirm them."""
    opened(14, buyer_logistic_no=waybill)

    refund = top.result(GET, refund_id=REFUND, fields="status,sid")["refund"]

    assert (refund.get("sid", ""), refund["status"]) == (waybill, status)


@pytest.mark.parametrize("dispute_id", [1, 2**63 - 1, 2**63 - 10**17, 2**63 - 10**17 - 1])
def test_ids_of_any_length_lead_to_their_refund(world, top, dispute_id):
    """The refund of the smallest and largest id is found, within int64, and not taken for it."""
    world.open({"dispute_id": dispute_id, "status": 14})
    rows = top.result(LIST, fields="refund_id,dispute_type")["refunds"]["refund"]
    ids = {row["dispute_type"]: int(row["refund_id"]) for row in rows}

    assert ids["TMALL_EXCHANGE"] == dispute_id
    assert 0 < ids["REFUND_AND_RETURN"] < 2**63
    refund = top.result(GET, refund_id=ids["REFUND_AND_RETURN"], fields="dispute_type")["refund"]
    assert refund == {"dispute_type": "REFUND_AND_RETURN"}


@pytest.mark.parametrize("refund_id", [0, -1, 1, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("method", [GET, "taobao.refund.messages.get", REASONS])
def test_unknown_refunds(top, method, refund_id):
    """An id that nobody has is the platform's error 15, with the parameter's name."""
    reply = top(method, refund_id=refund_id, fields="status", refund_phase="aftersale")

    assert reply["error_response"]["code"] == 15
    assert reply["error_response"]["sub_code"] == "isv.invalid-parameter:refund_id"


def test_another_shops_refund_is_unknown(make_world):
    """A seller sees neither exchange nor refund of another one."""
    from conftest import Caller
    from mockserver.gateway.checks import SandboxLookup
    from mockserver.gateway.pipeline import Gateway

    world = make_world(shops=[{"nick": "甲"}, {"nick": "乙"}])
    top = Caller(Gateway(SandboxLookup(world.directory)), world)
    world.open({"dispute_id": DISPUTE, "status": 14, "shop": "乙"})

    assert "refunds" not in top.result(LIST, fields="refund_id")
    for refund_id in (DISPUTE, REFUND):
        assert top(GET, refund_id=refund_id, fields="status")["error_response"]["code"] == 15


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 3),
        ({"start_modified": "2026-03-01 10:00:01"}, 0),
        ({"end_modified": "2026-02-28 00:00:00"}, 0),
        ({"start_modified": "2026-03-01 10:00:00", "end_modified": "2026-03-01 10:00:00"}, 3),
        ({"status": "WAIT_SELLER_AGREE"}, 3),
        ({"status": "SUCCESS"}, 0),
        ({"type": "fixed"}, 3),
        ({"type": "auction, fixed"}, 3),
        ({"type": "auction"}, 0),
        ({"buyer_nick": "nobody"}, 0),
        ({"buyer_open_uid": "nobody"}, 0),
        ({"page_size": 2}, 2),
        ({"page_size": 2, "page_no": 2}, 1),
        ({"page_no": 9}, 0),
    ],
)
@pytest.mark.parametrize(("method", "row"), [(LIST, "refund"), (DISPUTES, "dispute")])
def test_lists_filter_and_page(world, top, method, row, filters, count):
    """Windows include both ends; a type that no trade has finds nothing."""
    world.open({}, 3)
    reply = top.result(method, fields="refund_id", **filters)
    reply = reply.get("result", reply)

    rows = (reply.get("refunds") or reply.get("results") or {row: []})[row]
    assert len(rows) == count


def test_has_next_takes_the_place_of_the_total(world, top):
    """With use_has_next a list says whether there is more, not how many."""
    world.open({}, 3)

    first = top.result(LIST, fields="refund_id", use_has_next="true", page_size=2)
    last = top.result(LIST, fields="refund_id", use_has_next="true", page_size=2, page_no=2)

    assert (first["has_next"], last["has_next"]) == (True, False)
    assert not {"total_results"} & (first.keys() | last.keys())


@pytest.mark.parametrize("page", [{"page_size": 0}, {"page_size": 101}, {"page_no": 0}])
def test_pages_have_bounds(top, page):
    """A page has 1 to 100 rows and a number from 1."""
    assert top(LIST, fields="refund_id", **page)["error_response"]["code"] == 41


def test_messages_of_an_exchange_are_its_refunds(opened, top):
    """The same words, newest first, with the exchange's id as text."""
    opened(2)
    exchange = top.result("tmall.exchange.messages.get", dispute_id=DISPUTE, fields="id,content")[
        "result"
    ]["results"]["refund_message"]

    reply = top.result("taobao.refund.messages.get", refund_id=DISPUTE, fields="id,content")

    assert reply["refund_messages"]["refund_message"] == exchange
    assert reply["total_results"] == len(exchange) == 2


@pytest.mark.parametrize(("status", "first"), [(1, True), (3, True), (14, True)])
def test_reasons_where_the_seller_can_refuse(opened, top, status, first):
    """An application, goods on the way, and a fresh refund can be refused."""
    opened(status)
    refund_id = REFUND if status == 14 else DISPUTE

    reply = top.result(
        REASONS, refund_id=refund_id, refund_phase="aftersale", fields="reason_id,reason_text"
    )

    assert {frozenset(row) for row in reply["reasons"]["reason"]} == {
        frozenset(("reason_id", "reason_text"))
    }
    assert "total_results" not in reply


@pytest.mark.parametrize(
    ("status", "phase"),
    [(2, "aftersale"), (4, "aftersale"), (5, "aftersale"), (13, "aftersale"), (1, "onsale")],
)
def test_reasons_where_nothing_can_be_refused(opened, top, status, phase):
    """The refusal that was captured."""
    opened(status)

    error = top(REASONS, refund_id=DISPUTE, refund_phase=phase, fields="reason_id")[
        "error_response"
    ]

    assert (error["code"], error["sub_code"], error["sub_msg"]) == (
        15,
        "isv.invalid-permission:refund_status is invalid or refund is out of date",
        "当前退款状态不能操作拒绝退款",
    )


def test_personal_data_is_masked_as_in_exchanges(opened, top):
    """A dispute's buyer is masked, and plain under the rule."""
    opened(1, buyer_name="林小满", buyer_phone="10000002001")
    names = "buyer_name,buyer_phone"

    def read():
        return top.result(DISPUTES, fields=names)["result"]["results"]["dispute"]

    assert read() == [{"buyer_name": "林**", "buyer_phone": "*******2001"}]
    top.world.patch_rules({"personal_data": "plain"})
    assert read() == [{"buyer_name": "林小满", "buyer_phone": "10000002001"}]


def test_journal_shows_no_buyer(opened, top):
    """What names a buyer in a call is masked in its journal entry."""
    opened(1)
    top.result(LIST, fields="refund_id,buyer_nick", buyer_nick="隔壁老王", ouid="AAHsecret")

    _, [entry] = top.world.journal.select({}, 1)
    text = json.dumps(entry.serialize(), ensure_ascii=False)
    assert "隔壁老王" not in text
    assert "AAHsecret" not in text
