"""A client that goes by the message channel is judged by what the channel has delivered."""

import json
from contextlib import suppress
from typing import Any

import pytest

from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Lost
from mockserver.testing import exchange_machine
from mockserver.world.document import BadDocument
from tests.honest.accusations import CLIENTS, OPTIONS, make_client

TAKE = "taobao.tmc.messages.consume"
CONFIRM = "taobao.tmc.messages.confirm"
AGREE = "tmall.exchange.agree"
APPLY = {"buyer": "apply", "as": "e1", "status": 1}
STRAY = {
    "call": "taobao.tmc.message.produce",
    "with": {"topic": "taobao_trade_TradeChanged", "content": '{"tid":7,"status":"paid"}'},
}
NOT_CONFIRMED = {"fault": "refused_reply_lost", "method": CONFIRM}
TAKEN_BY_NOBODY = {"fault": "duplicate_delivery", "method": TAKE}


class Listener:
    """Takes messages, looks each exchange up, agrees, confirms.  Asks for no list."""

    def __init__(self, sandbox: Any) -> None:
        self.top = sandbox.client()

    def step(self) -> None:
        with suppress(Lost, TopRefused, ValueError):
            reply = self.top.call(TAKE)
            for message in reply.get("messages", {}).get("tmc_message", []):
                content = json.loads(message["content"])
                self.handle(message["topic"], content)
                self.top.call(CONFIRM, s_message_ids=message["id"])

    def handle(self, topic: str, content: dict[str, Any]) -> None:
        if topic.startswith("taobao_dispute_"):
            self.work(content["refund_id"])

    def work(self, dispute_id: str) -> None:
        reply = self.top.call("tmall.exchange.get", dispute_id=dispute_id, fields="status")
        if reply["result"].get("exchange", {}).get("status") == "换货待处理":
            reply = self.top.call(AGREE, dispute_id=dispute_id, address_id=10000002)
            if not reply["result"]["success"]:
                raise ValueError("no stock: the message is not confirmed and comes again")


class ConfirmsUnread(Listener):
    """Confirms a message and does nothing about it."""

    def work(self, dispute_id: str) -> None:
        pass


class ActsUnseen(Listener):
    """Agrees by the topic, without a look."""

    def handle(self, topic: str, content: dict[str, Any]) -> None:
        if topic.endswith("RefundCreated"):
            self.top.call(AGREE, dispute_id=content["refund_id"], address_id=10000002)


class ReadsEveryTopic(Listener):
    """Takes every message for one about an exchange."""

    def handle(self, topic: str, content: dict[str, Any]) -> None:
        self.work(content["refund_id"])


class ConfirmsLate(Listener):
    """Looks every exchange up in its first round, and never again; confirms nothing."""

    rounds = 0

    def step(self) -> None:
        self.rounds += 1
        if self.rounds == 1:
            with suppress(ValueError):
                super().step()


def replay(client: Any, steps: list[dict[str, Any]], **options: Any) -> None:
    more = {"channels": ["messages"], **options}
    exchange_machine(client, handles=[1], write_to=None, **more).replay(steps)


LATE, OVERTAKEN = {"fault": "message_late", "by": "10m"}, {"fault": "message_overtaken"}
HONEST_STEPS: dict[str, list[dict[str, Any]]] = {
    "plain": [APPLY, {"client": 3}],
    "not confirmed": [APPLY, NOT_CONFIRMED, {"client": 1}, {"advance": "1h"}, {"client": 3}],
    "taken by nobody": [APPLY, TAKEN_BY_NOBODY, {"client": 3}, {"advance": "1h"}, {"client": 3}],
    "stray": [APPLY, {"client": 1}, STRAY, {"client": 3}],
    "older topics": [{"rules": {"refund_topics": True}}, APPLY, {"client": 4}],
    "forgotten": [APPLY, {"advance": "25h"}, {"client": 3}],
    "lost": [{"fault": "message_lost"}, APPLY, {"client": 4}],
    "late": [LATE, APPLY, {"client": 3}, {"advance": "10m"}, {"client": 3}],
    "overtaken": [OVERTAKEN, APPLY, {"client": 3}, {"advance": "10m"}, {"client": 3}],
    "twice": [{"fault": "message_twice"}, APPLY, {"client": 3}],
    "again": [{"fault": "message_twice", "as": "new_id"}, APPLY, {"client": 3}],
    "no stock at first": [
        {"buyer": "apply", "as": "e1", "status": 1, "num": 101},
        {"client": 2},
        {"stock": {"wanted": 101}},
        {"client": 3},
        {"advance": "5m"},
        {"client": 3},
    ],
    "stock after a day": [
        {"buyer": "apply", "as": "e1", "status": 1, "num": 101},
        {"advance": "23h"},
        {"client": 1},
        {"stock": {"wanted": 101}},
        {"client": 3},
    ],
    "looked up in an old state": [
        {"buyer": "apply", "as": "e1", "status": 6},
        {"buyer": "modify", "on": "e1"},
        {"fault": "stale_read", "method": "tmall.exchange.get", "times": None},
        {"client": 1},
        {"fault": "none"},
        {"client": 4},
    ],
    "moved on": [APPLY, {"buyer": "cancel", "on": "e1"}, {"client": 3}],
}


@pytest.mark.parametrize("steps", HONEST_STEPS.values(), ids=list(HONEST_STEPS))
def test_an_honest_listener_is_not_accused(steps: list[dict[str, Any]]) -> None:
    """Messages that come again, never arrive, are somebody else's or too old: no failure."""
    replay(Listener, steps)


def test_a_message_that_is_confirmed_and_not_worked_is_found() -> None:
    """The exchange waits, though a message has announced it."""
    with pytest.raises(AssertionError, match="waits at 1"):
        replay(ConfirmsUnread, [APPLY, {"client": 3}])


def test_a_listener_that_never_listens_is_found_by_what_waits_in_its_queue() -> None:
    """A message that it could have taken is its business."""
    with pytest.raises(AssertionError, match="waits at 1"):
        replay(lambda sandbox: lambda: None, [APPLY, {"client": 2}])


def test_a_message_that_is_not_due_again_is_nobody_s_business() -> None:
    """What was taken with a lost reply comes again after five minutes, and counts from then."""

    class Sleeps(Listener):
        rounds = 0

        def step(self) -> None:
            self.rounds += 1
            if self.rounds == 1:
                super().step()

    steps = [APPLY, TAKEN_BY_NOBODY, {"client": 4}]
    replay(Sleeps, steps)
    replay(Sleeps, [*steps, {"advance": "4m59s"}, {"client": 3}])
    with pytest.raises(AssertionError, match="waits at 1"):
        replay(Sleeps, [*steps, {"advance": "5m"}, {"client": 3}])


def test_what_no_message_tells_of_is_due_to_those_who_poll() -> None:
    """The buyer's return fires no topic: only a client that also asks for lists is accused."""
    steps = [
        {"buyer": "apply", "as": "e1", "status": 2},
        {"client": 1},
        {"buyer": "ship_back", "on": "e1"},
        {"advance": "1d"},
        {"client": 3},
    ]

    def play(*channels: str) -> None:
        exchange_machine(Listener, handles=[3], write_to=None, channels=channels).replay(steps)

    play("messages")
    with pytest.raises(AssertionError, match="waits at 3"):
        play("queries", "messages")


def test_a_write_by_a_message_alone_is_found_when_the_message_comes_again() -> None:
    """The second time the state does not allow it: a look would have shown that."""
    steps = [APPLY, NOT_CONFIRMED, {"client": 1}, {"advance": "1h"}, {"client": 1}]
    with pytest.raises(AssertionError, match="does not allow"):
        replay(ActsUnseen, steps)


def test_a_write_by_a_message_whose_exchange_has_moved_since_is_no_offence() -> None:
    """What the message said was true when it was sent."""
    replay(ActsUnseen, [APPLY, {"buyer": "cancel", "on": "e1"}, {"client": 1}])


def test_a_topic_of_others_breaks_who_reads_every_message() -> None:
    """A message about a trade has no refund_id."""
    with pytest.raises(KeyError, match="refund_id"):
        replay(ReadsEveryTopic, [STRAY, {"client": 1}])


def test_channels_have_names() -> None:
    """A channel that there is none of is refused with those that there are; so is no channel."""
    for channels in (["message"], []):
        with pytest.raises(BadDocument, match="messages"):
            exchange_machine(Listener, channels=channels)


@pytest.mark.parametrize("name", ["PushOnly", "PushFirst"])
def test_the_example_s_listeners_are_honest(name: str) -> None:
    """Lost confirmations, strays and older topics are borne, the buyer's return is polled."""
    steps = [
        APPLY,
        {"client": 1},
        STRAY,
        NOT_CONFIRMED,
        {"rules": {"refund_topics": True}},
        {"buyer": "ship_back", "on": "e1"},
        {"client": 1},
        {"advance": "1h"},
        {"client": 3},
    ]
    kind = CLIENTS[name]
    options: dict[str, Any] = {"write_to": None, **OPTIONS[name]}
    exchange_machine(lambda sandbox: make_client(kind, sandbox), **options).replay(steps)


def test_who_goes_by_messages_comes_back_by_the_clock() -> None:
    """After stock has come nothing tells the client: it is accused a day later, not at once."""
    steps = [
        {"stock": {"wanted": 0}},
        APPLY,
        {"client": 1},
        {"stock": {"wanted": 1}},
        {"client": 3},
    ]
    both: dict[str, Any] = {"channels": ["queries", "messages"]}
    kind = CLIENTS["PushFirst"]
    machine = exchange_machine(lambda sandbox: make_client(kind, sandbox), write_to=None, **both)
    machine.replay([*steps, {"advance": "25h"}, {"client": 3}])
    replay(ConfirmsLate, steps, **both)
    with pytest.raises(AssertionError, match="waits at 1"):
        replay(ConfirmsLate, [*steps, {"advance": "25h"}, {"client": 3}], **both)


@pytest.mark.parametrize("name", ["PushOnly", "PushFirst"])
def test_messages_of_another_shop_are_for_its_session(name: str) -> None:
    """One queue has the messages of all shops: who ignores whose it is asks for a strange id."""
    world = {"shops": [{}, {"nick": "分店"}]}
    steps = [{**APPLY, "shop": "分店"}, {"client": 3}]
    kind = CLIENTS[name]
    options: dict[str, Any] = {"world": world, "write_to": None, **OPTIONS[name]}
    exchange_machine(lambda sandbox: make_client(kind, sandbox), **options).replay(steps)
    with pytest.raises(AssertionError, match="an id that does not exist"):
        replay(Listener, steps, world=world)
