"""Each planted mistake of the example client is found, by what the table in the guides says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.command_client import CommandClient
from mockserver.cli.exam_machine import MachinePlan, play_groups
from mockserver.cli.exam_parts import Habits
from tests.honest.accusations import CLIENTS as HONEST
from tests.honest.mistakes_table import BUGS, CLIENTS, find_check, list_findings

CHECKS = {
    "RoundsIds": {"offences"},
    "IgnoresFailure": {"left_lying", "unhandled", "unread"},
    "DropsMovedRows": {"left_lying", "converged", "unhandled"},
    "ForgetsLateRows": {"left_lying", "converged", "unhandled"},
    "KnowsOneText": {"converged"},
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
FINDINGS = {name: cells[4] for name, cells in TABLE.items() if cells[4]}


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


def test_each_mistake_has_a_scenario_or_a_finding() -> None:
    """Besides the check: a user without the machine meets it, too."""
    assert TABLE.keys() == SCENARIOS.keys() | FINDINGS.keys()
    assert len(TABLE) >= 12


@pytest.mark.parametrize("name", FINDINGS)
def test_the_finding_of_the_table_shows_for_the_mistake(name: str) -> None:
    """The client report of its calls has an error by the name that the guides give."""
    assert FINDINGS[name] in list_findings(CLIENTS[name])


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_client_has_no_error_in_its_report(name: str) -> None:
    """In the same runs, whatever its design."""
    assert list_findings(HONEST[name]) == set()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("client", "group", "item"),
    [
        ("client.py", "stock", ("stock", "passed", "")),
        ("client.py", "replies", ("replies", "passed", "")),
        ("client.py", "trouble", ("trouble", "passed", "")),
        ("buggy.py IgnoresFailure", "stock", ("stock.left_lying", "failed", "failure_ignored")),
        ("mistakes.py RetriesBlindly", "replies", ("replies.repeats", "failed", "repeated_write")),
        (
            "mistakes.py NewWaybillEachTime",
            "replies",
            ("replies.repeats", "failed", "double_shipment"),
        ),
        ("mistakes.py CallsOnInBan", "trouble", ("trouble.pressed_on", "failed", "call_in_ban")),
    ],
)
def test_the_machine_of_the_exam_finds_what_no_scenario_shows(
    tmp_path: Path, client: str, group: str, item: tuple[str, str, str]
) -> None:
    """In the group that is about it, by the runs of one exam; the honest client passes."""
    command = CommandClient(f'ISV_PAUSE=0.02 "{sys.executable}" {EXAMPLE / client}', longest=5.0)
    folder = str(tmp_path)
    plan = MachinePlan(handles=[1, 3, 12], examples=4, steps=12, seconds=120.0, write_to=folder)
    (played,) = play_groups(command, plan, Habits(), names=(group,))
    assert (played.id, played.outcome, played.mistake) == item


def run_library(folder: Path, command: str, *options: str) -> dict[str, Any]:
    """The JSON report of all shipped scenarios around a client."""
    report = folder / "report.json"
    run = [sys.executable, "-m", "mockserver", "run", "all", "--client", command, *options]
    subprocess.run([*run, "--json", str(report)], capture_output=True, timeout=400, check=False)
    return json.loads(report.read_text("utf-8"))


@pytest.mark.timeout(420)
def test_most_shipped_scenarios_say_something_about_the_honest_client(tmp_path: Path) -> None:
    """At least 70 of them, none of them wrongly; each of the others gives its reason."""
    report = run_library(tmp_path, f'"{sys.executable}" {EXAMPLE / "client.py"}')
    assert report["about_client"] >= 70
    assert (report["failed"], report["broken"], report["interrupted"]) == (0, 0, 0)
    others = [story for story in report["stories"] if story["outcome"] == "inapplicable"]
    assert all(story["trouble"]["zh"] and story["trouble"]["en"] for story in others)


@pytest.mark.timeout(420)
def test_no_shipped_scenario_counts_for_a_client_that_does_nothing(tmp_path: Path) -> None:
    """What would pass without it is not applicable; none passes, none says something."""
    report = run_library(tmp_path, "exec sleep 1000", "--within", "1s")
    assert (report["passed"], report["about_client"]) == (0, 0)
    assert report["total"] == report["broken"] + report["failed"] + report["inapplicable"]


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
