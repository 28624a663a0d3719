"""The guide to scenarios: files and commands run as pasted, and it names every key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.scenario.expectations import EXPECTATIONS
from mockserver.scenario.matching import OPERATORS
from mockserver.scenario.step_kinds import STEP_KINDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GUIDES = ("docs/first-scenario.md", "docs/first-scenario.zh-CN.md")
FILE = re.compile(
    r"`([\w-]+\.scenario\.yaml)`[:：]\n\n```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL
)
MISTYPED = (
    ("buyer: apply", "buyer: aply"),
    ("status: 2, due_in", "status: 3, due_in"),
    ("available: 1, res", "available: 2, res"),
)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(name), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the guide's files, and the command on its path."""
    shim = tmp_path / ".bin" / "tmall-mockserver"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mockserver "$@"\n')
    shim.chmod(0o755)
    for name, content in FILE.findall(text(GUIDES[0])):
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


def run(folder: Path, program: str) -> subprocess.CompletedProcess:
    path = f"{folder / '.bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", program],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_commands_run_in_order(folder: Path) -> None:
    """The shell blocks run in one shell with the guide's files, and every scenario passes."""
    script = "\n".join(blocks(GUIDES[0], "sh"))
    assert "--client" in script
    ran = run(
        folder,
        f"set -eu\ntrap 'tmall-mockserver --ready-file mock.json stop || true' EXIT\n{script}",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "不符" not in ran.stdout
    assert (folder / "reports" / "scenarios.xml").stat().st_size


@pytest.mark.parametrize(("name", "lang"), [(GUIDES[0], "en"), (GUIDES[1], "zh")])
def test_failures_look_as_shown(folder: Path, name: str, lang: str) -> None:
    """Each mistyped file prints the line that the guide shows for it."""
    printed_lines = [
        line.strip().removesuffix("…") for line in "".join(blocks(name, "text")).splitlines()
    ]
    right = (folder / "first.scenario.yaml").read_text("utf-8")
    printed = ""
    for good, bad in MISTYPED:
        assert good in right
        (folder / "first.scenario.yaml").write_text(right.replace(good, bad), "utf-8")
        ran = run(folder, f"tmall-mockserver --lang {lang} run first.scenario.yaml")
        assert ran.returncode in (1, 2)
        printed += ran.stdout + ran.stderr
    assert len(printed_lines) == 4
    assert [line for line in printed_lines if line not in printed] == []


@pytest.mark.parametrize("name", GUIDES)
def test_the_guide_names_everything(name: str) -> None:
    """Every step, every key of an expectation and every operator stands in the guide as code."""
    coded = " ".join(
        re.findall(
            r"`([^`]+)`", re.sub(r"^```.*?^```", "", text(name), flags=re.MULTILINE | re.DOTALL)
        )
    )
    words = set(re.findall(r"[a-z_]+", coded))
    assert (set(STEP_KINDS) | set(EXPECTATIONS) | set(OPERATORS)) - words == set()
