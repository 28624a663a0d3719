"""Scenarios run by several processes: each of them once, also when a worker dies."""

import multiprocessing
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from mockserver.cli.scenario_executor import RunOptions, in_process_executor
from mockserver.cli.scenario_files import read_sources
from mockserver.cli.workers import run_in_processes

SCENARIO = "scenario: x\nsteps:\n  - buyer: apply\n  - seller: agree\n"


@pytest.fixture
def sources(tmp_path: Path) -> list:
    """Five scenarios that pass."""
    paths = [tmp_path / f"{name}.scenario.yaml" for name in "abcde"]
    for path in paths:
        path.write_text(SCENARIO, "utf-8")
    read, mistakes = read_sources(paths)
    assert mistakes == []
    return read


def test_every_scenario_runs_once(sources) -> None:
    """Each result comes from a process that imports the product anew, as without fork."""
    results = dict(
        run_in_processes(sources, partial(in_process_executor, RunOptions()), 2, "spawn")
    )
    assert sorted(results) == [0, 1, 2, 3, 4]
    assert {result.outcome for result in results.values()} == {"passed"}
    assert multiprocessing.active_children() == []


def die() -> None:
    """Ends its process without a word."""
    os._exit(1)


def test_workers_that_die_break_their_scenarios(sources) -> None:
    """A run whose processes all die ends, with every scenario broken."""
    results = dict(run_in_processes(sources, die, 2, "spawn"))
    assert sorted(results) == [0, 1, 2, 3, 4]
    assert {result.outcome for result in results.values()} == {"broken"}


def test_a_closed_run_leaves_no_process(sources) -> None:
    """Closing a run before its end ends its workers."""
    results = run_in_processes(sources, partial(in_process_executor, RunOptions()), 2, "spawn")
    next(results)
    results.close()
    assert multiprocessing.active_children() == []


SIGNAL_AFTER_FORK = """
import os, signal, sys
os.register_at_fork(after_in_child=lambda: signal.raise_signal(int(sys.argv[-1])))
from mockserver.cli.main import run_command
sys.exit(run_command(["--lang", "en", "run", ".", "--jobs", "2"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (signal.SIGINT, (0, "5 passed")),
        (signal.SIGTERM, (1, "the process that played it has died")),
        (signal.SIGHUP, (1, "the process that played it has died")),
    ],
)
@pytest.mark.usefixtures("sources")
def test_a_signal_while_a_worker_starts(
    tmp_path: Path, environment: dict[str, str], number: int, expected: tuple[int, str]
) -> None:
    """A signal that a worker gets before it has its own handlers is not lost and not traced: Ctrl-C
    is left to the parent, the others end the worker."""
    ended = subprocess.run(
        [sys.executable, "-c", SIGNAL_AFTER_FORK, str(int(number))],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    code, words = expected
    assert (ended.returncode, ended.stderr) == (code, "")
    assert words in ended.stdout
