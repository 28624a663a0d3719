"""The machine against clients written here, some honest and some not.

tests/written has what it writes.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Lost
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.target import ControlRefused
from mockserver.testing import exchange_machine
from mockserver.testing.coverage import list_missing_rows
from mockserver.testing.machine.local_server import LocalServer
from mockserver.testing.machine.machine_run import MachineRun
from mockserver.world.document import BadDocument

pytestmark = pytest.mark.slow

AGREE, RECEIVE, SHIP = (
    "tmall.exchange.agree",
    "tmall.exchange.returngoods.agree",
    "tmall.exchange.consigngoods",
)
PARCEL = {"logistics_no": "SF123456", "logistics_type": 200, "logistics_company_name": "顺丰快递"}


class Seller:
    """Works every exchange that waits for it, by what the platform says now.

    Failures are for the next round.
    """

    operations: ClassVar[Any] = {
        "换货待处理": (AGREE, {"address_id": 10000002}),
        "买家已退货，待收货": (RECEIVE, {}),
        "待发出换货商品": (SHIP, PARCEL),
    }

    def __init__(self, sandbox: Any) -> None:
        self.top = sandbox.client()

    def step(self) -> None:
        listing = self.top.call(
            "tmall.exchange.receive.get", fields="dispute_id,status", page_size=50
        )
        for row in listing.get("results", {}).get("exchange", []):
            if row["status"] in self.operations:
                self.work(row["dispute_id"], *self.operations[row["status"]])

    def work(self, dispute_id: str, method: str, more: dict[str, Any]) -> None:
        with suppress(Lost):
            self.top.call(method, dispute_id=dispute_id, **more)


def play(machine: Any, examples: int = 200, steps: int = 30) -> None:
    """The machine runs so many examples, the same ones each time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def find_failure(client: Callable[[Any], Any], check: str) -> tuple[str, list[dict[str, Any]]]:
    """What the machine says of a client by one check, and the steps of the small failure."""
    machine = exchange_machine(client, check=[check], write_to=None)
    with pytest.raises(AssertionError) as failed:
        play(machine)
    return str(failed.value), next(iter(machine.failures.values())).steps


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
def test_an_honest_client_holds_and_every_row_is_taken(ruleset: str) -> None:
    """In 200 runs of 30 steps every row is taken, and a good client gets no finding.

    The row that only rule `modify_after_agreement` allows is left out, as the rule is off.
    """
    operations: ClassVar[Any] = dict(Seller.operations)
    if ruleset == "upgraded":
        operations["买家已退货，待收货"] = ("tmall.exchange.confirm.consign", PARCEL)
    machine = exchange_machine(
        type("Mine", (Seller,), {"operations": operations}),
        ruleset=ruleset,
        plays=("buyer", "cs", "time", "stock", "replies", "seller"),
        write_to=None,
    )
    play(machine)
    assert list_missing_rows(machine.covered, [ruleset]) == (f"{ruleset} 2-modify-1",)
    assert machine.missing() == ["2-modify-1"]
    assert f"{machine.runs} runs, {len(machine.taken())} rows taken" in machine.summary()


def test_without_the_seller_its_rows_are_the_clients() -> None:
    """Rows that only a seller takes are missed by nobody when the machine does not play it."""
    machine = exchange_machine(Seller, write_to=None)
    play(machine, examples=1, steps=5)
    assert machine.missing()
    assert not any("refuse" in row.partition(":")[0] for row in machine.missing())


def test_no_step_is_idle() -> None:
    """Whatever is offered can be done and changes the sandbox.

    The client is not asked for more than two quiet rounds.
    """
    steps, host = Counter[str](), LocalServer()
    for number in range(12):
        chance = random.Random(number)
        plan = exchange_machine(
            Seller, plays=("buyer", "cs", "time", "stock", "replies", "seller"), write_to=None
        ).options
        run, quiet = MachineRun(plan, host), 0
        for _ in range(40):
            options, _ = run.find_options()
            kind = chance.choice(sorted({str(key[0]) for key in options}))
            step = chance.choice([option.step for key, option in options.items() if key[0] == kind])
            if kind == "apply":
                step = {"buyer": "apply", "as": f"e{len(run.names) + 1}", **step}
            before = shape(run)
            run.run_step(step)
            quiet = quiet + step["client"] if kind == "client" and shape(run) == before else 0
            assert quiet <= 2
            assert kind == "client" or shape(run) != before, step
            assert (
                len(
                    [
                        exchange
                        for exchange in run.sandbox.exchanges
                        if exchange.status not in (4, 5, 14)
                    ]
                )
                <= 3
            )
            steps[kind] += 1
        run.close()
    host.close()
    assert set(steps) == {"apply", "move", "time", "stock", "reply", "client"}


def shape(run: MachineRun) -> Any:
    """What a step can change, as its user can see it."""
    box = run.sandbox
    return (
        [event["number"] for event in box.events()],
        box.clock.now,
        [box.stock[name] for name in ("wanted", "bought", "shoes")],
        [(fault["id"], fault["hits"]) for fault in box.faults],
        [exchange.document["exchange"]["modified"] for exchange in box.exchanges],
    )


class WrongSecret(Seller):
    def __init__(self, sandbox: Any) -> None:
        super().__init__(sandbox)
        self.top.app_secret = "wrong"

    def step(self) -> None:
        with suppress(TopRefused):
            super().step()


class WrongMethod(Seller):
    operations: ClassVar[Any] = {"换货待处理": ("tmall.exchange.agreee", {})}

    def work(self, *arguments: Any) -> None:
        with suppress(TopRefused):
            super().work(*arguments)


class Incomplete(WrongMethod):
    operations: ClassVar[Any] = {"换货待处理": (AGREE, {"fields": None, "address_id": 10000002})}


class Hasty(Seller):
    operations: ClassVar[Any] = {"换货待处理": (SHIP, PARCEL)}


class Guesses(Seller):
    operations: ClassVar[Any] = {"换货待处理": (AGREE, {"address_id": 99})}


class Rounds(Seller):
    def work(self, dispute_id: str, *more: Any) -> None:
        super().work(str(int(float(dispute_id))), *more)


@pytest.mark.parametrize(
    ("client", "says"),
    [
        (WrongSecret, "a wrong sign"),
        (WrongMethod, "an unknown method"),
        (Incomplete, "a missing parameter"),
        (Hasty, "a move that the state does not allow"),
        (Guesses, "an id that does not exist"),
        (Rounds, "becomes that in a double"),
    ],
)
def test_each_offence_is_found(client: Any, says: str) -> None:
    """A call that no correct client makes is named after an application where one is needed."""
    text, steps = find_failure(client, "offences")
    assert says in text
    assert [next(iter(step)) for step in steps] == (
        ["client"] if client is WrongSecret else ["buyer", "client"]
    )


class OneAtATime(Seller):
    """Does one piece of work a round."""

    def work(self, dispute_id: str, method: str, more: dict[str, Any]) -> None:
        if not self.busy:
            self.busy = self.top.call(method, dispute_id=dispute_id, **more)["result"]["success"]

    def step(self) -> None:
        self.busy = False
        super().step()


def test_a_client_may_take_its_time() -> None:
    """As long as anything moves nothing is left lying, however many exchanges wait."""
    play(
        exchange_machine(
            OneAtATime, check=["left_lying"], plays=("buyer", "cs", "time"), write_to=None
        ),
        examples=60,
    )


class Lazy(Seller):
    operations: ClassVar[Any] = {
        name: operation for name, operation in Seller.operations.items() if name != "待发出换货商品"
    }


def test_what_is_left_lying_is_found() -> None:
    """An exchange that waits while the seller's client works twice is named with its status."""
    text, steps = find_failure(Lazy, "left_lying")
    assert "「待发出换货商品」" in text
    assert len(steps) <= 6


@pytest.mark.parametrize(
    ("client", "check"), [("Lazy", "left_lying"), ("Impatient", "repeats"), ("Hasty", "offences")]
)
def test_a_small_failure_cannot_be_smaller(client: str, check: str) -> None:
    """The steps fail when they are done again, and no longer when any one of them is left out."""
    kind = globals()[client]
    machine = exchange_machine(kind, check=[check], write_to=None)
    _, steps = find_failure(kind, check)
    with pytest.raises(AssertionError):
        machine.replay(steps)
    for place in range(len(steps)):
        machine.replay(steps[:place] + steps[place + 1 :])
    assert [step["as"] for step in steps if "as" in step] == [
        f"e{place}" for place in range(1, len([step for step in steps if "as" in step]) + 1)
    ]


class Moody(Seller):
    """Fails in its first five rounds ever, then works: a failure that does not come again."""

    rounds: ClassVar[list[int]] = []

    def check(self) -> None:
        self.rounds.append(1)
        assert len(self.rounds) != 5


def test_a_failure_that_does_not_come_again_is_reported_as_it_was() -> None:
    """What cannot be repeated is not made small.

    Its steps are those of the run, or Hypothesis says that it is unsteady.
    """
    machine = exchange_machine(Moody, write_to=None)
    with pytest.raises(Exception, match="Inconsistent results"):
        play(machine)
    assert sum(step.get("client", 0) for step in next(iter(machine.failures.values())).steps) <= 5


def test_handles_are_the_clients_own() -> None:
    """A client that leaves a status to people is not blamed for it."""
    play(exchange_machine(Lazy, handles=(1, 3), write_to=None), examples=30)


class Impatient(Seller):
    def work(self, dispute_id: str, method: str, more: dict[str, Any]) -> None:
        for _ in range(2):
            try:
                self.top.call(method, dispute_id=dispute_id, **more)
                return
            except Lost:
                continue


def test_a_blind_repetition_is_found() -> None:
    """A write repeated at once after its reply was lost is found, whatever came of it."""
    with pytest.raises(AssertionError, match=r"its reply lost .* came again, .* without a look"):
        play(exchange_machine(Impatient, check=["repeats"], write_to=None))


@pytest.mark.parametrize("check", [["repeats"], ["offences"], ["left_lying"]])
def test_only_what_is_asked_for_is_checked(check: list[str]) -> None:
    """A client that never acts leaves exchanges lying and nothing else."""
    machine = exchange_machine(lambda sandbox: lambda: None, check=check, write_to=None)
    if check == ["left_lying"]:
        with pytest.raises(AssertionError, match="waits at"):
            play(machine)
    else:
        play(machine, examples=20)


class Counts(Seller):
    rounds = 0

    def step(self) -> None:
        self.rounds += 1
        super().step()

    def check(self) -> None:
        assert self.rounds < 3


class Breaks(Counts):
    def step(self) -> None:
        raise KeyError("lost")


def at_most_one(client: Any, sandbox: Any) -> None:
    """No more than one exchange."""
    assert len(sandbox.exchanges) < 2, "two"


def test_what_the_user_checks_is_checked() -> None:
    """The client's own `check`, invariants and errors fail the run as they are."""
    with pytest.raises(AssertionError, match="two"):
        play(exchange_machine(Seller, invariants=[at_most_one], write_to=None))
    with pytest.raises(AssertionError, match="rounds"):
        play(exchange_machine(Counts, write_to=None))
    with pytest.raises(KeyError, match="lost"):
        play(exchange_machine(Breaks, write_to=None))


class Exits(Seller):
    def step(self) -> None:
        raise SystemExit(3)


def test_a_client_that_exits_fails_the_test_and_does_not_end_the_run() -> None:
    """A `sys.exit` in the client is a failure like any other."""
    with pytest.raises(AssertionError, match="SystemExit: 3"):
        play(exchange_machine(Exits, write_to=None))


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_files(tmp_path: Path) -> None:
    """The failure is reported all the same, and that its files could not be written."""
    (tmp_path / "taken").write_text("a file", "utf-8")
    with pytest.raises(AssertionError, match="waits at") as failed:
        play(exchange_machine(Lazy, write_to=str(tmp_path / "taken")))
    assert any("无法写入" in line for line in failed.value.__notes__)
    assert (tmp_path / "taken").read_text("utf-8") == "a file"


def test_a_replay_fails_until_the_client_is_mended() -> None:
    """Steps with an exchange left waiting fail, and pass with a client that does its work."""
    steps = [
        {"buyer": "apply", "as": "e1", "status": 3},
        {"client": 1},
        {"advance": "1h"},
        {"client": 2},
    ]
    with pytest.raises(AssertionError, match="waits at 12"):
        exchange_machine(Lazy, write_to=None).replay(steps)
    exchange_machine(Seller, write_to=None).replay(steps)


def test_a_replay_leaves_out_what_is_no_longer_possible() -> None:
    """A move that the mended client has made impossible is passed over.

    One that is misspelt in a run is not.
    """
    machine = exchange_machine(Seller, write_to=None)
    late = {"buyer": "ship_back", "on": "e1"}
    machine.replay([{"buyer": "apply", "as": "e1", "status": 13}, late, {"client": 1}])
    run = MachineRun(machine.options, machine.server)
    run.run_step({"buyer": "apply", "as": "e1", "status": 13})
    with pytest.raises(ControlRefused):
        run.run_step(late)
    run.close()
    run = MachineRun(machine.options, machine.server)
    assert run.try_step({"buyer": "apply", "as": "e1", "status": 13})
    assert not run.try_step(late)
    assert [executed.step for executed in run.executed_steps] == [
        {"buyer": "apply", "as": "e1", "status": 13}
    ]
    run.close()
    machine.server.close()


def test_data_ages_for_a_client_with_its_own_clock() -> None:
    """With `ages` the sandbox's now stays, and deadlines come all the same."""
    machine = exchange_machine(Seller, ages=True, plays=("buyer", "time"), write_to=None)
    run = MachineRun(machine.options, machine.server)
    before = run.sandbox.clock.now
    run.run_step({"buyer": "apply", "as": "e1", "status": 2})
    run.run_step({"client": 1})
    spans = [option.step for key, option in run.find_options()[0].items() if key[0] == "time"]
    assert all(list(step) == ["age"] for step in spans)
    run.run_step({"age": "7d"})
    assert run.sandbox.exchanges[0].status == 4
    assert run.sandbox.clock.now - before < timedelta(minutes=1)
    run.close()
    machine.server.close()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"plays": ["buyer", "tyme"]}, "time"),
        ({"check": ["offenses"]}, "offences"),
        ({"ruleset": "clasic"}, "classic"),
        ({"exchanges": 0}, "at least 1"),
        ({"handles": [99]}, "handles"),
        ({"world": {"seed": 5}}, "seed"),
        ({"world": {"godos": {}}}, "goods"),
        ({"world": {"apps": [{"app_secret": "s"}]}}, "app_secret"),
        ({"world": {"shops": [{"subs": [{"session": "s"}]}]}}, "session"),
        ({"plays": "buyer"}, "plays"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(wrong: dict[str, Any], says: str) -> None:
    """A name that there is not is answered with those there are, before anything runs.

    Credentials are the machine's own.
    """
    with pytest.raises(BadDocument, match=says):
        exchange_machine(Seller, **wrong)


def test_a_running_clock_stops_a_minute_before_a_deadline() -> None:
    """A step that ends a second before could not be repeated, whatever the machine's speed."""
    machine = exchange_machine(
        Seller,
        world={"clock": {"mode": "running", "now": "2026-03-01 10:00:00"}},
        plays=("time",),
        write_to=None,
    )
    run = MachineRun(machine.options, machine.server)
    run.run_step({"buyer": "apply", "as": "e1", "status": 2})
    for key, option in run.find_options()[0].items():
        if key[0] == "time" and key[-1] == -1:
            run.run_step(option.step)
    assert run.sandbox.exchanges[0].status == 2
    now = str(run.sandbox.clock.now)[:19]
    assert now[:16] == "2026-03-08 09:59"
    run.close()
    machine.server.close()


def test_a_client_that_cannot_act_is_reported() -> None:
    """A factory that gives nothing to call is refused in words.

    One that raises is heard, every time.
    """
    with pytest.raises(TypeError, match=r"step\(\)"):
        play(exchange_machine(lambda sandbox: None, write_to=None), examples=3)
    machine = exchange_machine(lambda sandbox: 1 / 0, write_to=None)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            play(machine, examples=3)


def test_a_world_can_be_given() -> None:
    """Goods and rules of the document are the sandbox's.

    Its credentials are the same in every run, and not the default ones.
    """
    machine = exchange_machine(
        Seller,
        world={"goods": {"wanted": {"stock": 3}}, "apps": [{"app_key": "12345678"}]},
        seed=7,
        write_to=None,
    )
    runs = [MachineRun(machine.options, LocalServer()) for _ in range(2)]
    first, second = (run.sandbox for run in runs)
    assert first.stock["wanted"].available == 3
    assert first.app_key == second.app_key == "12345678"
    assert (first.session, first.app_secret) == (second.session, second.app_secret)
    assert first.seed == 7
    for run in runs:
        run.close()


def test_a_failure_is_written_three_times(tmp_path: Path) -> None:
    """A failure becomes a scenario, a pytest file and a script, which name the check; the scenario
    can be read, the test compiles, and the folder is kept out of version control."""
    machine = exchange_machine(Lazy, check=["left_lying"], write_to=tmp_path / "failures")
    with pytest.raises(AssertionError, match=r"\.scenario\.yaml"):
        play(machine)

    folder = tmp_path / "failures"
    [scenario] = folder.glob("*.scenario.yaml")
    [test] = folder.glob("*.py")
    [script] = folder.glob("*.sh")
    assert read_scenario(scenario.read_text("utf-8"), scenario.name).steps
    compile(test.read_text("utf-8"), test.name, "exec")
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    assert {
        path.stem.split(".")[0].endswith("left_lying") for path in (scenario, test, script)
    } == {True}
    assert (folder / ".gitignore").read_text("utf-8") == "*\n"


def test_a_step_that_became_impossible_is_not_written():
    """What a slower client made impossible stands in no file: nothing later can refer to it."""
    machine = exchange_machine(lambda sandbox: lambda: None, write_to=None)
    run = MachineRun(machine.options, machine.server)
    try:
        run.run_step({"buyer": "apply", "as": "e1"})
        for step in ({"buyer": "confirm_receipt", "on": "e1"}, {"buyer": "cancel", "on": "e4"}):
            run.try_step(step)
        assert [executed.step for executed in run.executed_steps] == [
            {"buyer": "apply", "as": "e1"}
        ]
    finally:
        run.close()
        machine.server.close()
