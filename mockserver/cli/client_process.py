"""The client under test of `run`: a command that is started for a scenario and stopped after it."""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping

from .process_group import end_group

__all__ = ["ClientProcess"]

_OUTPUT_BYTES = 64 * 1024  # of a client's output, the newest
_OUTPUT_LINES = 40  # of those, in a report
_READER_SECONDS = 1.0


class ClientProcess:
    """A shell command in a process group of its own: started for a scenario, stopped after it.

    Its output is read all the time, so that it never blocks; the newest part is kept.  Only the
    command's own process group is ever signalled.  Once `hurried` returns True a stop gives nobody
    time any more.
    """

    def __init__(
        self,
        command: str,
        variables: Mapping[str, str],
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self._hurried = hurried
        self._process = subprocess.Popen(  # noqa: S602  # the user's own command line
            command,
            shell=True,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=None if os.name == "nt" else 0,  # it stays in our session
        )
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    def alive(self) -> bool:
        """Return True while the command runs; processes that it started do not count."""
        return self._exit_code() is None

    def stop(self) -> int | None:
        """End the command with all processes of its group: SIGTERM, then SIGKILL after 5 seconds.

        Return None if the command still ran; else its exit code, 128 + n after signal n.
        """
        code = self._exit_code()
        end_group(self._process, self._hurried)
        self._reader.join(_READER_SECONDS)  # a process that left the group may hold the pipe
        return code

    def log(self) -> str:
        """Return the last lines of the command's output, at most 40."""
        lines = bytes(self._output).decode(errors="replace").splitlines()
        return "\n".join(lines[-_OUTPUT_LINES:])

    def _exit_code(self) -> int | None:
        """Return the exit code, or None while the command runs.

        Where the system can, the process stays unreaped, so that the id of its group stays its own.
        """
        if not hasattr(os, "waitid"):
            code = self._process.poll()
            return 128 - code if code is not None and code < 0 else code
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        return ended.si_status + (0 if ended.si_code == os.CLD_EXITED else 128)

    def _read_output(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while piece := os.read(pipe.fileno(), 65_536):
                self._output += piece
                del self._output[:-_OUTPUT_BYTES]
