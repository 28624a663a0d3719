"""With a client under test the seller's part is awaited.

Here the client acts whenever the runner waits.
"""

from collections.abc import Callable

import pytest

from mockserver.control.in_process import in_process_targets
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.server import make_context

AGREE = ("tmall.exchange.agree", {"address_id": 10000002})
TAKE = ("tmall.exchange.returngoods.agree", {})
SHIP = (
    "tmall.exchange.consigngoods",
    {"logistics_no": "SF1234567890", "logistics_type": 200, "logistics_company_name": "顺丰快递"},
)
WHOLE = """\
scenario: x
given: {clock: 2026-03-01 10:00:00}
steps:
  - buyer: apply
  - seller: agree
    expect: {status: 2, due_in: 7d, deadline: 2026-03-08 10:00:00, stock.wanted: {reserved: 1}}
  - advance: 2026-03-03 10:00:00
  - expect: {due_in: 5d, deadline: 2026-03-08 10:00:00, now: 2026-03-03 10:00:00}
  - buyer: ship_back
  - seller: returngoods_agree
    expect: {status: 12, moved_by: seller, due_in: 3d, events: [apply, agree, ship_back, returngoods_agree]}
  - seller: consigngoods
    expect: {status: 待买家收货}
  - advance: deadline
  - expect: {status: 5, moved_by: system}
"""  # noqa: E501


@pytest.fixture
def tested() -> Callable:
    """Plays a scenario whose client makes the next of `calls` in each pause.

    A tuple of calls is made in one breath.
    """

    def play(text: str, *calls, alive: bool = True):
        target = in_process_targets(make_context())(
            {**(scenario := read_scenario(text, "x")).world, "clock": {"mode": "frozen"}}
        )
        left = list(calls)
        clock = [0.0]

        def pause(seconds: float) -> None:
            clock[0] += seconds
            made = left.pop(0) if left else ()
            for method, params in (
                made if made and isinstance(made[0], tuple) else [made] if made else []
            ):
                dispute_id = target.ask("GET", "exchanges")["items"][0]["dispute_id"]
                target.call(method, {"dispute_id": dispute_id, **params}, target.info["session"])

        waiting = ClientWaiter(lambda: clock[0], pause, alive=lambda: alive)
        return run_scenario(scenario, target, RunSettings(waiter=waiting, client=True))

    return play


def test_a_client_plays_the_seller(tested):
    """Instants of the scenario hold at the real time, where data gets older instead."""
    result = tested(WHOLE, AGREE, TAKE, SHIP)
    assert (result.outcome, result.trouble) == ("passed", None)


def test_a_client_may_be_ahead_of_the_scenario(tested):
    """A client that ships as soon as it has the goods passes.

    The state between is reported by the events.
    """
    result = tested(WHOLE, AGREE, (TAKE, SHIP))
    assert (result.outcome, result.trouble) == ("passed", None)


def test_what_facts_tell_of_a_passed_state_is_still_checked(tested):
    """A wrong status of a state that the client has left behind fails."""
    wrong = WHOLE.replace(
        "events: [apply, agree, ship_back, returngoods_agree]", "events: [apply, agree]"
    )
    result = tested(wrong, AGREE, (TAKE, SHIP))
    assert (result.outcome, result.trouble.line) == ("failed", 11)


def test_a_client_that_does_nothing_breaks_the_scenario(tested):
    """The step that waits is named, with the method that was awaited."""
    result = tested(WHOLE)
    assert (result.outcome, result.trouble.line) == ("broken", 5)
    assert "tmall.exchange.agree" in result.trouble.zh


def test_a_client_that_has_ended_is_waited_for_no_longer(tested):
    """The scenario breaks at once and says so."""
    result = tested(WHOLE, alive=False)
    assert (result.outcome, "已经退出" in result.trouble.zh) == ("broken", True)


REFUSED = """\
scenario: x
given: {goods: {wanted: {stock: 0}}}
steps:
  - buyer: apply
  - seller: agree
    refused: no_stock
"""


@pytest.mark.parametrize(
    ("refusal", "outcome"), [("no_stock", "passed"), ("true", "passed"), ("wrong_state", "failed")]
)
def test_a_refused_step_is_a_failed_call_of_the_client(tested, refusal, outcome):
    """The client's call must fail, and for the reason that the scenario names."""
    assert tested(REFUSED.replace("no_stock", refusal), AGREE).outcome == outcome


def test_a_platform_error_can_be_awaited(tested):
    """A step refused by a code waits for a call that the gateway refused."""
    scenario = "scenario: x\nsteps:\n  - buyer: apply\n  - seller: agree\n    refused: 41\n"
    assert tested(scenario, ("tmall.exchange.agree", {"address_id": "x"})).ok


def test_a_move_without_a_method_is_played(tested):
    """Nothing is awaited of a client where the platform has no method for the move."""
    scenario = (
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "    status: 12\n"
        "  - seller: turn_to_refund\n"
        "  - expect: {status: 14}\n"
    )
    assert tested(scenario).ok


RESTORED = """\
scenario: x
given: {clock: 2026-03-01 10:00:00}
steps:
  - buyer: apply
  - seller: agree
  - buyer: ship_back
  - call: tmall.exchange.get
    with: {dispute_id: $it}
    keep: {applied: result.exchange.created}
  - snapshot: back
  - seller: returngoods_agree
  - advance: 1h
  - expect: {now: 2026-03-01 11:00:00, status: 12, due_in: 2d23h}
  - restore: back
  - expect: {now: 2026-03-01 10:00:00, status: 3, exchange: {created: $applied}}
  - seller: returngoods_agree
    expect: {status: 12, due_in: 3d}
"""


def test_after_a_restore_the_client_is_awaited_again(tested):
    """What the client did since the snapshot is gone; the time is that of the snapshot."""
    result = tested(RESTORED, AGREE, TAKE, TAKE)
    assert result.trouble is None
    assert tested(RESTORED, AGREE, TAKE).outcome == "broken"
