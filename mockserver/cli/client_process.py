"""The client under test: a shell command in a process group of its own, started for a story and stopped after it."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

__all__ = ["Client"]

_KEPT = 64 * 1024  # bytes of what it wrote last
_LINES = 40
_STOP_WITHIN = 5.0  # seconds that it has to end by itself
_READ_WITHIN = 1.0
_LOOK = 0.02


class Client:
    """A running command; what it writes is read, and the end of it kept.

    Only the command's own process group is ever signalled.
    """

    def __init__(self, command: str, variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S602  # the user's own command line
            command,
            shell=True,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def alive(self) -> bool:
        """Whether the command still runs; what it started does not count."""
        return self._code() is None

    def stop(self) -> int | None:
        """Command and group have ended: as they were asked to, or killed when the command would not in time.

        The exit code of a command that had ended by itself, 128 + n for signal n.
        """
        code = self._code()
        self._end(signal.SIGTERM)
        until = time.monotonic() + _STOP_WITHIN
        while self.alive() and time.monotonic() < until:
            time.sleep(_LOOK)
        self._end(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()
        self._reader.join(_READ_WITHIN)  # a process that left the group may hold the pipe
        return code

    def log(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(bytes(self._written).decode(errors="replace").splitlines()[-_LINES:])

    def _code(self) -> int | None:
        """The exit code, None while it runs.

        Where the system can, the process stays unreaped, so that its group's id stays its own.
        """
        if not hasattr(os, "waitid"):
            code = self._process.poll()
            return 128 - code if code is not None and code < 0 else code
        found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return (
            None
            if found is None
            else found.si_status + (0 if found.si_code == os.CLD_EXITED else 128)
        )

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while piece := os.read(pipe.fileno(), 65_536):
                self._written += piece
                del self._written[:-_KEPT]

    def _end(self, number: int) -> None:
        if os.name == "nt":
            subprocess.run(  # noqa: S603
                ["taskkill", "/F", "/T", "/PID", str(self._process.pid)],  # noqa: S607
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
