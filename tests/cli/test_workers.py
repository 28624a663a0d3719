"""Scenarios run by several processes: each of them once, also when a worker dies."""

import multiprocessing
import os
from functools import partial
from pathlib import Path

import pytest

from mockserver.cli.scenario_executor import RunOptions, in_process_executor
from mockserver.cli.scenario_files import read_sources
from mockserver.cli.workers import run_in_processes

STORY = "scenario: x\nsteps:\n  - buyer: apply\n  - seller: agree\n"


@pytest.fixture
def sources(tmp_path: Path) -> list:
    """Five scenarios that pass."""
    paths = [tmp_path / f"{name}.scenario.yaml" for name in "abcde"]
    for path in paths:
        path.write_text(STORY, "utf-8")
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


def test_workers_that_die_break_their_scenarios(sources) -> None:
    """A run whose processes all die ends, with every scenario broken."""
    results = dict(run_in_processes(sources, partial(os._exit, 1), 2, "spawn"))
    assert sorted(results) == [0, 1, 2, 3, 4]
    assert {result.outcome for result in results.values()} == {"broken"}


def test_a_closed_run_leaves_no_process(sources) -> None:
    """Closing a run before its end ends its workers."""
    results = run_in_processes(sources, partial(in_process_executor, RunOptions()), 2, "spawn")
    next(results)
    results.close()
    assert multiprocessing.active_children() == []
