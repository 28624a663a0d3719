"""The command of `exec`, which gets the signals that are sent to us."""

import os
import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from types import FrameType

from .process_group import end_group, signal_group
from .stop_signals import handle_stop_signals

__all__ = ["SignalRelay"]


class SignalRelay:
    """Passes signals on to the command that it runs, instead of ending this process.

    Made before the server starts: a signal that comes earlier than the command is not lost, and
    none leaves a process or a ready file behind.

    The command and what it has started get each signal once, wherever it comes from.  So they have
    a process group of their own: a signal to our group reaches us alone and is passed on to theirs,
    as one to this process is.  On a
    terminal its group is the one in the foreground, as a shell would do it: there Ctrl-C reaches
    the command alone, it may read the terminal, and when it is stopped (Ctrl-Z) so are we.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._pending: deque[int] = deque()  # came, and has not been passed on
        self._hurried = False
        self._is_ending = False
        handle_stop_signals(self._receive)

    def run(self, command: list[str], variables: dict[str, str]) -> int:
        """Run the command to its end and return its exit code, 128 + n when it died of signal n.

        What it has started and left behind in its process group is ended: SIGTERM, then SIGKILL
        after 5 seconds, or at once if another signal comes.  If a signal came before, the command
        does not start.

        Raises:
            OSError: the command cannot be executed.
        """
        if self._pending:
            return 128 + self._pending[0]
        group = None if os.name == "nt" else 0
        self._child = subprocess.Popen(command, env=variables, process_group=group)  # noqa: S603  # what the user asks for
        terminal = _foreground_terminal()
        if terminal is not None:
            _give_terminal(terminal, self._child.pid)
        self._relay_pending()  # what came between the check and the start
        try:
            code = self._wait(terminal)
        finally:
            if terminal is not None:
                _give_terminal(terminal, os.getpgrp())
        self._is_ending = True
        end_group(self._child, lambda: self._hurried)
        handle_stop_signals(signal.SIG_IGN)  # the command has ended as it wanted to: so do we
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
            self._stop_too(terminal, os.WSTOPSIG(status))

    def _stop_too(self, terminal: int, number: int) -> None:
        """Stop as the command did, until the shell continues us; then let the command go on.

        One that reached for the terminal before it had it goes on at once.
        """
        assert self._child is not None
        is_early = number in (signal.SIGTTIN, signal.SIGTTOU)
        if not (is_early and _is_foreground(terminal, self._child.pid)):
            if _is_foreground(terminal, self._child.pid):
                _give_terminal(terminal, os.getpgrp())
            os.killpg(os.getpgrp(), signal.SIGTSTP)  # without a shell the system ignores it
        if _is_foreground(terminal, os.getpgrp()):
            _give_terminal(terminal, self._child.pid)
        else:  # continued in the background
            signal_group(self._child, signal.SIGCONT)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._is_ending:
            self._hurried = True
            return
        self._pending.append(number)
        self._relay_pending()

    def _relay_pending(self) -> None:
        """Pass each signal on once, also when another one comes in the middle of this."""
        while self._child is not None and self._pending:
            with suppress(IndexError):  # the handler took the last one
                self._relay(self._pending.popleft())

    def _relay(self, number: int) -> None:
        assert self._child is not None
        if os.name != "nt":
            signal_group(self._child, number)
        elif number == signal.SIGTERM:  # a Windows console sends the others to the child itself
            self._child.terminate()


def _foreground_terminal() -> int | None:
    """Return the file of the terminal in whose foreground we are, or None."""
    if os.name == "nt" or sys.stdin is None:
        return None
    with suppress(OSError, ValueError):
        terminal = sys.stdin.fileno()
        if os.isatty(terminal) and _is_foreground(terminal, os.getpgrp()):
            return terminal
    return None


def _is_foreground(terminal: int, group: int) -> bool:
    """Return True if the process group is in the terminal's foreground."""
    try:
        return os.tcgetpgrp(terminal) == group
    except OSError:  # the terminal is gone
        return False


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
