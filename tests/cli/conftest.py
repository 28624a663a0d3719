"""Runs the command as users do: in its own process and folder, with a clean environment."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from mockserver import Server
from mockserver.cli.main import run_command

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def environment() -> dict[str, str]:
    """The variables of a clean shell that names no language."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TMALL_MOCKSERVER_", "TOP_", "LC_", "LANG"))
    }
    return {**inherited, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def cli(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Runs `tmall-mockserver ARGS…` to its end; keywords are more variables."""

    def run(*args: str, **more: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "mockserver", *args],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def at(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs a command against a fresh server; both are in this process, so it takes no time."""
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)
    with Server() as server:
        yield lambda *args: run_here("--url", server.url, "--token", server.token, *args)


def run_here(*args: str) -> subprocess.CompletedProcess:
    """Runs a command in this process, as its own process would: exit code, stdout, stderr."""
    return run_with(io.StringIO(), *args)


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def run_on_terminal(*args: str) -> subprocess.CompletedProcess:
    """Runs a command in this process as if its stdout were a terminal."""
    return run_with(Terminal(), *args)


def run_with(output: io.StringIO, *args: str) -> subprocess.CompletedProcess:
    """Runs a command in this process with `output` as its stdout."""
    errors = io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            code = run_command(list(args))
        except SystemExit as end:
            code = end.code or 0
    return subprocess.CompletedProcess(args, code, output.getvalue(), errors.getvalue())


class Served:
    """A `serve` process that is ready: its ready file, its output, its end."""

    def __init__(self, process: subprocess.Popen, path: Path) -> None:
        self.process, self.path = process, path
        self.first_line = process.stdout.readline().strip()
        assert self.first_line, f"the server did not start: {process.stderr.read()}"
        self.lines: list[str] = []
        self._reader = threading.Thread(
            target=lambda: self.lines.extend(process.stdout), daemon=True
        )
        self._reader.start()
        self.ready = json.loads(path.read_text("utf-8"))

    def end(self, number: int) -> tuple[int, str]:
        """Sends a signal; exit code and stderr."""
        self.process.send_signal(number)
        code = self.process.wait(10)
        self._reader.join(10)
        return code, self.process.stderr.read()


@pytest.fixture
def serve(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., Served]]:
    """Starts `serve --port 0` with more options; whatever still runs at the end is killed."""
    started = []

    def start(*args: str, **more: str) -> Served:
        path = tmp_path / "ready.json"
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mockserver",
                "serve",
                "--port",
                "0",
                "--ready-file",
                str(path),
                *args,
            ],
            cwd=tmp_path,
            env={**environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return Served(process, path)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()
        process.stderr.close()
