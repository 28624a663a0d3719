"""The signals that end a command of ours: a server waits for one, a run is interrupted by one."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from ..world.real_clock import monotonic_seconds

__all__ = ["Interruption", "StopSignals", "end_process", "handle_stop_signals"]

_STOP_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)
_HANGUP = getattr(signal, "SIGHUP", None)
_BURST_SECONDS = 0.2
_Handler = Callable[[int, FrameType | None], None] | signal.Handlers


def handle_stop_signals(handler: _Handler) -> None:
    """Let `handler` receive the signals that end a command, as far as the system has them.

    SIGHUP stays ignored where it is, as under `nohup`: the command is to outlive its terminal.
    With `signal.SIG_IGN` a late signal does not turn a clean end into death by a signal: the
    interpreter gives all handlers back when it ends, but leaves alone what is ignored.
    """
    for number in _STOP_SIGNALS:
        if number == _HANGUP and signal.getsignal(number) is signal.SIG_IGN:
            continue
        signal.signal(number, handler)


def end_process(code: int) -> NoReturn:
    """Write out stdout and stderr and end this process at once, with this exit code.

    An interpreter that ends in the usual way first frees every object: half a second for a hundred
    thousand exchanges.  Meanwhile daemon threads stop wherever they are, also while they hold a
    lock.  The system frees memory faster, and waits for no lock.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


class StopSignals:
    """The first stop signal ends `wait`, a second one the process, after `put_away`.

    Either way the exit code is 0: to be stopped is how a server ends.

    A handler may run between any two steps of the main thread, also while that holds a lock, so it
    takes none: it sets an attribute, and the interpreter writes a byte that ends the wait.
    """

    def __init__(self, put_away: Callable[[], None]) -> None:
        self._put_away = put_away
        self._received = False
        self._reader, self._writer = socket.socketpair()  # Windows takes no pipe for signals
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        handle_stop_signals(self._receive)

    def wait(self) -> None:
        """Return when a signal has come."""
        while not self._received:
            self._reader.recv(1)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received:
            self._put_away()
            os._exit(0)
        self._received = True


class Interruption:
    """The first stop signal raises KeyboardInterrupt in the main thread; the next asks for hurry.

    It is raised once only: what is put away meanwhile is not to be interrupted.  Who might lose the
    exception (Python does, in a destructor) looks at `received`.  Signals may come in a burst: one
    within _BURST_SECONDS after the first belongs to it.
    """

    def __init__(self) -> None:
        self.received = False
        self.hurried = False
        self._received_at = 0.0
        self._is_postponed = False
        handle_stop_signals(self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        now = monotonic_seconds()
        if self.received:
            self.hurried = self.hurried or now > self._received_at + _BURST_SECONDS
            return
        self.received = True
        self._received_at = now
        if not self._is_postponed:
            raise KeyboardInterrupt

    @contextmanager
    def postpone(self) -> Iterator[None]:
        """Raise at the end of the block what comes in it: a process that starts is noted first.

        Raises:
            KeyboardInterrupt: a signal has come, in the block or before it.
        """
        self._is_postponed = True
        try:
            yield
        finally:
            self._is_postponed = False
        if self.received:
            raise KeyboardInterrupt
