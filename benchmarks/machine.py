"""The state machine: a clean run against a client like an ERP, and failures that are reduced.

Run: python -m benchmarks.machine [rounds] [seconds a call takes]

The clients are those of examples/isv_client, in this process, two rows a page.  With a number of
seconds each call takes so long, as over a network: then the reduction ends by its own limit.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver import Sandbox
from mockserver.client.transport import Wsgi
from mockserver.testing import exchange_machine
from mockserver.testing.machine.machine_options import PLAYS_BY_DEFAULT

from .verdict import at_most, note

EXAMPLE = Path(__file__).parents[1] / "examples" / "isv_client"
sys.path.insert(0, str(EXAMPLE))

import designs  # noqa: E402 - the example stands outside the package
import mistakes  # noqa: E402

__all__: list[str] = []

CLEAN_GOAL, REDUCED_GOAL = 15, 20  # seconds
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
FAILING = ("GivesUp", "SkipsSecondRound", "CallsOnInBan", "NewWaybillEachTime", "ShipsAnyway")


def main(rounds: int, pause: float) -> None:
    """Print every figure."""
    wall, processor = [], []
    for number in range(rounds):
        machine = exchange_machine(make_client(designs.ErpStore, pause), write_to=None)
        began, used = time.perf_counter(), time.process_time()
        play(machine, number)
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    at_most("200 runs of 30 steps, ERP-like, clean", wall, CLEAN_GOAL, unit="s")
    note("  processor time", processor, "s")
    for name in FAILING:
        reduce(name, rounds, pause)


def reduce(name: str, rounds: int, pause: float) -> None:
    """Find and reduce the failure of a client with a mistake; print how long the reducing took."""
    took, steps = [], []
    for number in range(rounds):
        client = make_client(getattr(mistakes, name), pause)
        plays = (*PLAYS_BY_DEFAULT, "trouble")
        machine = exchange_machine(client, plays=plays, write_to=None)
        try:
            play(machine, number)
        except Exception:
            failing = next(iter(machine.failures.values()))
            took.append(failing.seconds)
            steps.append(float(len(failing.steps)))
    if took:
        at_most(f"{name} reduced", took, REDUCED_GOAL, unit="s")
        note("  steps left", steps, "")
    else:
        print(f"{name}: not found")


def make_client(kind: Any, pause: float) -> Callable[[Sandbox], Any]:
    """Return what makes the client; each of its calls takes `pause` seconds more."""

    def make(sandbox: Sandbox) -> Any:
        wire = Wsgi(sandbox.wsgi, timeout=None)

        def post(body: bytes) -> bytes:
            time.sleep(pause)
            return wire.send("POST", "/router/rest", body, FORM)[2]

        client = kind(sandbox.env, post=post)
        client.page_size = 2
        return client

    return make


def play(machine: Any, number: int) -> None:
    """Play 200 runs of 30 steps, others in each round."""
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=200,
            stateful_step_count=30,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int((arguments or ["3"])[0]), float((arguments[1:] or ["0"])[0]))
