"""Processes that are measured: started with compiled byte code, stopped by closing their input.

Only Linux has the processor time and memory of a process by /proc; elsewhere those columns fail.
"""

import compileall
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from .load import Job, Measured

__all__ = ["ROOT", "Child", "compile_all", "free_port", "loaded", "spawn", "wait_reply"]

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


def compile_all() -> None:
    """Product and benchmarks have up-to-date byte code; installers do the same."""
    for folder in ("mockserver", "benchmarks"):
        compileall.compile_dir(ROOT / folder, quiet=1)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def spawn(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """`python <command>` in the project's folder, with pipes for input and output."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


class Child:
    """A server process of this package, for `with Child("benchmarks.bare") as bare: …`."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = spawn(["-m", module, *arguments])
        assert self._process.stdout is not None
        ready = msgspec.json.decode(self._process.stdout.readline())
        self.url, self.token = str(ready["url"]), str(ready["token"])
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def cpu(self) -> float:
        """Seconds of processor time used so far, in user and system mode."""
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory(self) -> float:
        """MB in use now (PSS: shared pages count by share)."""
        lines = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text("ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def loaded(
    child: Child, bodies: list[bytes], expected: bytes, seconds: float = 0.0, connections: int = 8
) -> tuple[Measured, float]:
    """What the load generator saw, and the server's processor time per reply in microseconds.

    Raises:
        SystemExit: a reply was not the expected one, so the figures would mean nothing.
    """
    job = pickle.dumps(Job(child.port, bodies, expected, seconds, connections))
    before = child.cpu
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=job,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    used, measured = child.cpu - before, msgspec.json.decode(done.stdout, type=Measured)
    if measured.wrong:
        raise SystemExit(f"{measured.wrong} of {measured.replies} replies lack {expected!r}")
    return measured, used / measured.replies * 1e6


def wait_reply(port: int, body: bytes, limit: float = 20.0) -> None:
    """Returns when a POST of `body` has been answered; tries from before the port is open."""
    until = time.perf_counter() + limit
    head = (
        f"POST /router/rest HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: "
        f"close\r\nContent-Length: {len(body)}\r\n"
    )
    kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall((head + kind).encode() + body)
                if connection.recv(65_536).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        if time.perf_counter() > until:
            raise SystemExit(f"no reply on port {port} within {limit} s")
        time.sleep(0.001)
