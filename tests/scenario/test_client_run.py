"""Around a client that is held between its turns: what its profile leaves out is played for it."""

from collections.abc import Callable

import pytest

from mockserver.control.in_process import in_process_targets
from mockserver.scenario.client_run import ClientRun
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.report import says_something
from mockserver.scenario.run_settings import ClientProfile, RunSettings
from mockserver.server import make_context

AGREE = "tmall.exchange.agree"
REFUSE = "tmall.exchange.refuse"
TAKE = "tmall.exchange.returngoods.agree"
SHIP = "tmall.exchange.consigngoods"
PARAMS = {
    AGREE: {"address_id": 10000002},
    REFUSE: {"seller_refuse_reason_id": 1101},
    TAKE: {},
    SHIP: {"logistics_no": "YT1", "logistics_type": 200, "logistics_company_name": "圆通速递"},
}
WORKS_AT = {1: AGREE, 3: TAKE, 12: SHIP}
SELLER = ClientProfile(
    methods=frozenset({AGREE, TAKE, SHIP, "tmall.exchange.receive.get"}),
    handles=frozenset({1, 3, 12}),
    quiet_seconds=1.0,
    quiet_calls=2,
)


class Client:
    """A seller's client that works on every exchange, one call at a time, while it is its turn."""

    def __init__(self, target, works_at) -> None:
        self.target = target
        self.works_at = works_at
        self.acting = False
        self.starts = 1

    def go(self) -> None:
        self.acting = True

    def hold(self) -> None:
        self.acting = False

    def forget(self) -> None:
        self.starts += 1

    def act(self) -> None:
        assert self.acting, "a client that is held does nothing"
        session = self.target.info["session"]
        self.target.call("tmall.exchange.receive.get", {"fields": "status"}, session)
        for exchange in self.target.ask("GET", "exchanges")["items"]:
            method = self.works_at.get(exchange["status"])
            if method:
                params = {"dispute_id": exchange["dispute_id"], **PARAMS[method]}
                self.target.call(method, params, session)
                return


@pytest.fixture
def play() -> Callable:
    """Run a scenario around a client that does `works_at`: methods by status."""

    def run(steps: str, works_at=WORKS_AT, profile=SELLER, world="goods: {wanted: {stock: 2}}"):
        text = f"scenario: x\ngiven: {{{world}}}\nsteps:\n{steps}"
        scenario = read_scenario(text, "x")
        target = in_process_targets(make_context())({**scenario.world, "clock": {"mode": "frozen"}})
        client = Client(target, works_at)
        clock = [0.0]

        def pause(seconds: float) -> None:
            clock[0] += 0.1
            client.act()

        waiter = ClientWaiter(lambda: clock[0], pause)
        settings = RunSettings(waiter=waiter, client=True)
        result = ClientRun(scenario, target, settings, profile, client).run()
        assert not client.acting
        return result, clock[0]

    return run


WHOLE = """\
  - buyer: apply
  - seller: agree
  - buyer: ship_back
  - seller: returngoods_agree
  - seller: consigngoods
    logistics_no: SF1362000000001
    logistics_company_name: 顺丰速运
    expect: {status: 13, exchange: {seller_logistic_no: SF1362000000001}}
"""


def test_its_own_waybill_is_a_free_choice(play) -> None:
    """Three steps are the client's; a waybill that it has chosen otherwise is no mistake."""
    result, _ = play(WHOLE)
    assert (result.outcome, result.client_steps, result.trouble) == ("passed", 3, None)


def test_it_does_nothing_until_its_turn(play) -> None:
    """An application that the buyer cancels at once is still there to cancel."""
    steps = "  - buyer: apply\n  - buyer: cancel\n  - buyer: apply\n  - seller: agree\n"
    result, _ = play(steps + "  - expect: {exchanges: {4: 1, 2: 1}}\n")
    assert (result.outcome, result.client_steps) == ("passed", 1)


def test_what_it_does_not_do_is_played(play) -> None:
    """A refusal is played for a client that never refuses; the next application is its own."""
    steps = "  - buyer: apply\n  - seller: refuse\n    expect: {status: 4}\n"
    result, _ = play(steps + "  - buyer: apply\n  - seller: agree\n    expect: {status: 2}\n")
    assert (result.outcome, result.client_steps) == ("passed", 1)


def test_without_a_part_it_does_not_apply(play) -> None:
    """What passes with a client that does nothing says nothing, and names what was played."""
    result, _ = play("  - buyer: apply\n  - seller: refuse\n    expect: {status: 4}\n")
    assert (result.outcome, result.client_steps) == ("inapplicable", 0)
    assert result.ok
    assert REFUSE in result.trouble.en


def test_another_legal_way_does_not_apply(play) -> None:
    """A client that agrees where the scenario's seller refuses is not broken; its move is named."""
    both = ClientProfile(methods=SELLER.methods | {REFUSE}, handles=SELLER.handles, quiet_calls=2)
    steps = "  - buyer: apply\n  - seller: refuse\n    expect: {status: 4}\n"
    result, _ = play(steps, profile=both)
    assert result.outcome == "inapplicable"
    assert "agree" in result.trouble.en
    assert "tmall.exchange.refuse" in result.trouble.en


def test_a_method_that_it_never_calls_does_not_apply(play) -> None:
    """A scenario that waits for such a call does not apply, and does not wait."""
    result, seconds = play("  - buyer: apply\n  - await: {call: tmall.exchange.messages.get}\n")
    assert (result.outcome, seconds) == ("inapplicable", 0)
    assert "tmall.exchange.messages.get" in result.trouble.zh


def test_a_wait_ends_when_it_is_quiet(play) -> None:
    """A client that looks and moves nothing is waited for as long as its profile says: broken."""
    result, seconds = play("  - buyer: apply\n  - seller: agree\n", works_at={})
    assert (result.outcome, result.unmet, says_something(result)) == ("broken", True, True)
    assert AGREE in result.trouble.en
    assert 0.9 < seconds < 2


def test_of_a_client_that_did_nothing_in_the_probe_nothing_is_said(play) -> None:
    """It is asked for everything; what it does not do says nothing about a correct client."""
    unknown = ClientProfile(asks_all=True)
    result, _ = play("  - buyer: apply\n  - seller: agree\n", works_at={}, profile=unknown)
    assert (result.outcome, result.unmet, says_something(result)) == ("broken", False, False)


@pytest.mark.parametrize("status", [2, 4, 12, 13])
def test_how_an_opening_came_to_its_status_is_not_its_way(play, status) -> None:
    """Moves of a seller before the opening are nobody's under test: what it leaves out fails."""
    steps = f"  - buyer: apply\n    status: {status}\n  - buyer: apply\n  - seller: agree\n"
    for works_at in ({}, {12: SHIP}):  # nor does work on one excuse that another is left lying
        result, _ = play(steps, works_at=works_at)
        assert (result.outcome, result.unmet) == ("broken", True)
        assert AGREE in result.trouble.en


def test_the_last_unit_given_to_another_exchange_is_another_legal_way(play) -> None:
    """The newer application is to be agreed to; a client may prefer the older one."""
    world = "goods: {wanted: {stock: 1}}"
    steps = "  - buyer: apply\n  - buyer: apply\n  - seller: agree\n"
    result, _ = play(steps, world=world)
    assert (result.outcome, result.unmet) == ("inapplicable", True)


def test_what_it_leaves_lying_fails(play) -> None:
    """At the end it has to move on what it handles; with a status that it skips it fails."""
    steps = "  - buyer: apply\n    status: 12\n"
    result, _ = play(steps, works_at={1: AGREE, 3: TAKE})
    assert result.outcome == "failed"
    assert "12" in result.trouble.en
    result, _ = play(steps)
    assert (result.outcome, result.client_steps) == ("passed", 1)


@pytest.mark.parametrize(
    ("world", "steps"),
    [
        ("goods: {wanted: {stock: 0}}", "  - buyer: apply\n"),
        ("goods: {wanted: {stock: 2}}", "  - buyer: apply\n    status: 2\n"),
        ("goods: {wanted: {stock: 2}}", "  - buyer: apply\n  - fault: limited\n"),
    ],
)
def test_what_it_cannot_move_on_is_not_left_lying(play, world, steps) -> None:
    """Sold out, waiting for the buyer, under a planned fault: nobody is accused."""
    result, _ = play(steps, works_at={}, world=world)
    assert result.outcome == "inapplicable"


def test_a_refusal_that_only_a_mistake_meets_is_played(play) -> None:
    """No correct client ships in the wrong status, so nobody waits for it to do so."""
    steps = "  - buyer: apply\n    status: 2\n  - seller: consigngoods\n    refused: wrong_state\n"
    result, seconds = play(steps)
    assert (result.outcome, seconds) == ("inapplicable", 0)


def test_no_stock_is_met_or_played(play) -> None:
    """A client that tries is refused; for one that looks first the refusal is played."""
    steps = "  - buyer: apply\n  - seller: agree\n    refused: no_stock\n"
    world = "goods: {wanted: {stock: 0}}"
    result, _ = play(steps, world=world)
    assert (result.outcome, result.client_steps) == ("passed", 1)
    result, _ = play(steps, works_at={}, world=world)
    assert (result.outcome, result.client_steps) == ("inapplicable", 0)


def test_an_expectation_that_does_not_hold_still_fails(play) -> None:
    """With the client's part done as written, a wrong stock is a failure and no other way."""
    steps = "  - buyer: apply\n  - seller: agree\n    expect: {stock.wanted: {reserved: 7}}\n"
    result, _ = play(steps)
    assert (result.outcome, result.trouble.expected) == ("failed", 7)
