"""Checks of what a client makes of replies, each beside an honest client that comes close."""

import json
from contextlib import suppress
from typing import Any

import pytest

from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Lost
from mockserver.testing import exchange_machine

AGREE = "tmall.exchange.agree"
SHIP = "tmall.exchange.consigngoods"
GET = "tmall.exchange.get"
APPLY = {"buyer": "apply", "as": "e1", "status": 1}
OTHER = {"buyer": "apply", "as": "e2", "status": 1}
TO_SHIP = {"buyer": "apply", "as": "e1", "status": 12}
LOST = {"fault": "reply_lost", "method": AGREE}


class Seller:
    """Reads every exchange and does what waits; keeps the statuses that it read."""

    address_id = 10000002
    company = "顺丰速运"

    def __init__(self, sandbox: Any) -> None:
        self.top = sandbox.client()
        self.book: dict[str, str] = {}

    def step(self) -> None:
        with suppress(Lost, TopRefused):
            reply = self.top.call("tmall.exchange.receive.get", fields="dispute_id,status")
            rows = reply.get("results", {}).get("exchange", [])
            self.book |= {row["dispute_id"]: row["status"] for row in rows}
        for dispute_id, status in self.book.items():
            with suppress(Lost, TopRefused):
                self.work(dispute_id, status)

    def work(self, dispute_id: str, status: str) -> None:
        if status == "换货待处理":
            self.top.call(AGREE, dispute_id=dispute_id, address_id=self.address_id)
        elif status == "待发出换货商品":
            parcel = {"logistics_no": "SF1234567", "logistics_company_name": self.company}
            self.top.call(SHIP, dispute_id=dispute_id, logistics_type=200, **parcel)


def replay(client: Any, steps: list[dict[str, Any]], check: str, **options: Any) -> None:
    machine = exchange_machine(client, handles=[1, 12], check=[check], write_to=None, **options)
    machine.replay(steps)


class FirstAddress(Seller):
    address_id = 10000001


class CodeAsName(Seller):
    company = "SF"


@pytest.mark.parametrize(("client", "steps"), [(FirstAddress, [APPLY]), (CodeAsName, [TO_SHIP])])
def test_a_wrong_target_is_found(client: Any, steps: list[dict[str, Any]]) -> None:
    """Another address than the return default, and a carrier's code in place of its name."""
    steps = [*steps, {"client": 1}]
    replay(Seller, steps, "wrong_target")
    with pytest.raises(AssertionError, match="in production"):
        replay(client, steps, "wrong_target")


def test_calls_in_a_ban_are_found_within_one_round_only() -> None:
    """A client that stops for the round is honest, one that goes on is not."""

    class Stops(Seller):
        def step(self) -> None:
            with suppress(TopRefused):
                for dispute_id, status in self.book.items():
                    self.work(dispute_id, status)
                super().step()

        def work(self, dispute_id: str, status: str) -> None:
            self.top.call(GET, dispute_id=dispute_id, fields="status")

    class GoesOn(Stops):
        def work(self, dispute_id: str, status: str) -> None:
            with suppress(TopRefused):
                super().work(dispute_id, status)

    steps = [APPLY, OTHER, {"client": 1}, {"fault": "limited", "method": GET}, {"client": 2}]
    replay(Stops, steps, "offences")
    with pytest.raises(AssertionError, match="called on in a ban"):
        replay(GoesOn, steps, "pressed_on")


def test_a_lost_write_that_is_never_looked_at_is_found() -> None:
    """A client that reads the exchange again has not given up."""

    class GivesUp(Seller):
        def step(self) -> None:
            if not self.book:
                super().step()

    class LooksAtStatusOnly(GivesUp):
        def step(self) -> None:
            super().step()
            for dispute_id in self.book:
                self.top.call(GET, dispute_id=dispute_id, fields="status")

    steps = [APPLY, LOST, {"client": 4}]
    replay(Seller, steps, "gave_up")
    replay(GivesUp, [APPLY, {"client": 4}], "gave_up")
    replay(LooksAtStatusOnly, [*steps, {"advance": "1d"}, {"client": 3}], "gave_up")
    with pytest.raises(AssertionError, match="never looked again"):
        replay(GivesUp, [*steps, {"advance": "1d"}, {"client": 3}], "gave_up")


def test_a_belief_that_the_platform_does_not_share_is_found() -> None:
    """After quiet the book of a client that reads is right, that of one that stopped is not."""

    class Reads(Seller):
        def step(self) -> None:
            super().step()
            super().step()

    class Stale(Seller):
        def step(self) -> None:
            before = dict(self.book)
            super().step()
            self.book |= before

    for kind in (Reads, Stale):
        setattr(kind, "known", lambda self: self.book)  # noqa: B010 - the name that users type
    steps = [APPLY, {"client": 4}]
    replay(Reads, steps, "converged")
    with pytest.raises(AssertionError, match="the client believes"):
        replay(Stale, steps, "converged")


def test_what_a_known_raises_is_the_clients_failure() -> None:
    """A `known()` that cannot be read fails the run in words."""

    class Broken(Seller):
        pass

    setattr(Broken, "known", lambda self: {"x": 1})  # noqa: B010 - the name that users type
    with pytest.raises(ValueError, match="invalid literal"):
        replay(Broken, [APPLY, {"client": 4}], "converged")


def test_an_exchange_that_comes_back_is_to_be_handled_again() -> None:
    """One that skips what it has done once is found; its first round is not blamed."""

    class Once(Seller):
        def work(self, dispute_id: str, status: str) -> None:
            if dispute_id not in vars(self).setdefault("done", set()):
                super().work(dispute_id, status)
                self.done.add(dispute_id)

    steps = [
        APPLY,
        {"client": 1},
        {"buyer": "ship_back", "on": "e1"},
        {"seller": "returngoods_refuse", "on": "e1"},
        {"buyer": "modify", "on": "e1", "num": 2},
        {"client": 3},
    ]
    replay(Seller, steps, "unhandled")
    with pytest.raises(AssertionError, match="came back to 1"):
        replay(Once, steps, "unhandled")


class Listener(Seller):
    """Takes messages of the channel: each is a reason to read that exchange."""

    def step(self) -> None:
        for _ in range(2):
            reply = self.top.call("taobao.tmc.messages.consume")
            for message in reply.get("messages", {}).get("tmc_message", []):
                self.read(str(json.loads(message["content"])["refund_id"]))
                self.top.call("taobao.tmc.messages.confirm", s_message_ids=message["id"])
            for dispute_id, status in tuple(self.book.items()):
                with suppress(Lost, TopRefused):
                    self.work(dispute_id, status)

    def read(self, dispute_id: str) -> None:
        reply = self.top.call(GET, dispute_id=dispute_id, fields="status")
        self.book[dispute_id] = reply["result"]["exchange"]["status"]


setattr(Listener, "known", lambda self: self.book)  # noqa: B010 - the name that users type


class Reconciler(Listener):
    """Reads the list besides, since a message may never come."""

    def step(self) -> None:
        super().step()
        Seller.step(self)
        Seller.step(self)


UNHEARD = [
    {"fault": "message_lost"},
    {"buyer": "apply", "as": "e1"},
    {"advance": "1d1s"},
    {"client": 4},
]


def test_a_client_that_reconciles_converges_without_a_message() -> None:
    """The verdict is by the queries: who also reads the list knows the exchange."""
    replay(Reconciler, UNHEARD, "converged", plays=["buyer", "time", "messages"])


def test_a_client_of_messages_alone_does_not_converge() -> None:
    """After a lost message it does not have the exchange, though a day has passed."""
    with pytest.raises(AssertionError, match="the client does not have it"):
        replay(Listener, UNHEARD, "converged", plays=["buyer", "time", "messages"])


@pytest.mark.parametrize(
    "fault", [{"fault": "message_twice"}, {"fault": "message_overtaken"}, {"fault": "message_late"}]
)
def test_other_faults_of_messages_end_well_for_both(fault: dict[str, Any]) -> None:
    """Who reads what a message is about bears repeats and another order."""
    steps = [APPLY, {"client": 1}, fault, {"buyer": "cancel", "on": "e1"}, {"advance": "10m"}]
    for client in (Listener, Reconciler):
        replay(client, [*steps, {"client": 4}], "converged", plays=["buyer", "time", "messages"])
