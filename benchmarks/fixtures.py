"""Measure what a test suite pays.

For the plugin's fixtures, a sandbox of its own for each test, and for a machine.

The suite is a project of its own, run by pytest as users run it, with the plugins that this Python
has installed.

Run: python -m benchmarks.fixtures [rounds]
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver.client.remote_server import RemoteServer
from mockserver.client.sandbox import Sandbox
from mockserver.client.server import Server
from mockserver.client.transport import Lost
from mockserver.testing import exchange_machine

from .children import ROOT, Child, compile_all
from .verdict import at_most, note

__all__: list[str] = []

BATCH = 200  # sandboxes of one batch
ALONE = 20  # of one batch without a server: each makes the whole app
TESTS = 1_000
DISTORTING = (
    "PYTEST_ADDOPTS",
    "PYTHONDONTWRITEBYTECODE",
)  # options from elsewhere; a compilation in every run
MODULE = f"""\
import pytest

each = pytest.mark.parametrize("number", range({TESTS}))


@each
def test_agree(sandbox, top_client, number):
    exchange = sandbox.open()
    top_client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
    assert exchange.status == 2


@each
def test_nothing(number):
    pass
"""


def main(rounds: int) -> None:
    """Prints every figure."""
    compile_all()
    setups(rounds)
    suites(rounds)
    machines(min(rounds, 3))


def setups(rounds: int) -> None:
    """A sandbox made and dropped, as the fixture does it around a test; the ways take turns."""
    direct, http, apart, alone = [], [], [], []
    with (
        Server() as server,
        Child("benchmarks.product") as child,
        RemoteServer(child.url, child.token) as remote,
    ):
        for _ in range(rounds + 1):
            direct.append(batch(lambda: server.sandbox(direct=True).drop(), BATCH))
            http.append(batch(lambda: server.sandbox().drop(), BATCH))
            apart.append(batch(lambda: remote.sandbox().drop(), BATCH))
            alone.append(batch(Sandbox, ALONE))
    at_most(
        "sandbox made and dropped, in process", direct[1:], 1, unit="ms"
    )  # the first round warms up
    at_most("sandbox made and dropped, over HTTP", http[1:], 3, unit="ms")
    note("the same, the server in its own process", apart[1:], "ms")
    note("Sandbox() alone, without a server", alone[1:], "ms")


def batch(work: Callable[[], object], count: int) -> float:
    """Milliseconds of one `work`, over `count` of them."""
    began = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - began) / count * 1000


def suites(rounds: int) -> None:
    """TESTS tests with one worker.

    Each opens an exchange and agrees to it, beside tests that do nothing.
    """
    agreed, empty = [], []
    with TemporaryDirectory() as folder:
        Path(folder, "pytest.ini").write_text(
            "[pytest]\n", "utf-8"
        )  # no settings of a folder above
        Path(folder, "test_agree.py").write_text(MODULE, "utf-8")
        suite(folder, "test_agree")  # pytest keeps what it compiled
        for _ in range(rounds):
            agreed.append(suite(folder, "test_agree"))
            empty.append(suite(folder, "test_nothing"))
    at_most(f"{TESTS} tests that open and agree", agreed, 10, unit="s")
    note(f"{TESTS} tests that do nothing", empty, "s")


def suite(folder: str, test: str) -> float:
    """Seconds of one run of pytest, its start included.

    Raises:
        SystemExit: not all TESTS tests have passed, so the figure would mean nothing.
    """
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--color=no",
        f"test_agree.py::{test}",
    ]
    settings = {name: value for name, value in os.environ.items() if name not in DISTORTING} | {
        "PYTHONPATH": str(ROOT)
    }
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    taken = time.perf_counter() - began
    if done.returncode or f"{TESTS} passed" not in done.stdout:
        raise SystemExit(f"not all {TESTS} have passed:\n{done.stdout[-2_000:]}")
    return taken


class Seller:
    """A client without sockets that agrees, confirms receipt and ships.

    What fails is for the next round.
    """

    operations = (
        ("换货待处理", "tmall.exchange.agree", {"address_id": 10000002}),
        ("买家已退货，待收货", "tmall.exchange.returngoods.agree", {}),
        (
            "待发出换货商品",
            "tmall.exchange.consigngoods",
            {
                "logistics_no": "SF123456",
                "logistics_type": 200,
                "logistics_company_name": "顺丰快递",
            },
        ),
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self.top = sandbox.client()

    def step(self) -> None:
        """One round of its work."""
        listing = self.top.call("tmall.exchange.receive.get", fields="dispute_id,status")
        for row in listing.get("results", {}).get("exchange", []):
            for status, method, more in self.operations:
                if status == row["status"]:
                    with suppress(Lost):
                        self.top.call(method, dispute_id=row["dispute_id"], **more)


def machines(rounds: int) -> None:
    """200 runs of 30 steps against an honest client, others in each round."""
    took = []
    for number in range(rounds):
        machine = exchange_machine(Seller, write_to=None)
        began = time.perf_counter()
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=200,
                stateful_step_count=30,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
        took.append(time.perf_counter() - began)
        if machine.missing():
            raise SystemExit(f"rows not taken: {machine.missing()}")
    at_most("machine of 200 runs of 30 steps, in process", took, 30, unit="s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
