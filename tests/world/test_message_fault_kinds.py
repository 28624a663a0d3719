"""Planned faults of the message channel: what becomes of a message, and that a plan replays."""

import pytest

from mockserver import Sandbox
from mockserver.client.control_client import ControlRefused

CREATED, AGREED = "taobao_dispute_RefundCreated", "taobao_dispute_ExchangeAgree"


@pytest.fixture
def box():
    """A frozen sandbox in process."""
    return Sandbox()


def consume(box):
    """Return the topics and ids that polling gets."""
    reply = box.client().call("taobao.tmc.messages.consume")
    rows = reply.get("messages", {}).get("tmc_message", [])
    return [(row["topic"], str(row["id"])) for row in rows]


def topics(box):
    """Return the topics that polling gets."""
    return [topic for topic, _ in consume(box)]


def test_a_lost_message_is_never_sent(box):
    """It is in the list as lost; the queue counts the others; the exchange is there."""
    box.faults.add("message_lost")
    box.open()
    box.seller.agree()

    assert topics(box) == [AGREED]
    assert [message["state"] for message in box.messages] == ["lost", "queued"]
    [queue] = box.client().call("taobao.tmc.queue.get", group_name="default")["datas"][
        "tmc_queue_info"
    ]
    assert queue["put_toal"] == 1
    assert box.client().call("tmall.exchange.receive.get", fields="status")["total_results"] == 1


def test_a_lost_message_can_be_sent_after_all(box):
    """`resend` is how a tester lets it come."""
    box.faults.add("message_lost")
    box.open()
    box.messages.resend(next(iter(box.messages))["id"])

    assert topics(box) == [CREATED]


def test_a_late_message_does_not_hold_up_others(box):
    """It comes `by` later on the sandbox's clock, whatever came meanwhile."""
    box.faults.add("message_late", by="10m")
    box.open()
    box.seller.agree()

    assert topics(box) == [AGREED]
    box.clock.advance("9m59s")
    assert CREATED not in topics(box)
    box.clock.advance("1s")
    assert CREATED in topics(box)


def test_an_overtaken_message_comes_after_the_next(box):
    """Nothing comes until the next one is there, then both, the wrong way round."""
    box.faults.add("message_overtaken")
    box.open()

    assert topics(box) == []
    box.seller.agree()
    assert topics(box) == [AGREED, CREATED]


def test_an_overtaken_message_does_not_wait_for_ever(box):
    """Where no next one comes it is sent after `by`."""
    box.faults.add("message_overtaken", by="30s")
    box.open()
    box.clock.advance("30s")

    assert topics(box) == [CREATED]


def test_two_overtaken_messages_wait_for_the_third(box):
    """Each is after the next one that is not held back itself."""
    box.faults.add("message_overtaken", times=2)
    box.open()
    box.seller.agree()
    assert topics(box) == []
    box.buyer.cancel()

    assert topics(box) == ["taobao_dispute_ExchangeClosed", CREATED, AGREED]


def test_a_message_is_sent_twice(box):
    """The same id twice at once; one confirm ends both."""
    box.faults.add("message_twice")
    box.open()

    first, second = consume(box)
    assert first == second
    [message] = box.messages
    assert message["deliveries"] == 2
    box.client().call("taobao.tmc.messages.confirm", s_message_ids=first[1])
    box.clock.advance("1h")
    assert consume(box) == []


def test_a_message_is_put_out_twice(box):
    """Another id with the same content: a client that compares ids takes it for news."""
    box.faults.add("message_twice", **{"as": "new_id"})
    box.open()

    first, second = box.messages
    assert first["id"] != second["id"]
    assert first["content"] == second["content"]


def test_a_fault_is_narrowed_by_topic_and_exchange(box):
    """Others are not counted."""
    one, other = box.open(), box.open()
    fault_id = box.faults.add("message_lost", topic=AGREED, dispute_id=other.dispute_id, times=None)
    for exchange in (one, other):
        box.seller.agree(exchange)
        box.buyer.cancel(exchange)

    lost = [message["dispute_id"] for message in box.messages if message["state"] == "lost"]
    assert lost == [other.dispute_id]
    assert (box.faults[fault_id]["met"], box.faults[fault_id]["hits"]) == (1, 1)


def test_calls_and_messages_do_not_count_for_each_other(box):
    """A fault of calls meets no message and one of messages no call."""
    of_calls = box.faults.add("gateway_5xx", after=100)
    of_messages = box.faults.add("message_lost", after=100)
    box.open()
    box.client().call("taobao.time.get")

    assert (box.faults[of_calls]["met"], box.faults[of_messages]["met"]) == (1, 1)


def states(seed):
    """Return what became of twenty messages under a plan with chance."""
    box = Sandbox(seed=seed)
    box.faults.add("message_lost", probability=0.3, times=None)
    box.faults.add("message_twice", probability=0.3, times=None, **{"as": "new_id"})
    for _ in range(20):
        box.open()
    return [message["state"] for message in box.messages]


def test_a_plan_replays_with_the_same_seed():
    """The same seed loses and doubles the same messages, another one others."""
    first = states(7)
    assert states(7) == first
    assert {"lost", "queued"} == set(first)
    assert states(8) != first


def test_a_snapshot_holds_what_is_held_back(box):
    """A late message stays late after a restore."""
    box.faults.add("message_late", by="10m")
    box.open()
    box.snapshot("held")
    box.clock.advance("10m")
    assert topics(box) == [CREATED]
    box.restore("held")

    assert topics(box) == []
    box.clock.advance("10m")
    assert topics(box) == [CREATED]


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"method": "tmall.exchange.get"}, "topic"),
        ({"method": "*"}, "topic"),
        ({"session": "main"}, "topic"),
        ({"topic": "taobao_dispute_ExchangeAgre"}, AGREED),
        ({"by": "0s"}, "1s"),
        ({"by": "2d"}, "1d"),
        ({"as": "same_id"}, "as"),
    ],
)
def test_what_a_fault_of_messages_cannot_have(box, options, meant):
    """Calls, unknown topics and spans out of range are refused with what is possible."""
    with pytest.raises(ControlRefused, match=meant):
        box.faults.add("message_late", **options)
