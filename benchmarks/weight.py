"""What the package costs a test suite that does not use it, beside a bare pytest.

    python -m benchmarks.weight [ROUNDS]

Two fresh environments: one has pytest, the other also the package with its extra `pytest`.  Each
runs one empty test, in turns, so that a busy machine slows both.  The smallest CPU time and the
smallest peak of memory of all rounds are compared; the exit code is 1 above the limits.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 7
MAX_SECONDS = 0.2  # of CPU, above a bare pytest
MAX_MEGABYTES = 10.0
INSTALL_SECONDS = 300
RUN_SECONDS = 60


@dataclass(frozen=True)
class Cost:
    """What a process needed: seconds of CPU, megabytes at its peak."""

    seconds: float
    megabytes: float


def make_environment(folder: Path, *requirements: str) -> Path:
    """Make a virtual environment with `requirements` and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=INSTALL_SECONDS)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *requirements], check=True, timeout=INSTALL_SECONDS)
    return python


def measure(python: Path, folder: Path) -> Cost:
    """Run the empty test of `folder` once and return what it cost.

    Raises:
        RuntimeError: the run failed.
    """
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": ""}
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{command} failed")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def smallest(costs: list[Cost]) -> Cost:
    """Return the smallest time and the smallest memory of `costs`."""
    return Cost(min(c.seconds for c in costs), min(c.megabytes for c in costs))


def main(rounds: int) -> int:
    """Print both costs and their difference; return 1 above the limits."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = folder / "suite"
        suite.mkdir()
        (suite / "test_empty.py").write_text("def test_empty(): pass\n", "utf-8")
        bare = make_environment(folder / "bare", "pytest")
        ours = make_environment(folder / "ours", f"{ROOT}[pytest]")
        for python in (bare, ours):
            measure(python, suite)  # byte code is written
        pairs = [(measure(bare, suite), measure(ours, suite)) for _ in range(rounds)]
    without, including = (smallest([pair[side] for pair in pairs]) for side in (0, 1))
    seconds = including.seconds - without.seconds
    megabytes = including.megabytes - without.megabytes
    for title, cost in (("bare pytest", without), ("with the package", including)):
        print(f"{title:<18}{cost.seconds:7.2f} s CPU {cost.megabytes:7.1f} MB")
    print(f"{'difference':<18}{seconds:+7.2f} s CPU {megabytes:+7.1f} MB", end="")
    print(f"   (at most {MAX_SECONDS} s, {MAX_MEGABYTES:g} MB)")
    return int(seconds > MAX_SECONDS or megabytes > MAX_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
