"""Processes that a command starts: the client under test of `run`, the command of `exec`."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

from ..world.real_clock import monotonic_seconds

__all__ = ["ClientProcess", "SignalRelay"]

_OUTPUT_BYTES = 64 * 1024  # of a client's output, the newest
_OUTPUT_LINES = 40  # of those, in a report
_STOP_SECONDS = 5.0  # that a client has to end by itself
_READER_SECONDS = 1.0
_POLL_SECONDS = 0.02
_RELAYED_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class ClientProcess:
    """A shell command in a process group of its own: started for a scenario, stopped after it.

    Its output is read all the time, so that it never blocks; the newest part is kept.  Only the
    command's own process group is ever signalled.
    """

    def __init__(self, command: str, variables: Mapping[str, str]) -> None:
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
        """Stop the command and its group: SIGTERM, then SIGKILL after 5 seconds.

        Return None if this was needed; else the exit code of a command that had ended by itself
        before, 128 + n after signal n.
        """
        code = self._exit_code()
        self._signal_group(signal.SIGTERM)
        deadline = monotonic_seconds() + _STOP_SECONDS
        while self.alive() and monotonic_seconds() < deadline:
            time.sleep(_POLL_SECONDS)
        self._signal_group(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()
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

    def _signal_group(self, number: int) -> None:
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


class SignalRelay:
    """Passes signals on to the command that it runs, instead of ending this process.

    Made before the server starts: a signal that comes earlier than the command is not lost, and
    none leaves a process or a ready file behind.

    The command gets each signal once, wherever it comes from.  So it has a process group of its
    own: a signal to our group reaches us alone and is passed on, as one to this process is.  On a
    terminal its group is the one in the foreground, as a shell would do it: there Ctrl-C reaches
    the command alone, it may read the terminal, and when it is stopped (Ctrl-Z) so are we.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._received: list[int] = []
        for name in _RELAYED_SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._receive)

    def run(self, command: list[str], variables: dict[str, str]) -> int:
        """Run the command to its end and return its exit code, 128 + n when it died of signal n.

        If a signal came before, the command does not start.

        Raises:
            OSError: the command cannot be executed.
        """
        if self._received:
            return 128 + self._received[0]
        group = None if os.name == "nt" else 0
        self._child = subprocess.Popen(command, env=variables, process_group=group)  # noqa: S603  # what the user asks for
        terminal = _foreground_terminal()
        if terminal is not None:
            _give_terminal(terminal, self._child.pid)
        for number in self._received:  # that came between the check and the start
            self._relay(number)
        try:
            code = self._wait(terminal)
        finally:
            if terminal is not None:
                _give_terminal(terminal, os.getpgrp())
        return 128 - code if code < 0 else code

    def _wait(self, terminal: int | None) -> int:
        """Return the exit code; while the command is stopped from the terminal, stop too."""
        assert self._child is not None
        if terminal is None:
            return self._child.wait()
        while True:
            _, status = os.waitpid(self._child.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                code = self._child.returncode = os.waitstatus_to_exitcode(status)
                return code
            _give_terminal(terminal, os.getpgrp())
            os.killpg(os.getpgrp(), signal.SIGSTOP)  # until the shell continues us
            _give_terminal(terminal, self._child.pid)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)
        self._relay(number)

    def _relay(self, number: int) -> None:
        if self._child is None:
            return
        if os.name != "nt":
            self._child.send_signal(number)
        elif number == signal.SIGTERM:  # a Windows console sends the others to the child itself
            self._child.terminate()


def _foreground_terminal() -> int | None:
    """Return the file of the terminal in whose foreground we are, or None."""
    if os.name == "nt" or sys.stdin is None:
        return None
    with suppress(OSError, ValueError):
        terminal = sys.stdin.fileno()
        if os.isatty(terminal) and os.tcgetpgrp(terminal) == os.getpgrp():
            return terminal
    return None


def _give_terminal(terminal: int, group: int) -> None:
    """Put a process group into the terminal's foreground, and let it go on if it had to wait."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
        if group != os.getpgrp():
            with suppress(OSError):
                os.killpg(group, signal.SIGCONT)
    finally:
        signal.signal(signal.SIGTTOU, before)
