"""The guides for pytest run as pasted: their files in one folder, their suite under pytest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GUIDES = ("docs/test-your-client.md", "docs/test-your-client.zh-CN.md")


def files(name: str) -> dict[str, str]:
    """The blocks of a guide that say which file they are."""
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^```\w+\n# file: (\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", GUIDES)
def test_the_suite_of_the_guide_passes(name: str, tmp_path: Path) -> None:
    """Every file of the guide, put into one folder, is a suite that passes, scenarios included."""
    texts = files(name)
    assert {
        "test_first.py",
        "my_client.py",
        "test_mine.py",
        "late.scenario.yaml",
        "test_scenario.py",
        "test_shared.py",
    } == set(texts)
    for path, text in texts.items():
        (tmp_path / path).write_text(text, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        "--exchange-cov-fail-under=10",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "8 passed" in ran.stdout
