"""The handle that users hold: the same in process and over HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mockserver import Sandbox, Server
from mockserver.client.control_client import ControlRefused


@pytest.fixture(params=["in process", "over http"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh sandbox, with and without a socket."""
    if request.param == "in process":
        yield Sandbox(goods={"wanted": {"stock": 2}})
        return
    with Server() as server:
        yield server.sandbox(goods={"wanted": {"stock": 2}})


def test_a_sandbox_is_frozen_unless_asked(sandbox: Sandbox) -> None:
    """The clock stands at 2026-03-01 10:00:00."""
    assert f"{sandbox.clock.now:%F %T}" == "2026-03-01 10:00:00"


def test_both_parties_play_a_whole_exchange(sandbox: Sandbox) -> None:
    """Moves of buyer and seller lead from 换货待处理 to 换货成功.

    The sub-account's move is recorded as its own.
    """
    exchange = sandbox.open(reason="尺码不合适")
    sandbox.seller.agree(exchange, leave_message="同意")
    sandbox.buyer.ship_back(exchange, logistics_no="SF0001112223")
    sandbox.sub_seller.returngoods_agree(exchange)
    sandbox.seller.consigngoods()
    sandbox.buyer.confirm_receipt()
    assert (exchange.status, exchange.status_text, exchange.deadline) == (5, "换货成功", None)
    assert [event["sub"] for event in exchange.timeline] == [
        False,
        False,
        False,
        True,
        False,
        False,
    ]
    assert [message["content"] for message in exchange.messages][1] == "同意"
    assert repr(exchange) == f"<Exchange {exchange.dispute_id}>"


def test_customer_service_judges(sandbox: Sandbox) -> None:
    """The field `for` is given as `for_`."""
    exchange = sandbox.open(status=6)
    sandbox.buyer.ask_cs(exchange)
    sandbox.cs.step_in(exchange)
    sandbox.cs.judge(exchange, for_="seller")
    assert exchange.status == 4


def test_the_system_acts_at_once(sandbox: Sandbox) -> None:
    """`system.expire` acts as if the deadline had come."""
    exchange = sandbox.open()
    sandbox.system.expire(exchange)
    assert exchange.status == 2


def test_an_unknown_move_names_the_known_ones(sandbox: Sandbox) -> None:
    """A mistyped move is an AttributeError that lists what the party can do."""
    with pytest.raises(AttributeError, match="ship_back"):
        sandbox.buyer.shipback()


def test_a_move_needs_an_exchange(sandbox: Sandbox) -> None:
    """Without any exchange open, a move says so."""
    with pytest.raises(ValueError, match="no exchange is open"):
        sandbox.buyer.cancel()


def test_refusals_carry_the_problem(sandbox: Sandbox) -> None:
    """An impossible move raises with status, present state and what is possible."""
    sandbox.open()
    with pytest.raises(ControlRefused) as refused:
        sandbox.buyer.confirm_receipt()
    assert (refused.value.status, refused.value.problem["status_now"]) == (409, 1)
    assert "agree" in refused.value.problem["possible"]["seller"]


def test_time_is_driven(sandbox: Sandbox) -> None:
    """advance, age, freeze and run move the clock; what fires is returned."""
    exchange = sandbox.open(status=2)
    assert [deadline["dispute_id"] for deadline in sandbox.clock.deadlines] == [exchange.dispute_id]
    assert sandbox.clock.advance(timedelta(days=6)) == []
    assert [event["to"] for event in sandbox.clock.age(to="next")] == [4]
    assert f"{sandbox.clock.now:%F %T}" == "2026-03-07 10:00:00"
    sandbox.clock.freeze("2026-04-01 00:00:00")
    assert f"{sandbox.clock.now:%F %T}" == "2026-04-01 00:00:00"
    sandbox.clock.run("2026-05-01 00:00:00")
    assert f"{sandbox.clock.now:%F}" == "2026-05-01"


def test_robots_live_on_their_own(sandbox: Sandbox) -> None:
    """Robots are set and read by party.

    What they plan is listed, and advancing to the next event plays it.
    """
    exchange = sandbox.open(status=2)
    assert sandbox.clock.planned == []
    sandbox.robots = {"buyer": "prompt", "courier": "slow"}
    assert sandbox.robots == {"buyer": "prompt", "courier": "slow", "cs": None, "applies": None}
    [plan] = sandbox.clock.planned
    assert (plan["dispute_id"], plan["by"], plan["move"]) == (
        exchange.dispute_id,
        "buyer",
        "ship_back",
    )
    [event] = sandbox.clock.advance(to="next")
    assert (event["move"], event["at"], exchange.status) == ("ship_back", plan["at"], 3)
    sandbox.robots = {}
    assert set(sandbox.robots.values()) == {None}


def test_stock_is_read_and_set(sandbox: Sandbox) -> None:
    """Goods are found by name and SKU id; unknown ones are a KeyError."""
    sandbox.stock["wanted"] = 1
    sku = sandbox.stock["wanted"].sku_id
    assert sandbox.stock[sku].available == 1
    with pytest.raises(KeyError):
        sandbox.stock["nothing"]


def test_rules_are_a_mapping(sandbox: Sandbox) -> None:
    """A rule is read and set by its name."""
    sandbox.rules["deadline.2"] = "3d"
    sandbox.rules.update({"modify_to": 3, "text.14": "换货单关闭,请退款"})
    assert (sandbox.rules["deadline.2"], sandbox.rules["modify_to"]) == ("3d", 3)
    assert sandbox.open(status=14).status_text == "换货单关闭,请退款"


def test_snapshot_restore_and_reset(sandbox: Sandbox) -> None:
    """A snapshot brings the exchanges back, a reset leaves none, empty leaves no goods either."""
    untouched = sandbox.open(status=3)
    name = sandbox.snapshot()
    sandbox.seller.returngoods_agree(untouched)
    sandbox.restore(name)
    assert sandbox.exchange(untouched.dispute_id).status == 3
    sandbox.reset()
    assert sandbox.exchanges == []
    sandbox.reset("empty")
    with pytest.raises(KeyError):
        sandbox.stock["wanted"]


def test_empty_drops_the_samples(sandbox: Sandbox) -> None:
    """A world made with samples is empty after a reset to empty, deadlines included."""
    sampled = Sandbox(control=sandbox._control, samples=True)
    assert len(sampled.exchanges) == 9
    sampled.reset("empty")
    assert (sampled.exchanges, sampled.clock.deadlines) == ([], [])


def test_many_are_opened_at_once(sandbox: Sandbox) -> None:
    """open_many opens all or none."""
    assert len({exchange.dispute_id for exchange in sandbox.open_many(30, status=1)}) == 30
    assert len(sandbox.exchanges) == 30


def test_requests_events_and_stubs(sandbox: Sandbox) -> None:
    """Calls are journalled, facts listed, an unknown method answered by its stub."""
    sandbox.open()
    sandbox.stub("taobao.subusers.get", {"user": {"nick": "店"}})
    assert sandbox.client().call("taobao.subusers.get")["user"] == {"nick": "店"}
    assert [entry["method"] for entry in sandbox.requests(outcome="ok")] == ["taobao.subusers.get"]
    assert [event["move"] for event in sandbox.events()] == ["apply"]


def test_env_is_what_a_client_reads(sandbox: Sandbox) -> None:
    """The variables name gateway, credentials and control API of this sandbox."""
    env = sandbox.env
    assert env["TOP_SERVER_URL"].endswith("/router/rest")
    assert (env["TOP_APP_KEY"], env["TOP_SESSION"]) == (sandbox.app_key, sandbox.session)
    assert env["TMALL_MOCKSERVER_SANDBOX"] == sandbox.id


def test_a_scenario_is_played_and_reported(sandbox: Sandbox) -> None:
    """A shipped scenario brings an exchange to a status, goes on by hand, and is recorded."""
    report = sandbox.play("classic/whole-exchange", until="待买家退货")
    assert (report["outcome"], report["stopped"]) == ("passed", True)
    assert sandbox.buyer.ship_back(logistics_no="SF0000000042").status == 3
    text = sandbox.scenario()
    assert "logistics_no: SF0000000042" in text
    again = Sandbox()
    assert again.play(text)["outcome"] == "passed"
    assert [exchange.status for exchange in again.exchanges] == [3]


def test_a_scenario_takes_values(sandbox: Sandbox) -> None:
    """Values of a scenario's `set` are keywords.

    A text that is no scenario is refused with its mistakes.
    """
    text = "scenario: x\nset: {units: 1}\nsteps:\n  - {buyer: apply, num: $units}\n"
    sandbox.play(text, units=3)
    assert sandbox.exchanges[0].document["exchange"]["num"] == 3
    with pytest.raises(ControlRefused) as refused:
        sandbox.play(text, unit=3)
    assert refused.value.problem["mistakes"][0]["line"] == 2


def test_a_dropped_sandbox_is_gone(sandbox: Sandbox) -> None:
    """After drop the handle's calls are 404."""
    sandbox.drop()
    with pytest.raises(ControlRefused) as refused:
        sandbox.open()
    assert refused.value.status == 404


def test_only_an_in_process_sandbox_has_wsgi() -> None:
    """`wsgi` is the app in process, and says why there is none over HTTP."""
    assert callable(Sandbox().wsgi)
    with Server() as server, pytest.raises(AttributeError, match="HTTP"):
        server.sandbox().wsgi  # noqa: B018  # reading it is the act


def test_sandboxes_do_not_know_each_other() -> None:
    """Two in-process sandboxes share nothing."""
    one, two = Sandbox(), Sandbox()
    one.open()
    assert two.exchanges == []


def test_public_names_load_on_first_use() -> None:
    """The package names its public names and refuses others by name."""
    import mockserver

    assert {"Sandbox", "Server", "TopClient", "__version__"} <= set(dir(mockserver))
    with pytest.raises(AttributeError, match="Sandbx"):
        mockserver.Sandbx  # noqa: B018  # reading it is the act
