"""The client under test of `run`: a command, started for a scenario, held, stopped after it."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping

from .process_group import end_group, signal_group

__all__ = ["ClientProcess", "HeldProcess"]

_OUTPUT_BYTES = 64 * 1024  # of a client's output, the newest
_OUTPUT_LINES = 40  # of those, in a report
_READER_SECONDS = 1.0


class ClientProcess:
    """A shell command in a process group of its own: started for a scenario, stopped after it.

    Its output is read all the time, so that it never blocks; the newest part is kept, and
    `marked_lines` counts the lines that contain `mark`.  Only the command's own process group is
    ever signalled.  Once `hurried` returns True a stop gives nobody time any more.
    """

    def __init__(
        self,
        command: str,
        variables: Mapping[str, str],
        hurried: Callable[[], bool] = lambda: False,
        mark: str = "",
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
        self.marked_lines = 0
        self._mark = mark.encode()
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    def alive(self) -> bool:
        """Return True while the command runs; processes that it started do not count."""
        return self.exit_code() is None

    def stop(self) -> int | None:
        """End the command with all processes of its group: SIGTERM, then SIGKILL after 5 seconds.

        Return None if the command still ran; else its exit code, 128 + n after signal n.
        """
        code = self.exit_code()
        self.go_on()  # a process that is held cannot end itself
        end_group(self._process, self._hurried)
        self._reader.join(_READER_SECONDS)  # a process that left the group may hold the pipe
        return code

    def hold(self) -> None:
        """Let no process of the command's group do anything; on Windows nothing is held."""
        if os.name != "nt":
            signal_group(self._process, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the held processes go on."""
        if os.name != "nt":
            signal_group(self._process, signal.SIGCONT)

    def log(self) -> str:
        """Return the last lines of the command's output, at most 40."""
        lines = bytes(self._output).decode(errors="replace").splitlines()
        return "\n".join(lines[-_OUTPUT_LINES:])

    def exit_code(self) -> int | None:
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
        line = b""  # that has not ended
        with self._process.stdout as pipe:
            while piece := os.read(pipe.fileno(), 65_536):
                self._output += piece
                del self._output[:-_OUTPUT_BYTES]
                *lines, line = (line + piece).split(b"\n")
                line = line[-_OUTPUT_BYTES:]
                if self._mark:
                    self.marked_lines += sum(self._mark in ended for ended in lines)


class HeldProcess:
    """A client's command that is started by its first turn, and held between its turns.

    One that has ended by itself with exit code 0, as a batch does, is started again by the next
    turn; so is one that has to forget what it remembers.
    """

    def __init__(self, start: Callable[[], ClientProcess]) -> None:
        self._start = start
        self._process: ClientProcess | None = None
        self._is_stale = False
        self._log = ""

    def go(self) -> None:
        """Start the command, or let it go on."""
        if self._process is not None and (self._is_stale or self._process.exit_code() == 0):
            self.stop()
        self._is_stale = False
        if self._process is None:
            self._process = self._start()
        else:
            self._process.go_on()

    def hold(self) -> None:
        """Let the command do nothing until `go`."""
        if self._process is not None:
            self._process.hold()

    def forget(self) -> None:
        """Start the command anew at the next `go`."""
        self._is_stale = self._process is not None

    def alive(self) -> bool:
        """Return True unless the command has been started and has ended."""
        return self._process is None or self._process.alive()

    def stop(self) -> int | None:
        """End the command.  Return None if it was running or never began, else its exit code."""
        process = self._process
        self._process = None
        if process is None:
            return None
        code = process.stop()
        self._log = process.log()
        return code

    def log(self) -> str:
        """Return the last lines of the output of the command that was stopped last."""
        return self._log
