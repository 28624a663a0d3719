"""Stories played by several processes: all of them once, whatever becomes of a worker."""

import multiprocessing
import os
from functools import partial
from pathlib import Path

import pytest

from mockserver.cli.scenario_executor import RunOptions, in_process
from mockserver.cli.scenario_files import read_scripts
from mockserver.cli.workers import in_processes

STORY = "scenario: x\nsteps:\n  - buyer: apply\n  - seller: agree\n"


@pytest.fixture
def scripts(tmp_path: Path) -> list:
    """Five stories that pass."""
    paths = [tmp_path / f"{name}.scenario.yaml" for name in "abcde"]
    for path in paths:
        path.write_text(STORY, "utf-8")
    read, mistakes = read_scripts(paths)
    assert mistakes == []
    return read


def test_every_story_is_played_once(scripts) -> None:
    """Each story's result comes from a process that imports the product anew, as on systems without fork."""
    played = dict(in_processes(scripts, partial(in_process, RunOptions()), 2, "spawn"))
    assert sorted(played) == [0, 1, 2, 3, 4]
    assert {result.outcome for result in played.values()} == {"passed"}
    assert multiprocessing.active_children() == []


def test_workers_that_die_break_their_stories(scripts) -> None:
    """A run whose processes all die ends, with every story broken."""
    played = dict(in_processes(scripts, partial(os._exit, 1), 2, "spawn"))
    assert sorted(played) == [0, 1, 2, 3, 4]
    assert {result.outcome for result in played.values()} == {"broken"}


def test_a_run_that_is_left_leaves_no_process(scripts) -> None:
    """Closing a run before its end ends its workers."""
    played = in_processes(scripts, partial(in_process, RunOptions()), 2, "spawn")
    next(played)
    played.close()
    assert multiprocessing.active_children() == []
