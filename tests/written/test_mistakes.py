"""Each planted mistake of the example client is found, by what the table in the guides says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.honest.mistakes_table import BUGS, CLIENTS, find_check

CHECKS = {
    "RoundsIds": {"offences"},
    "IgnoresFailure": {"left_lying", "unhandled", "unread"},
    "DropsMovedRows": {"left_lying", "converged", "unhandled"},
    "ForgetsLateRows": {"left_lying", "converged", "unhandled"},
    "KnowsOneText": {"offences"},
    "GivesUp": {"left_lying", "gave_up", "unhandled"},
    "CallsOnInBan": {"pressed_on"},
    "FirstAddress": {"wrong_target"},
    "CodeAsName": {"wrong_target"},
    "SplitsMessages": {"exception"},
    "SplitsAtOneCaret": {"exception"},
    "SkipsSecondRound": {"unhandled"},
    "RetriesBlindly": {"repeats"},
    "NewWaybillEachTime": {"repeats"},
    "ShipsAnyway": {"offences", "unread"},
    "ReturnsOwnWaybill": {"wrong_target"},
}
DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = Path(__file__).parents[2] / "examples" / "isv_client"


def read_table(guide: str) -> dict[str, list[str]]:
    """The cells by variant: mistake, plays, check, scenario, finding."""
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in (DOCS / guide).read_text("utf-8").splitlines()
        if re.match(r"\| `[A-Z]", line) and line.count("|") == 7
    ]
    return {row[0]: row[1:] for row in rows}


TABLE = read_table("property-tests.md")
SCENARIOS = {name: cells[3] for name, cells in TABLE.items() if cells[3]}


@pytest.mark.parametrize("name", CLIENTS)
def test_each_mistake_is_found(name: str) -> None:
    """By a check that is about this kind of mistake, and which the guides name."""
    check = find_check(name)
    assert check in CHECKS[name]
    assert check == TABLE[name][2]


def test_both_guides_have_the_same_table() -> None:
    """The variants of the example, with the same plays, checks, scenarios and findings."""
    assert TABLE.keys() == CLIENTS.keys()
    chinese = read_table("property-tests.zh-CN.md")
    assert {name: cells[2:] for name, cells in chinese.items()} == {
        name: cells[2:] for name, cells in TABLE.items()
    }


def run_scenario(scenario: str, client: str) -> int:
    """The exit code of a shipped scenario around a client of the example."""
    command = f'"{sys.executable}" {EXAMPLE / client}'
    handles = ("--handles", "1,3,12", "--within", "5s")
    run = [sys.executable, "-m", "mockserver", "run", scenario, *handles, "--client", command]
    return subprocess.run(run, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenario_of_the_table_fails_for_the_mistake(name: str) -> None:
    """Around the variant the shipped scenario fails."""
    file = "buggy.py" if name in BUGS else "mistakes.py"
    assert run_scenario(SCENARIOS[name], f"{file} {name}") == 1


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS.values())))
def test_the_scenario_of_the_table_passes_for_the_honest_client(scenario: str) -> None:
    """Around the correct client the same scenario passes."""
    assert run_scenario(scenario, "client.py") == 0
