"""This revision against an older one, side by side in one run.

    python -m benchmarks.compare REVISION [rounds]

The older revision is checked out as a git worktree in a temporary folder, with a venv of its own,
and both are removed at the end.  In each round both do the same in turn, the rounds change who goes
first, and what is printed is the ratio of the processor times of one round: ours over theirs, so
below 1 is faster.  Each side runs `PROBE`, which uses only names that both have.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from .children import ROOT, compile_all
from .verdict import note, ratios

__all__ = ["main"]

# Names that users type, which hold from one version to the next; microseconds of the process.
PROBE = """
import http.client, json, time
from contextlib import closing
from mockserver import Sandbox, Server

def measure(call, count):
    call()
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) / count * 1e6

def measure_all():
    times = {"Sandbox()": measure(Sandbox, 40)}
    with Server() as server:
        sandbox = server.sandbox()
        client = sandbox.client()
        read = sandbox.open().dispute_id
        address = sandbox.shops[0]["addresses"][0]["contact_id"]
        written = iter([sandbox.open().dispute_id for _ in range(201)])
        times["get over HTTP"] = measure(lambda: client.call(
            "tmall.exchange.get", dispute_id=read, fields="dispute_id,status"), 400)
        times["agree over HTTP"] = measure(lambda: client.call(
            "tmall.exchange.agree", dispute_id=next(written), address_id=address,
            fields="dispute_id,status"), 200)
    exchange = Sandbox().open()
    times["exchange.status of Sandbox()"] = measure(lambda: exchange.status, 400)
    return times

measure_all()
while input():
    print(json.dumps(measure_all()), flush=True)
"""


class Side:
    """One revision in a process of its own, which measures when it is asked."""

    def __init__(self, python: Path | str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [python, "-c", PROBE],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self) -> dict[str, float]:
        """Return the processor time of one call in microseconds, by what was called."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=dict[str, float])

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)


def _install(folder: Path) -> Path:
    """Make a venv in `folder` with the product of `folder`; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", ".venv"], cwd=folder, check=True)
    python = folder / ".venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "."]
    subprocess.run(install, cwd=folder, check=True)
    return python


def _measure_rounds(old_folder: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return pairs (ours, theirs) of each round, by what was called."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    ours = Side(sys.executable, ROOT)
    theirs = Side(_install(old_folder), old_folder)
    try:
        for number in range(rounds):
            if number % 2:
                other, own = theirs.measure(), ours.measure()
            else:
                own, other = ours.measure(), theirs.measure()
            for name, time_of_own in own.items():
                pairs.setdefault(name, []).append((time_of_own, other[name]))
    finally:
        ours.stop()
        theirs.stop()
    return pairs


def main(revision: str, rounds: int = 7) -> None:
    """Print the ratios of each measurement and the times of both sides."""
    compile_all()
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "old"
        subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True)
        try:
            pairs = _measure_rounds(folder, rounds)
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)
    print(f"this revision over {revision}, {rounds} rounds, processor time")
    for name, times in pairs.items():
        own, other = [pair[0] for pair in times], [pair[1] for pair in times]
        note(f"{name}: over the old", ratios(own, other))
        note(f"{name}: this revision", own, "us")
        note(f"{name}: {revision}", other, "us")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("python -m benchmarks.compare REVISION [rounds]")
    main(sys.argv[1], *map(int, sys.argv[2:3]))
