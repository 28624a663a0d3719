"""Which check finds each mistake?  `python -m tests.honest.mistakes_table`.

Prints a line for each: the class, the check, the seconds; `-` where 200 runs found nothing.
"""

import sys
import time
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver.testing import exchange_machine
from mockserver.testing.machine.machine_options import PLAYS_BY_DEFAULT
from tests.honest.accusations import make_client

import buggy  # isort: skip - examples/isv_client is on the path since the import above
import mistakes  # isort: skip

BUGS = ("RoundsIds", "IgnoresFailure", "DropsMovedRows")
CLIENTS: dict[str, Any] = {
    **{name: getattr(buggy, name) for name in BUGS},
    **{
        kind.__name__: kind
        for kind in mistakes.BookKeeper.__subclasses__()
        if kind.__module__ == mistakes.__name__  # designs.py has honest ones
    },
}


def find_check(name: str, examples: int = 200) -> str:
    """Return the name of the check that finds the client's mistake, `-` if none does."""
    kind = CLIENTS[name]
    machine = exchange_machine(
        lambda sandbox: make_client(kind, sandbox),
        plays=(*PLAYS_BY_DEFAULT, "trouble"),
        write_to=None,
    )
    try:
        run_state_machine_as_test(
            seed(1)(machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            ),
        )
    except Exception:
        return next(iter(machine.failures))[0]
    return "-"


def main() -> int:
    """Print the table; return 1 if a mistake is not found."""
    checks = []
    for name in sys.argv[1:] or CLIENTS:
        began = time.perf_counter()
        checks.append(find_check(name))
        line = f"{name:<20} {checks[-1]:<14} {time.perf_counter() - began:6.1f} s"
        print(line, flush=True)  # noqa: T201 - a report
    return 1 if "-" in checks else 0


if __name__ == "__main__":
    sys.exit(main())
