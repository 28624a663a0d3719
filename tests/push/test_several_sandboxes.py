"""One app key in several sandboxes: one connection gets the messages of all of them."""

from contextlib import suppress

import pytest

from mockserver.client.sandbox import SandboxGone
from tests.push.tmc_client import encode

APP = {"app_key": "29990001", "app_secret": "one-app-of-several-shops"}


@pytest.fixture
def boxes(tmc_server):
    """Two sandboxes that the same app serves."""
    both = [tmc_server.sandbox(apps=[APP]) for _ in range(2)]
    yield both
    for box in both:
        with suppress(SandboxGone):
            box.drop()


@pytest.fixture
def client(boxes, dial):
    """A connection of that app."""
    connected = dial()
    connected.connect(APP["app_key"], APP["app_secret"])
    return connected


def confirm_and_wait(client, number):
    """Confirm a message; return once the server has taken it in, as frames are in order."""
    client.confirm(number)
    client.send(encode(2, client.token, flag=7, kind_byte=3, topic="mine", content="{}"))
    while client.receive()["type"] != 3:
        pass


def test_a_connection_gets_the_messages_of_every_sandbox_of_its_app(boxes, client):
    """Each of both, under ids that differ and that a double can hold."""
    exchanges = {box.open().dispute_id for box in boxes}

    pushed = [client.receive() for _ in boxes]

    assert {message["topic"] for message in pushed} == {"taobao_dispute_RefundCreated"}
    assert {word for m in pushed for word in exchanges if word in m["content"]} == exchanges
    assert len({message["id"] for message in pushed}) == 2
    assert all(message["id"] < 2**53 for message in pushed)


@pytest.mark.parametrize("place", [0, 1])
def test_a_confirm_goes_to_the_sandbox_of_its_message(boxes, client, place):
    """The message of one sandbox is confirmed, that of the other still waits."""
    boxes[place].open()
    message = client.receive()
    boxes[1 - place].open()
    other = client.receive()
    confirm_and_wait(client, message["id"])

    states = [next(iter(box.messages))["state"] for box in boxes]
    assert states[place] == "confirmed"
    assert states[1 - place] == "queued"
    assert other["id"] != message["id"]


def test_a_sandbox_that_is_made_later_is_heard_too(boxes, client, tmc_server):
    """The connection needs no new CONNECT."""
    third = tmc_server.sandbox(apps=[APP])
    third.open()

    assert client.receive()["topic"] == "taobao_dispute_RefundCreated"
    third.drop()


def test_a_sandbox_that_is_dropped_leaves_the_others(boxes, client):
    """What the first one was is gone; the second still sends, and takes its confirms."""
    boxes[1].open()
    message = client.receive()
    boxes[0].drop()
    confirm_and_wait(client, message["id"])
    boxes[1].seller.agree()

    while client.receive()["topic"] != "taobao_dispute_ExchangeAgree":
        pass  # what the client has published comes first
    assert next(iter(boxes[1].messages))["state"] == "confirmed"


def test_a_group_of_one_sandbox_is_enough(boxes, dial):
    """A connection to it gets what that sandbox has in the group."""
    top = boxes[1].client()
    top.call(
        "taobao.tmc.topic.group.add", group_name="second", topics="taobao_dispute_ExchangeClosed"
    )
    client = dial()
    client.connect(APP["app_key"], APP["app_secret"], "second")
    boxes[1].open()
    boxes[1].buyer.cancel()

    assert client.receive()["topic"] == "taobao_dispute_ExchangeClosed"
