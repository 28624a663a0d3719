"""What the control API and the handle show of the message channel, and sending again."""

import pytest

from mockserver import Sandbox
from mockserver.client.control_client import ControlRefused


@pytest.fixture
def box():
    """A sandbox in process with an exchange that was agreed to."""
    sandbox = Sandbox()
    sandbox.open()
    sandbox.seller.agree()
    return sandbox


def test_messages_are_listed_oldest_first(box):
    """Each with its topic, state and content as JSON."""
    first, second = box.messages

    assert box.messages.topics() == ["taobao_dispute_RefundCreated", "taobao_dispute_ExchangeAgree"]
    assert (first["state"], first["deliveries"], first["delivered"]) == ("queued", 0, None)
    assert first["content"]["create"] == "2026-03-01 10:00:00"
    assert first["dispute_id"] == second["dispute_id"]


def test_a_message_that_was_taken_and_confirmed_says_so(box):
    """The list shows what polling did."""
    top = box.client()
    top.call("taobao.tmc.messages.consume")
    first, second = box.messages
    top.call("taobao.tmc.messages.confirm", s_message_ids=first["id"])

    assert [message["state"] for message in box.messages] == ["confirmed", "queued"]
    assert second["deliveries"] == 1
    assert second["delivered"] == "2026-03-01 10:00:00"


def test_the_list_can_be_narrowed(box):
    """By topic, state and group."""
    ask = box._ask

    assert ask("GET", "messages", topic="taobao_dispute_ExchangeAgree")["total"] == 1
    assert ask("GET", "messages", state="confirmed")["total"] == 0
    assert ask("GET", "messages", group="default")["total"] == 2


def test_a_confirmed_message_is_sent_again_on_request(box):
    """Resending does not wait for the rule's time."""
    top = box.client()
    top.call("taobao.tmc.messages.consume")
    number = next(iter(box.messages))["id"]
    top.call("taobao.tmc.messages.confirm", s_message_ids=number)
    box.messages.resend(number)

    [again] = top.call("taobao.tmc.messages.consume")["messages"]["tmc_message"]
    assert str(again["id"]) == number


@pytest.mark.parametrize("number", ["5", "x", "9" * 30])
def test_what_is_not_there_cannot_be_sent_again(box, number):
    """404, and where to look."""
    with pytest.raises(ControlRefused) as refused:
        box.messages.resend(number)

    assert refused.value.problem["status"] == 404
