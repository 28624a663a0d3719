"""The example client is correct; each planted bug is found, by machine and by scenarios."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from mockserver import Sandbox, Server
from mockserver.client.control_client import Control, local_control
from mockserver.client.transport import Wsgi
from mockserver.testing import exchange_machine
from mockserver.testing.machine.check_failure import ClientFailed

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BUGS = ("DropsMovedRows", "IgnoresFailure", "RoundsIds")
WAITS = st.sampled_from(["", "1s", "1h", "2d", "8d"])
ACTS = st.sampled_from(["apply", "lose"]) | st.tuples(st.integers(0, 5), st.integers(0, 3))
ROUND = st.lists(st.tuples(st.integers(0, 5), WAITS, ACTS), max_size=4)
ROUNDS = st.tuples(
    st.integers(1, 5), st.integers(0, 3), st.integers(1, 3), st.lists(ROUND, min_size=1, max_size=4)
)
Operation = tuple[int, str, str | tuple[int, int]]
"""Before which call of the round, how long after the operation before, and what.

What: another application, the reply of the call is lost, or which exchange's buyer does what.
"""


class Shop:
    """A sandbox and its client; operations of others come before a call, or after the last."""

    def __init__(
        self, control: Control, kind: Any, opened: int, stock: int, page_size: int
    ) -> None:
        self.sandbox = Sandbox(control=control, goods={"wanted": {"stock": stock}})
        self.sandbox.open_many(opened)
        self._wire = control.transport
        self._coming: list[Operation] = []
        self._calls, self._losing = 0, False
        self.client = kind(self.sandbox.env, post=self._post)
        self.client.page_size = page_size

    def round(self, operations: list[Operation]) -> None:
        """One round of the client's work with operations of others in between."""
        self._coming, self._calls = sorted(operations, key=lambda operation: operation[0]), 0
        self.client.step()
        while self._coming:
            self._play(self._coming.pop(0))
        self._losing = False

    def agrees(self) -> bool:
        """Whether the client's book is the platform's."""
        platform = {
            exchange.dispute_id: exchange.status_text for exchange in self.sandbox.exchanges
        }
        return bool(self.client.book == platform)

    def _post(self, body: bytes) -> bytes:
        while self._coming and self._coming[0][0] <= self._calls:
            self._play(self._coming.pop(0))
        self._calls += 1
        kind = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        reply = self._wire.send("POST", "/router/rest", body, kind)[2]
        lost, self._losing = self._losing, False
        if lost:
            raise ConnectionResetError
        return reply

    def _play(self, operation: Operation) -> None:
        _, wait, act = operation
        if wait:
            self.sandbox.clock.advance(wait)
        if act == "apply":
            self.sandbox.open()
        elif act == "lose":
            self._losing = True
        else:
            self._move(*act)

    def _move(self, which: int, how: int) -> None:
        """One of the buyer's possible moves on one of the exchanges."""
        exchanges = sorted(self.sandbox.exchanges, key=lambda exchange: exchange.dispute_id)
        exchange = exchanges[which % len(exchanges)]
        moves = [move for move in exchange.possible.get("buyer", []) if move != "leave_message"]
        if moves:
            getattr(self.sandbox.buyer, moves[how % len(moves)])(exchange)


def law(kind: Any) -> Callable[[], None]:
    """After any rounds and a quiet one the book is right; no write was repeated blindly."""
    control = local_control()

    @settings(
        max_examples=200,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(ROUNDS)
    def holds(case: tuple[int, int, int, list[Any]]) -> None:
        check_law(control, kind, case)

    return holds


def check_law(control: Control, kind: Any, case: tuple[int, int, int, list[Any]]) -> None:
    """Play the rounds of one case and a quiet one, and check the book and the writes."""
    opened, stock, page_size, rounds = case
    shop = Shop(control, kind, opened, stock, page_size)
    for operations in rounds:
        shop.round(operations)
    shop.round([])
    assert shop.agrees()
    assert shop.sandbox.report()["audit"]["unsafe"] == 0
    shop.sandbox.drop()


def run(example: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A module of Python's, run in the example's folder."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "ISV_PAUSE": "0.05",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=example,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_suite_of_the_example_passes(example: Path) -> None:
    """The example's own pytest suite passes in its folder."""
    ran = run(example, "pytest", "-q", "-p", "no:cacheprovider")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


def test_the_client_is_short(example: Path) -> None:
    """The client is read in one sitting and needs the standard library only."""
    lines = (example / "client.py").read_text("utf-8").splitlines()
    imported = {
        line.split()[1].partition(".")[0] for line in lines if line.startswith(("import ", "from "))
    }
    assert len(lines) <= 200
    assert imported <= sys.stdlib_module_names


def test_the_correct_client_serves_several_exchanges(clients: dict[str, Any]) -> None:
    """Over HTTP, several exchanges go the whole way at once; the report finds no error."""
    with Server() as server:
        sandbox = server.sandbox()
        client = clients["IsvClient"](sandbox.env)
        client.page_size = 2
        opened = [*sandbox.open_many(3), *sandbox.open_many(2, ruleset="upgraded")]
        assert client.step() == []
        for exchange in opened:
            sandbox.buyer.ship_back(exchange)
        assert client.step() == client.step() == []
        for exchange in opened:
            sandbox.buyer.confirm_receipt(exchange)
        assert client.step() == []
        assert client.book == {exchange.dispute_id: "换货成功" for exchange in opened}
        report = sandbox.report()
    assert report["audit"]["unsafe"] == 0
    assert {finding["id"] for finding in report["findings"]} <= {
        "md5_sign",
        "polling_fast",
    }  # a test does not wait between rounds


def test_the_correct_client_keeps_the_law(clients: dict[str, Any]) -> None:
    """Whatever buyers, time, stock and lost replies do, its book follows the platform."""
    law(clients["IsvClient"])()


def machine(kind: Any, **options: Any) -> Any:
    """A machine that plays against the client without sockets, two rows a page."""

    def seller(sandbox: Sandbox) -> Any:
        wire, headers = (
            Wsgi(sandbox.wsgi, timeout=None),
            {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
        )
        client = kind(
            sandbox.env, post=lambda body: wire.send("POST", "/router/rest", body, headers)[2]
        )
        client.page_size = 2
        return client

    return exchange_machine(seller, exchanges=4, write_to=None, **options)


def play(machine: Any, examples: int = 200) -> None:
    """Run the machine, 30 steps a run, the same ones each time, until the first failure."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


def test_the_machine_finds_nothing_wrong_with_the_correct_client(clients: dict[str, Any]) -> None:
    """Whatever happens, it does its work, repeats nothing blindly and forgets nothing."""
    correct = machine(clients["IsvClient"])
    play(correct, 60)
    assert correct.runs >= 60
    assert len(correct.taken()) > 25


@pytest.mark.parametrize(
    ("bug", "check", "says"),
    [
        ("RoundsIds", "offences", "becomes that in a double"),
        ("IgnoresFailure", "left_lying", "waits at 1"),
        ("IgnoresFailure", "unhandled", "came back to 1 and waits"),
        ("DropsMovedRows", "left_lying", "though the client has worked twice"),
    ],
)
def test_the_machine_finds_each_bug(
    clients: dict[str, Any], bug: str, check: str, says: str
) -> None:
    """Each planted bug is found within 200 examples, by each built-in check that knows it.

    Of two checks together either may be first: what Hypothesis draws depends on the modules that
    are loaded.
    """
    with pytest.raises(ClientFailed, match=says):
        play(machine(clients[bug], check=[check]))


def test_paging_forward_breaks_the_law(clients: dict[str, Any]) -> None:
    """Windows that overlap do not help a client that pages forward: it loses rows."""
    forward = type(
        "Forward", (clients["DropsMovedRows"],), {"overlap": clients["IsvClient"].overlap}
    )
    # two applications come while the client reads pages of one row
    case = (1, 0, 1, [[(1, "8d", "apply")], [(2, "2d", "apply")]])

    with pytest.raises(AssertionError, match="agrees"):
        check_law(local_control(), forward, case)
    check_law(local_control(), clients["IsvClient"], case)


def test_every_bug_is_looked_for(clients: dict[str, Any]) -> None:
    """The bugs tested are those planted."""
    assert sorted(clients) == sorted(["IsvClient", *BUGS])


SCENARIOS = ("stock/whole-way", "stock/no-stock-notice", "orders/exchanged-twice")


def test_the_correct_client_passes_shipped_scenarios(example: Path) -> None:
    """`run --client` lets it play the seller."""
    ran = run(example, "mockserver", "run", *SCENARIOS, "--client", f"{sys.executable} client.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("bug", "scenario"),
    [("RoundsIds", "stock/whole-way"), ("IgnoresFailure", "stock/no-stock-notice")],
)
def test_shipped_scenarios_find_bugs(example: Path, bug: str, scenario: str) -> None:
    """A scenario that the correct client passes breaks at the step that a bug prevents."""
    ran = run(
        example,
        "mockserver",
        "run",
        scenario,
        "--within",
        "2s",
        "--client",
        f"{sys.executable} buggy.py {bug}",
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "等不到被测程序的 tmall.exchange.agree" in ran.stdout


def test_exec_runs_the_client(example: Path) -> None:
    """`exec` gives the client address, keys and session; it works through the samples."""
    ran = run(
        example,
        "mockserver",
        "exec",
        "--port",
        "0",
        "--samples",
        "--",
        sys.executable,
        "client.py",
        ISV_ROUNDS="2",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "待买家退货" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
