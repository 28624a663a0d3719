"""Trades sold, by creation and by modification, consistent with the exchanges."""

from datetime import timedelta

import pytest

SOLD, CHANGED = "taobao.trades.sold.get", "taobao.trades.sold.increment.get"
DAY = {"start_modified": "2026-02-28 10:00:01", "end_modified": "2026-03-01 10:00:01"}


def test_a_trade_stands_once_with_its_sub_orders(world, top):
    """Five buyers' trades, newest first, with the members that were asked for."""
    reply = top.result(SOLD, fields="tid,status,orders.oid")

    rows = reply["trades"]["trade"]
    assert reply["total_results"] == len(rows) == 5
    assert [row["tid"] for row in rows] == sorted((row["tid"] for row in rows), reverse=True)
    assert all(set(row) == {"tid", "status", "orders"} for row in rows)
    assert all(set(row["orders"]["order"][0]) == {"oid"} for row in rows)


def test_lists_show_what_their_page_has(top):
    """Members that only trade.fullinfo.get has are not in a list, in `orders` neither."""
    rows = top.result(SOLD, fields="tid,tid_str,has_post_fee,orders")["trades"]["trade"]

    assert all(set(row) == {"tid", "orders"} for row in rows)
    assert all("oid_str" not in row["orders"]["order"][0] for row in rows)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"start_created": "2026-02-26 10:00:00", "end_created": "2026-02-26 10:00:00"}, 5),
        ({"start_created": "2026-02-26 10:00:01"}, 0),
        ({"end_created": "2026-02-26 09:59:59"}, 0),
        ({"status": "TRADE_FINISHED"}, 5),
        ({"status": "WAIT_SELLER_SEND_GOODS"}, 0),
        ({"type": "fixed,auction"}, 5),
        ({"type": "auction"}, 0),
        ({"buyer_nick": "nobody"}, 0),
        ({"buyer_open_id": "nobody"}, 0),
        ({"ext_type": "service", "rate_status": "RATE_UNBUYER", "tag": "x"}, 5),
        ({"page_size": 2, "page_no": 3}, 1),
        ({"page_no": 2}, 0),
    ],
)
def test_sold_by_filter(top, filters, count):
    """Windows include both ends; what nobody bought is not found."""
    reply = top.result(SOLD, fields="tid", **filters)

    assert len(reply.get("trades", {"trade": []})["trade"]) == count


def test_an_exchange_is_news_of_its_trade(world, top, act):
    """Nothing is new until a buyer applies; each move is news again."""
    assert top.result(CHANGED, fields="tid", **DAY)["total_results"] == 0
    trade = next(iter(world.view.trades()))
    exchange = world.open({"tid": trade.tid, "oid": trade.oid})[0]

    names = "tid,modified,orders.refund_status"
    [row] = top.result(CHANGED, fields=names, **DAY)["trades"]["trade"]
    assert row == {
        "modified": "2026-03-01 10:00:00",
        "orders": {"order": [{"refund_status": "WAIT_SELLER_AGREE"}]},
        "tid": trade.tid,
    }

    world.advance(timedelta(hours=2))
    act(world, exchange.dispute_id, "agree")
    window = {"start_modified": "2026-03-01 12:00:00", "end_modified": "2026-03-01 12:00:00"}
    assert top.result(CHANGED, fields="tid", **window)["total_results"] == 1
    assert top.result(CHANGED, fields="tid", **DAY)["total_results"] == 0


def test_a_window_of_more_than_a_day(top):
    """A second too much is error 41; a day passes, and a window backwards is empty."""
    start = {"start_modified": "2026-02-28 10:00:00"}

    error = top(CHANGED, fields="tid", **start, end_modified="2026-03-01 10:00:01")
    assert error["error_response"]["sub_code"] == "isv.invalid-parameter:end_modified"
    for end in ("2026-03-01 10:00:00", "2026-02-01 10:00:00"):
        assert top.result(CHANGED, fields="tid", **start, end_modified=end)["total_results"] == 0


@pytest.mark.parametrize("missing", DAY)
def test_both_ends_are_needed(top, missing):
    """Error 40 names the end that is missing."""
    error = top(CHANGED, fields="tid", **DAY | {missing: None})["error_response"]

    assert error["sub_code"] == f"isv.missing-parameter:{missing}"
