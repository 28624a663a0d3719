"""A seller ships a trade's own goods, whole or in parts, and corrects what was sent."""

from datetime import timedelta

import pytest

TID = 3571000000000000011
OIDS = (TID + 1, TID + 2)
SEND, RESEND = "taobao.logistics.offline.send", "taobao.logistics.consign.resend"
B04 = "isv.logistics-offline-service-error:B04"
B60 = "isv.logistics-offline-service-error:B60"
WAYBILL = "SF1234567890"


@pytest.fixture
def world(make_world):
    """Two shops; the first has an unshipped trade of two sub-orders."""
    line = {"tid": TID, "status": "WAIT_SELLER_SEND_GOODS"}
    return make_world(
        shops=[{"nick": "甲店"}, {"nick": "乙店", "session": "second-shop-session"}],
        trades=[{**line, "oid": oid} for oid in OIDS],
    )


@pytest.fixture
def send(top):
    """Ships; keywords replace arguments."""

    def call(method=SEND, **arguments):
        return top(method, **{"tid": TID, "company_code": "SF", "out_sid": WAYBILL, **arguments})

    return call


@pytest.fixture
def read(top):
    """Status, waybill and carrier of the trade, then of each sub-order."""

    def call():
        fields = "status,orders.status,orders.invoice_no,orders.logistics_company"
        trade = top.result("taobao.trade.fullinfo.get", tid=TID, fields=fields)["trade"]
        rows = [
            (row["status"], row.get("invoice_no"), row.get("logistics_company"))
            for row in trade["orders"]["order"]
        ]
        return trade["status"], rows

    return call


def refusal(reply):
    """Code and sub_code of an error."""
    return reply["error_response"]["code"], reply["error_response"]["sub_code"]


def test_a_whole_trade(send, read):
    """Every sub-order is on its way with carrier and waybill."""
    reply = send()["logistics_offline_send_response"]

    assert reply["shipping"] == {"is_success": True}
    assert read() == (
        "WAIT_BUYER_CONFIRM_GOODS",
        [("WAIT_BUYER_CONFIRM_GOODS", WAYBILL, "顺丰速运")] * 2,
    )


def test_part_after_part(send, read):
    """The trade is partly shipped until its last sub-order is."""
    send(sub_tid=str(OIDS[0]), is_split=1)
    assert read()[0] == "SELLER_CONSIGNED_PART"
    assert [row[1] for row in read()[1]] == [WAYBILL, None]

    send(sub_tid=str(OIDS[1]), is_split=1, out_sid="SF2")
    assert read()[0] == "WAIT_BUYER_CONFIRM_GOODS"
    assert [row[1] for row in read()[1]] == [WAYBILL, "SF2"]


def test_shipping_is_news(send, top, world):
    """The trade stands in the list of those that were modified."""
    world.advance(timedelta(hours=2))
    send()
    window = {"start_modified": "2026-03-01 11:00:00", "end_modified": "2026-03-01 13:00:00"}
    listed = top.result("taobao.trades.sold.increment.get", fields="tid,status", **window)

    assert {"tid": TID, "status": "WAIT_BUYER_CONFIRM_GOODS"} in listed["trades"]["trade"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"tid": 3571000000000000099}, (15, "isv.trade-not-exist")),
        ({"session": "second-shop-session"}, (15, "isv.trade-not-exist")),
        ({"company_code": "NOBODY"}, (15, "CD01")),
        ({"company_code": "顺丰速运"}, (15, "CD01")),
        ({"out_sid": " "}, (15, B60)),
        ({"out_sid": "x" * 51}, (15, B60)),
        ({"out_sid": "运单号"}, (15, B60)),
        ({"out_sid": ""}, (40, "isv.missing-parameter:out_sid")),
        ({"sub_tid": "1"}, (41, "isv.invalid-parameter:sub_tid")),
        ({"is_split": 1}, (41, "isv.invalid-parameter:sub_tid")),
        ({"tid": "x"}, (41, "isv.invalid-parameter:tid")),
    ],
)
def test_refused_shipments_leave_no_trace(send, read, world, whole_state, arguments, expected):
    """Each has its code, and nothing has changed."""
    before = whole_state(world)

    assert refusal(send(**arguments)) == expected
    assert whole_state(world)["trades"] == before["trades"]
    assert read()[0] == "WAIT_SELLER_SEND_GOODS"


def test_twice(send, read):
    """Shipped once, it cannot be shipped again: the captured B04."""
    send()

    assert refusal(send(out_sid="SF9")) == (15, B04)
    assert read()[1][0][1] == WAYBILL


def test_a_waybill_of_another_parcel(send, world, top):
    """B60; an exchange's waybill counts as well as a trade's."""
    dispute_id = world.open({"status": 12})[0].dispute_id
    top.result(
        "tmall.exchange.consigngoods",
        dispute_id=dispute_id,
        logistics_no=WAYBILL,
        logistics_type=200,
        logistics_company_name="顺丰速运",
        fields="status",
    )

    assert refusal(send()) == (15, B60)


def test_a_correction(send, read):
    """On its way, carrier and waybill can be corrected, again and again."""
    send()

    for waybill in ("YT1", "YT2"):
        reply = send(RESEND, company_code="YTO", out_sid=waybill)
        assert reply["logistics_consign_resend_response"]["shipping"] == {"is_success": True}
        assert read()[1] == [("WAIT_BUYER_CONFIRM_GOODS", waybill, "圆通速递")] * 2


def test_a_correction_before_shipping(send):
    """Nothing to correct: B04."""
    assert refusal(send(RESEND)) == (15, B04)


def test_the_parcels_trace(send, top):
    """What was shipped shows where logistics are asked for."""
    send()
    listed = top.result("taobao.logistics.orders.get", tid=TID, fields="out_sid,company_name,tid")

    rows = listed["shippings"]["shipping"]
    assert {row["out_sid"] for row in rows} == {WAYBILL}
    assert {row["company_name"] for row in rows} == {"顺丰速运"}
