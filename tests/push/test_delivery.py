"""What a client of the message channel gets, and when, from application to end."""

import json
from select import select

import pytest

from tests.push.tmc_client import encode

# evidence-5.2: the topics of an exchange that goes well, by its moves
NINE = {
    "biz_claim_type",
    "buyer_refund_fee",
    "create",
    "dispute_type",
    "modified",
    "oid",
    "refund_id",
    "seller_open_uid",
    "tid",
}
FIVE = {"modified", "oid", "refund_id", "seller_open_uid", "tid"}


def test_an_exchange_is_reported_step_by_step(box, tmc):
    """Each move that has a topic is pushed once, in order; refusals and waybills have none."""
    exchange = box.open()
    box.seller.agree()
    box.buyer.ship_back()
    box.seller.returngoods_agree()
    box.seller.consigngoods()
    box.buyer.confirm_receipt()

    pushed = [tmc.receive() for _ in range(5)]

    assert [message["topic"] for message in pushed] == [
        "taobao_dispute_RefundCreated",
        "taobao_dispute_ExchangeAgree",
        "taobao_dispute_ExchangeSellerConfirmed",
        "taobao_dispute_ExchangeSellerGoodsConsigned",
        "taobao_dispute_ExchangeSuccess",
    ]
    contents = [json.loads(message["content"]) for message in pushed]
    assert [set(content) for content in contents] == [NINE, FIVE, NINE, NINE, NINE]
    assert {content["refund_id"] for content in contents} == {int(exchange.dispute_id)}


def test_a_push_has_the_fields_of_a_captured_one(box, tmc):
    """top-7.7: names, and the types that the official clients read."""
    box.open()

    message = tmc.receive()

    assert list(message) == [
        "type", "token", "topic", "userid", "__kind", "publisher", "retried", "content", "id",
        "data_id", "time", "nick", "dataid", "born_time", "outtime",
    ]  # fmt: skip
    assert (message["type"], message["__kind"], message["retried"]) == (2, 3, 0)
    assert message["token"] == tmc.token
    assert message["outtime"] - message["time"] == 24 * 3600 * 1000
    assert message["id"] < 2**53


def test_the_switch_for_the_node_client_leaves_out_bytes_and_dates(box, tmc):
    """Under `message_fields: node` a push has strings and 64-bit numbers only."""
    box.rules["message_fields"] = "node"
    box.open()

    message = tmc.receive()

    assert not {"__kind", "retried", "time", "outtime"} & set(message)
    assert {"topic", "content", "id", "userid", "publisher"} <= set(message)


def test_content_is_as_captured(box, tmc):
    """Ids are numbers, amounts are texts, times are Beijing time, `create` is spelt so."""
    box.open()

    content = json.loads(tmc.receive()["content"])

    assert content["create"] == "2026-03-01 10:00:00"
    assert content["buyer_refund_fee"] == "0.00"
    assert {type(content[name]) for name in ("oid", "tid", "refund_id")} == {int}


def test_an_unconfirmed_message_comes_again_on_the_sandbox_clock(box, tmc):
    """Neither confirmed nor failed: again after the rule's time, with `retried` one higher."""
    box.open()
    first = tmc.receive()
    box.clock.advance("4m59s")
    box.clock.advance("1s")

    again = tmc.receive()

    assert (again["id"], again["retried"]) == (first["id"], 1)


@pytest.mark.parametrize("kind", [2, 20])
def test_what_is_confirmed_or_failed_does_not_come_again(box, tmc, kind):
    """A confirm and a report of failure both end it; the next push is another message."""
    box.open()
    first = tmc.receive()
    tmc.send(encode(2, tmc.token, kind_byte=kind, id=first["id"]))
    tmc.pull()
    box.clock.advance("1h")
    box.seller.agree()

    assert tmc.receive()["topic"] == "taobao_dispute_ExchangeAgree"


def test_after_a_day_nothing_is_kept(box, dial):
    """A message is kept for 24 hours, so who connects later does not get it."""
    box.open()
    box.clock.advance("24h")
    client = dial()
    client.connect(box.app_key, box.app_secret)
    box.seller.agree()

    assert client.receive()["topic"] == "taobao_dispute_ExchangeAgree"


def test_what_waits_is_pushed_on_connect(box, dial):
    """Who connects late gets what waited."""
    box.open()
    client = dial()
    client.connect(box.app_key, box.app_secret)

    assert client.receive()["topic"] == "taobao_dispute_RefundCreated"


def test_two_connections_share_one_queue(box, dial):
    """Each message of a group goes to one of its connections."""
    pair = [dial(), dial()]
    for client in pair:
        client.connect(box.app_key, box.app_secret)
    box.open()

    ready, _, _ = select([client.socket for client in pair], [], [], 10)

    assert len(ready) == 1
    assert pair[0].token == pair[1].token
    assert "messages" not in box.client().call("taobao.tmc.messages.consume")


def test_polling_and_connections_share_one_queue(box, tmc):
    """What was pushed is not consumed besides, until it is due again."""
    box.open()
    tmc.receive()

    assert "messages" not in box.client().call("taobao.tmc.messages.consume")


def test_a_deadline_is_pushed_as_well(box, tmc):
    """What the system does is pushed like what parties do."""
    box.open()
    box.clock.advance("2d")

    while tmc.receive()["topic"] != "taobao_dispute_ExchangeAgree":
        pass  # the application, perhaps more than once


def test_a_group_gets_its_topics_only(box, dial):
    """A topic of a group waits in that group; others in the default one."""
    box.client().call(
        "taobao.tmc.topic.group.add", group_name="closing", topics="taobao_dispute_ExchangeClosed"
    )
    client = dial()
    client.connect(box.app_key, box.app_secret, "closing")
    box.open()
    box.buyer.cancel()

    assert client.receive()["topic"] == "taobao_dispute_ExchangeClosed"


def test_an_app_that_is_not_permitted_gets_nothing(box, tmc):
    """After `tmc.user.cancel` nothing is put into the queue; after `permit` the rest is."""
    top = box.client()
    top.call("taobao.tmc.user.cancel", nick=box.shops[0]["nick"])
    box.open()
    top.call("taobao.tmc.user.permit", topics="taobao_dispute_ExchangeAgree")
    box.seller.agree()

    assert tmc.receive()["topic"] == "taobao_dispute_ExchangeAgree"


def test_the_old_topics_come_by_a_rule(box, tmc):
    """Under `refund_topics` the refund's topics come besides, as replace_bill."""
    box.rules["refund_topics"] = True
    box.open()

    pushed = [tmc.receive() for _ in range(2)]

    assert pushed[1]["topic"] == "taobao_refund_RefundCreated"
    assert json.loads(pushed[1]["content"])["bill_type"] == "replace_bill"


def test_a_reset_empties_the_queue_and_a_snapshot_holds_it(box):
    """The outbox is part of the state."""
    box.open()
    box.snapshot("one")
    box.reset()
    assert "messages" not in box.client().call("taobao.tmc.messages.consume")
    box.restore("one")

    [message] = box.client().call("taobao.tmc.messages.consume")["messages"]["tmc_message"]
    assert message["topic"] == "taobao_dispute_RefundCreated"


def test_a_client_publishes_and_is_answered(box, tmc):
    """A published message is acknowledged with the flag, then pushed as what the app produced."""
    tmc.send(encode(2, tmc.token, flag=7, kind_byte=3, topic="mine", content='{"a":1}'))

    first, second = tmc.receive(), tmc.receive()
    assert (first["type"], first["flag"]) == (3, 7)
    assert (second["topic"], second["publisher"]) == ("mine", box.app_key)
