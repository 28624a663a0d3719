"""The installed package is complete: scenarios are in the source archive and in the wheel."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from mockserver.scenario.library import list_shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package from a wheel; archive and wheel are built without a network."""
    work = tmp_path_factory.mktemp("built")

    def do(*args: str, where: Path) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", *args],
            cwd=where,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    do("hatchling", "build", "-t", "sdist", "-d", str(work), where=ROOT)
    (archive,) = work.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(work, filter="data")
    source = work / archive.name.removesuffix(".tar.gz")
    do("hatchling", "build", "-t", "wheel", "-d", str(work), where=source)
    (wheel,) = work.glob("*.whl")
    do(
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(work / "site"),
        str(wheel),
        where=work,
    )
    return work / "site"


@pytest.mark.slow
def test_the_scenarios_are_found_outside_a_checkout(
    installed: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """`run --list` names every scenario of the checkout, and one plays by its name."""

    def run(*args: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "mockserver", *args],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        ).stdout

    listed = [line.split()[0] for line in run("run", "--list").splitlines()]
    assert listed == list(list_shipped())
    assert "1 个场景：1 通过" in run("run", listed[0])
    where = subprocess.run(
        [sys.executable, "-c", "import mockserver; print(mockserver.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed)
