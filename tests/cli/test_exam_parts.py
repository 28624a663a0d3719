"""Whose calls the exam judges: those of the client, not those that the machine makes as staff."""

from types import SimpleNamespace

import pytest

from mockserver import Sandbox, Server
from mockserver.cli.command_client import CommandClient
from mockserver.cli.exam_parts import Habits

CONSIGN = "tmall.exchange.consigngoods"
WAYBILL = {"logistics_no": "SF1", "logistics_type": 200, "logistics_company_name": "顺丰快递"}


@pytest.fixture
def sandbox() -> Sandbox:
    """Shipped twice with different waybills and no look between, which is an error of the audit."""
    sandbox = Sandbox()
    exchange = sandbox.open(status="待发出换货商品")
    sandbox.faults.add("reply_lost", method=CONSIGN)
    seller = sandbox.client()
    for number in ("SF1", "SF2"):
        try:
            seller.call(
                CONSIGN, dispute_id=exchange.dispute_id, **{**WAYBILL, "logistics_no": number}
            )
        except Exception:  # lost, then refused: what the journal has counts
            continue
    return sandbox


def list_failed(habits: Habits) -> set[str]:
    """The rules that were broken."""
    return {item.id for item in habits.describe() if item.outcome == "failed"}


def test_calls_of_the_client_are_judged(sandbox: Sandbox) -> None:
    """A finding whose calls are all the client's counts."""
    habits = Habits()
    own = {call["request_id"] for call in sandbox.requests()}
    habits.watch(SimpleNamespace(own_requests=own), sandbox)
    assert "double_shipment" in list_failed(habits)


def test_a_call_of_the_staff_is_no_mistake_of_the_client(sandbox: Sandbox) -> None:
    """A finding counts no more as soon as one of its calls is somebody else's."""
    habits = Habits()
    newest, *own = [call["request_id"] for call in sandbox.requests()]
    habits.watch(SimpleNamespace(own_requests=set(own)), sandbox)
    assert newest
    assert "double_shipment" not in list_failed(habits)


@pytest.mark.slow
def test_a_round_knows_its_calls() -> None:
    """What was called before the round by others is not the client's."""
    with Server() as server:
        sandbox = server.sandbox()
        sandbox.client().call("taobao.time.get")
        call = 'curl -s "$TOP_SERVER_URL" -d method=taobao.time.get -d app_key=$TOP_APP_KEY'
        command = f"{call} > /dev/null; echo round; echo round; sleep 60"
        client = CommandClient(command, round_line="round")
        try:
            rounds = client(sandbox)
            rounds.step()
        finally:
            client.stop()
        newest, before = (call["request_id"] for call in sandbox.requests())
    assert rounds.own_requests == {newest}
    assert before != newest
