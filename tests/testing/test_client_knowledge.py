"""What a client could not know is not held against it; what it could know is."""

from contextlib import suppress
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Lost
from mockserver.testing import exchange_machine

AGREE = "tmall.exchange.agree"
LIST = "tmall.exchange.receive.get"


class Seller:
    """Agrees to what waits; failures are for the next round."""

    page_size: ClassVar[int] = 50

    def __init__(self, sandbox: Any) -> None:
        self.top = sandbox.client()

    def list_waiting(self) -> list[str]:
        fields = {"fields": "dispute_id,status", "page_size": self.page_size}
        rows = self.top.call(LIST, **fields).get("results", {}).get("exchange", [])
        return [row["dispute_id"] for row in rows if row["status"] == "换货待处理"]

    def agree(self, dispute_id: str) -> None:
        self.top.call(AGREE, dispute_id=dispute_id, address_id=10000002)

    def step(self) -> None:
        with suppress(Lost, TopRefused, ValueError):
            for dispute_id in self.list_waiting():
                self.agree(dispute_id)


class Queues(Seller):
    """Acts a round after it looked."""

    queue: tuple[str, ...] = ()

    def step(self) -> None:
        with suppress(Lost, TopRefused, ValueError):
            for dispute_id in self.queue:
                self.agree(dispute_id)
        self.queue = ()
        with suppress(Lost, TopRefused, ValueError):
            self.queue = tuple(self.list_waiting())


class FirstRowOnly(Seller):
    """Never sees more than one row: the newest of a page, and no other page."""

    page_size = 1


def machine(client: Any, steps: list[dict[str, Any]], **options: Any) -> None:
    exchange_machine(client, handles=[1], write_to=None, **options).replay(steps)


APPLY = {"buyer": "apply", "as": "e1", "status": 1}


@pytest.mark.parametrize("between", [{"buyer": "cancel", "on": "e1"}, {"advance": "2d"}])
def test_a_move_that_became_illegal_is_no_mistake(between: dict[str, Any]) -> None:
    """Between look and write the buyer cancels, or the deadline comes: nobody is accused."""
    machine(Queues, [APPLY, {"client": 1}, between, {"client": 2}])


def test_a_move_that_was_illegal_when_it_looked_is_a_mistake() -> None:
    """A client that agrees to what it was shown as agreed is accused."""

    class Again(Queues):
        def list_waiting(self) -> list[str]:
            fields = {"fields": "dispute_id,status"}
            rows = self.top.call(LIST, **fields).get("results", {}).get("exchange", [])
            return [row["dispute_id"] for row in rows]

    with pytest.raises(AssertionError, match="a move that the state does not allow"):
        machine(Again, [APPLY, {"client": 3}])


FAULTS = {
    "limited": {"fault": "limited", "seconds": 60, "times": None},
    "isp": {"fault": "platform_error", "times": None},
    "lost": {"fault": "refused_reply_lost", "times": None},
    "hidden": {"fault": "late_rows", "by": "30s", "times": None},
    "5xx": {"fault": "gateway_5xx", "times": None},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_rounds_that_the_platform_does_not_answer_do_not_count(fault: str) -> None:
    """However many rounds it had: a client that gets no true answer leaves nothing lying."""
    machine(Seller, [APPLY, {"client": 6}], world={"faults": [FAULTS[fault]]})


def test_once_the_platform_answers_the_rounds_count() -> None:
    """A client that does nothing is accused when it had two answered rounds after the faults."""

    class Idle(Seller):
        def agree(self, dispute_id: str) -> None:
            pass

    steps = [APPLY, {"client": 2}, {"fault": "none"}, {"client": 1}]
    machine(Idle, [*steps, {"client": 1}], world={"faults": [FAULTS["isp"]]})
    with pytest.raises(AssertionError, match="waits at 1"):
        machine(Idle, [*steps, {"client": 2}], world={"faults": [FAULTS["isp"]]})


def test_what_was_never_shown_is_due_after_a_day() -> None:
    """A row that the client has not asked for is its business when a day has passed."""
    steps = [
        {"buyer": "apply", "as": "e1", "status": 1},
        {"advance": "1h"},
        {"buyer": "apply", "as": "e2", "num": 101, "status": 1},
        {"client": 4},
    ]
    machine(FirstRowOnly, steps)
    with pytest.raises(AssertionError, match="waits at 1"):
        machine(FirstRowOnly, [*steps, {"advance": "1d"}, {"client": 2}])


def test_a_look_that_a_fault_made_stale_is_none() -> None:
    """A client that acts on a stale list is not accused of the illegal move."""
    steps = [APPLY, {"client": 1}, {"fault": "stale_read", "method": LIST}, {"client": 1}]
    machine(Seller, steps)


def test_the_end_of_a_run_is_quiet() -> None:
    """A world full of faults still finds a client that leaves an exchange lying."""

    class Idle(Seller):
        def agree(self, dispute_id: str) -> None:
            pass

    with pytest.raises(AssertionError, match="waits at 1"):
        run_state_machine_as_test(
            exchange_machine(
                Idle,
                handles=[1],
                write_to=None,
                world={"faults": [{"fault": "platform_error", "times": None}]},
            ),
            settings=settings(
                max_examples=20,
                stateful_step_count=10,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            ),
        )


TWO_SHOPS = {"shops": [{}, {"nick": "分店"}]}
AT_THE_OTHER = {**APPLY, "shop": "分店"}


def test_another_shop_is_nobody_s_business_until_its_session_is_used() -> None:
    """A client of one shop is not accused; one that looks into both has to work both."""

    class LooksIntoBoth(Seller):
        def __init__(self, sandbox: Any) -> None:
            super().__init__(sandbox)
            self.other = sandbox.client()
            self.other.session = sandbox.shops[1]["session"]

        def step(self) -> None:
            super().step()
            self.other.call(LIST, fields="dispute_id,status")

    steps = [AT_THE_OTHER, {"client": 3}]
    machine(Seller, steps, world=TWO_SHOPS)
    with pytest.raises(AssertionError, match="waits at 1"):
        machine(LooksIntoBoth, steps, world=TWO_SHOPS)


@pytest.mark.slow
def test_the_play_world_opens_exchanges_at_every_shop() -> None:
    """With two shops in the world both get applications."""
    nicks: set[str] = set()

    def note_shops(client: Any, sandbox: Any) -> None:
        nicks.update(document["shop"] for document in sandbox.newest_exchanges(10)[1])

    plays = ("buyer", "world")
    options = {"world": TWO_SHOPS, "invariants": [note_shops], "write_to": None}
    run_state_machine_as_test(
        exchange_machine(Seller, handles=[1], plays=plays, **options),
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert nicks == {"换货联调旗舰店", "分店"}
