"""Whom does the machine accuse, though the client is honest?  `python -m tests.honest.accusations`.

Honest clients of different designs play in worlds that make it hard: limits, lists that move,
a bad day, quotas, robots, data that ages, a clock that runs.  Seed `n` of a client takes the world
`n` modulo the number of worlds, so 20 seeds of each client take every world.  Prints a line for
each machine and the failures; exit 1 if there is any.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver import Sandbox
from mockserver.client.transport import Wsgi
from mockserver.testing import exchange_machine

EXAMPLE = Path(__file__).parents[2] / "examples" / "isv_client"
sys.path.insert(0, str(EXAMPLE))

import designs  # noqa: E402 - the example stands outside the package

CLIENTS: Mapping[str, Any] = MappingProxyType(
    {
        "BookKeeper": designs.BookKeeper,
        "PollOnly": designs.PollOnly,
        "NightBatch": designs.NightBatch,
        "ErpStore": designs.ErpStore,
        "PushFirst": designs.PushFirst,
        "PushOnly": designs.PushOnly,
    }
)
# What a client says of itself; without more it polls.
OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"PushFirst": {"channels": ("queries", "messages")}, "PushOnly": {"channels": ("messages",)}}
)


def _endless(fault: str, probability: float, **more: Any) -> dict[str, Any]:
    return {"fault": fault, "probability": probability, "times": None, **more}


WORLDS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "plain": {},
        "upgraded": {"ruleset": "upgraded"},
        "limited": {"world": {"faults": [_endless("limited", 0.03)]}},
        "moving_rows": {
            "world": {
                "faults": [_endless("moving_rows", 0.3), _endless("moving_rows", 0.3, row="seen")]
            }
        },
        "late_rows": {"world": {"faults": [_endless("late_rows", 0.4)]}},
        "bad_day": {"world": {"faults": [{"set": "bad_day"}]}},
        "quota": {"world": {"quotas": [{"per": "second", "limit": 12}]}},
        "daily_quota": {"world": {"quotas": [{"per": "day", "limit": 60}]}},
        "robots": {"world": {"robots": {"buyer": "random", "cs": "prompt", "courier": "prompt"}}},
        "ages": {"ages": True},
        "own_clock": {"world": {"clock": {"mode": "running"}}},
        "double_eleven": {"world": {"faults": [{"set": "double_eleven"}]}},
        "skewed": {
            "world": {
                "faults": [_endless("clock_skew", 0.3), _endless("same_second", 0.3)],
                "robots": {"buyer": "adversarial", "cs": "slow"},
            }
        },
    }
)


def make_client(kind: Any, sandbox: Sandbox) -> Any:
    """Return the client in this process, two rows a page."""
    wire = Wsgi(sandbox.wsgi, timeout=None)
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    client = kind(
        sandbox.env, post=lambda body: wire.send("POST", "/router/rest", body, headers)[2]
    )
    client.page_size = 2
    return client


def try_client(name: str, world: str, number: int, examples: int, steps: int) -> tuple[str, float]:
    """Return of what the client is accused (empty: of nothing) and the seconds that it took."""
    kind = CLIENTS[name]
    machine = exchange_machine(
        lambda sandbox: make_client(kind, sandbox),
        write_to=None,
        **WORLDS[world],
        **OPTIONS.get(name, {}),
    )
    began = time.perf_counter()
    accused = ""
    try:
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            ),
        )
    except Exception as error:
        causes = (error, *getattr(error, "exceptions", ()))  # what does not come again is a group
        lines = [
            line for cause in causes for line in (str(cause), *getattr(cause, "__notes__", ()))
        ]
        accused = "\n".join(
            line
            for line in lines
            if "reduced to" in line or line in [str(cause) for cause in causes]
        )
    return accused, time.perf_counter() - began


def main() -> int:
    """Play the machines, two at a time; return 1 if a client is accused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--client", choices=CLIENTS, action="append")
    parser.add_argument("--world", choices=WORLDS, action="append")
    arguments = parser.parse_args()
    worlds = arguments.world or list(WORLDS)
    jobs = [
        (name, worlds[number % len(worlds)], number)
        for number in range(arguments.seeds)
        for name in arguments.client or CLIENTS
    ]
    failures = 0
    with ProcessPoolExecutor(2) as pool:
        running = {
            pool.submit(try_client, *job, arguments.examples, arguments.steps): job for job in jobs
        }
        for future in as_completed(running):
            name, world, number = running[future]
            accused, seconds = future.result()
            failures += bool(accused)
            verdict = accused or "honest"
            print(  # noqa: T201 - a report
                f"{name:<11} {world:<14} seed {number:<3} {seconds:6.1f} s  {verdict}", flush=True
            )
    print(f"{len(jobs)} machines, {failures} accusations")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
