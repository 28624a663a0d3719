"""The files for the forge: they parse, and the commands and paths that they name exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOW = GITHUB / "workflows" / "ci.yml"
HOOKS = ROOT / ".pre-commit-config.yaml"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").iterdir() if path.stem != "config")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def read(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.safe_load(path.read_text("utf-8"))


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    rules = re.findall(r"^([a-z][\w -]*):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    return {target for rule in rules for target in rule.split()}


def called_targets(text: str) -> set[str]:
    """Return the make targets that commands in a text call."""
    targets = set()
    command = r"^(?:- run: |within \d+ |.*`)?make ([a-z][a-z -]*)"
    for words in re.findall(command, text, re.MULTILINE):
        targets.update(words.split())
    return targets


def steps() -> list[dict[str, Any]]:
    """Return the steps of all jobs of the workflow."""
    return [step for job in read(WORKFLOW)["jobs"].values() for step in job["steps"]]


def test_the_workflow_calls_make_targets_that_exist() -> None:
    """Every command of the workflow is a make target, so that it runs on any computer."""
    commands = [step["run"] for step in steps() if "run" in step]
    assert commands
    for command in commands:
        program, target, *variables = command.split()
        assert program == "make"
        assert target in make_targets()
        assert all(re.fullmatch(r"[A-Z]+=\w+", variable) for variable in variables)


def test_the_gate_calls_make_targets_that_exist() -> None:
    """Every make target of the gate's script exists."""
    called = called_targets((ROOT / ".ci" / "run").read_text("utf-8"))
    assert {"test", "lint", "types"} <= called <= make_targets()


def test_every_tool_of_the_gate_has_its_version() -> None:
    """`constraints.txt` names one version of each package that the tests need."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    required = (
        PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    )
    names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in required}
    assert names <= {name.lower().replace("_", "-") for name in pins}


def test_the_workflow_tests_every_supported_python_and_system() -> None:
    """The matrix has the versions of the classifiers, and the three systems."""
    matrix = read(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]
    prefix = "Programming Language :: Python :: "
    supported = [
        name.removeprefix(prefix)
        for name in PROJECT["project"]["classifiers"]
        if name.startswith(prefix)
    ]
    assert matrix["python"] == supported
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "windows", "macos"]


def test_jobs_wait_for_jobs_that_exist() -> None:
    """`needs` names a job of the workflow."""
    jobs = read(WORKFLOW)["jobs"]
    assert {job["needs"] for job in jobs.values() if "needs" in job} <= set(jobs)


def test_hooks_run_tools_that_the_project_installs() -> None:
    """Hooks are local commands of the development dependencies: nothing else is downloaded."""
    dependencies = PROJECT["project"]["optional-dependencies"]["dev"]
    tools = {re.split(r"[<>=\[]", dependency)[0] for dependency in dependencies}
    for repository in read(HOOKS)["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["language"] == "system"
            assert hook["entry"].split()[0] in tools


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms_are_complete(path: Path) -> None:
    """An issue form has a name, a description, and fields with an id and a label each."""
    form = read(path)
    assert form["name"]
    assert form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    assert all(field["attributes"]["label"] for field in form["body"])


def test_the_pull_request_template_names_targets_that_exist() -> None:
    """The checks of the template are make targets."""
    text = (GITHUB / "pull_request_template.md").read_text("utf-8")
    called = {word for words in re.findall(r"`make ([a-z -]+)`", text) for word in words.split()}
    assert called
    assert called <= make_targets()


@pytest.mark.parametrize("path", [WORKFLOW, HOOKS, *FORMS], ids=lambda path: path.name)
def test_no_host_is_named(path: Path) -> None:
    """No file names a registry or another host."""
    assert "://" not in path.read_text("utf-8")
