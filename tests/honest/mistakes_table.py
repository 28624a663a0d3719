"""Which check and which findings show each mistake?  `python -m tests.honest.mistakes_table`.

Prints a line for each: the class, the check, the errors of the client report, the seconds; `-`
where 200 runs found nothing.  `tests/written` compares these with the table of the guides.
"""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mockserver import Sandbox
from mockserver.testing import exchange_machine
from mockserver.testing.machine.machine_options import PLAYS_BY_DEFAULT
from tests.honest.accusations import make_client

import buggy  # isort: skip - examples/isv_client is on the path since the import above
import mistakes  # isort: skip

_QUOTA: Mapping[str, Any] = MappingProxyType({"quotas": [{"per": "second", "limit": 6}]})
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
        run_state_machine_as_test(seed(1)(machine), settings=_make_settings(examples))
    except Exception:
        return next(iter(machine.failures))[0]
    return "-"


class _Watched:
    """A client whose calls are reviewed after each round; a crash of its own ends the round.

    The machine refuses goods as the shop's staff does, by calls of the same app: a finding counts
    only if all its calls are the client's.
    """

    def __init__(self, kind: Any, sandbox: Sandbox, findings: set[str]) -> None:
        self._client = make_client(kind, sandbox)
        self._sandbox = sandbox
        self._findings = findings
        self._staff: set[str] = set()
        self._own: set[str] = set()

    def step(self) -> None:
        self._staff |= self._list_calls() - self._own
        with suppress(ValueError):  # a text that the client cannot read
            self._client.step()
        self._own |= self._list_calls() - self._staff
        report = self._sandbox.report()
        findings = (*report["audit"]["findings"], *report["findings"])
        self._findings |= {
            item["id"]
            for item in findings
            if item["severity"] == "error" and not self._staff.intersection(item["request_ids"])
        }

    def _list_calls(self) -> set[str]:
        return {entry["request_id"] for entry in self._sandbox.requests()}


def list_findings(kind: Any, examples: int = 40) -> set[str]:
    """Return the ids of the errors that the report shows in so many runs; no check ends a run.

    A quarter of as many runs follow under a quota, whose bans last longer than a call.
    """
    findings: set[str] = set()
    for runs, world in ((examples, {}), (examples // 4, _QUOTA)):
        machine = exchange_machine(
            lambda sandbox: _Watched(kind, sandbox, findings),
            plays=(*PLAYS_BY_DEFAULT, "trouble"),
            check=(),
            world=world,
            write_to=None,
        )
        run_state_machine_as_test(seed(1)(machine), settings=_make_settings(runs))
    return findings


def _make_settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=30,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )


def main() -> int:
    """Print the table; return 1 if a mistake is not found."""
    checks = []
    for name in sys.argv[1:] or CLIENTS:
        began = time.perf_counter()
        checks.append(find_check(name))
        findings = ", ".join(sorted(list_findings(CLIENTS[name]))) or "-"
        seconds = time.perf_counter() - began
        line = f"{name:<20} {checks[-1]:<14} {findings:<40} {seconds:6.1f} s"
        print(line, flush=True)  # noqa: T201 - a report
    return 1 if "-" in checks else 0


if __name__ == "__main__":
    sys.exit(main())
