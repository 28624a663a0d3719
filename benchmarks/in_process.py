"""What a sandbox without a server costs: to make one, to read an exchange, to move one.

    python -m benchmarks.in_process

Prints the best of several rounds in microseconds of CPU, and what the same read costs through the
server's WSGI app.  The goals of the project: a status below 100 µs, a sandbox below 2 ms.
"""

import time
from collections.abc import Callable

from mockserver import Sandbox
from mockserver.client.control_client import Control

ROUNDS = 7


def measure_us(call: Callable[[], object], count: int) -> float:
    """Return the CPU microseconds of one call in the best of `ROUNDS` rounds of `count` calls."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(count):
            call()
        best = min(best, (time.process_time() - start) / count)
    return best * 1e6


def main() -> None:
    """Print one line for each measurement."""
    sandbox = Sandbox()
    exchange = sandbox.open()
    over_wsgi = Sandbox(
        control=Control(sandbox._control.transport, sandbox._control.token), attach=sandbox.id
    ).exchange(exchange.dispute_id)
    client = sandbox.client()

    def get() -> object:
        return client.call(
            "tmall.exchange.get", dispute_id=exchange.dispute_id, fields="dispute_id,status"
        )

    rows = (
        ("Sandbox()", Sandbox, 30),
        ("sandbox.open()", sandbox.open, 30),
        ("exchange.status", lambda: exchange.status, 300),
        ("exchange.status over the WSGI app", lambda: over_wsgi.status, 300),
        ("sandbox.clock.now", lambda: sandbox.clock.now, 300),
        ("client.call(get)", get, 300),
    )
    for name, call, count in rows:
        print(f"{name:36}{measure_us(call, count):10.0f} µs")


if __name__ == "__main__":
    main()
