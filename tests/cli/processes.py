"""Commands of tests in sessions and on terminals of their own: every wait has a limit, and nothing
that a command left behind outlives its test."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

LIMIT = 60.0  # seconds of any wait: far more than a loaded machine takes
_ON_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"


def end_session(process: subprocess.Popen) -> None:
    """Kill all processes of the session that `process` leads: the command of `exec` has a process
    group of its own there.  What still holds the pipes of `process` is not waited for."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            session = path.read_text().rpartition(")")[2].split()[3]
            if int(session) == process.pid:
                os.kill(int(path.parent.name), signal.SIGKILL)
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=10)


def wait_until(is_so: Callable[[], object]) -> None:
    """Return as soon as `is_so`, within the limit."""
    end = monotonic() + LIMIT
    while not is_so():
        assert monotonic() < end
        sleep(0.02)


def read_until(descriptor: int, text: bytes) -> bytes:
    """What is read up to `text`, or to the end if there is no `text`, within the limit."""
    received = b""
    end = monotonic() + LIMIT
    while not text or text not in received:
        assert select.select([descriptor], [], [], max(end - monotonic(), 0))[0], received
        chunk = b""
        with suppress(OSError):  # the end of a terminal is an error on Linux
            chunk = os.read(descriptor, 4096)
        if not chunk:
            break
        received += chunk
    assert text in received, received
    return received


def read_line(fifo: Path) -> str:
    """The line that somebody writes into the FIFO, within the limit."""
    descriptor = os.open(fifo, os.O_RDWR)  # so that it has no end before there is a writer
    try:
        return read_until(descriptor, b"\n").decode()
    finally:
        os.close(descriptor)


@contextmanager
def on_terminal(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen, int]]:
    """Run `python ARGUMENTS…` as the first process of a terminal; yield it and the other end."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_TERMINAL, sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        end_session(process)
        os.close(ours)
