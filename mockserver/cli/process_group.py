"""A command that we started together with all that it started: its process group.

A shell that is asked to end is often gone at once, while the program that it started is still
closing its files.  So whoever ends a command looks at the whole group, not at the command alone.

The id of the group is the command's process id.  It cannot belong to anybody else while the command
has not been reaped or while a process of the group is left.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..world.real_clock import monotonic_seconds

__all__ = ["STOP_SECONDS", "end_group", "signal_group"]

STOP_SECONDS = 5.0  # that the processes of a group have to end by themselves
_KILLED_SECONDS = 1.0  # in which the system buries what was killed
_POLL_SECONDS = 0.02
_PROC = Path("/proc")  # Linux


def signal_group(command: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to all processes of the command's group; on Windows end them."""
    if os.name == "nt":
        subprocess.run(  # noqa: S603
            ["taskkill", "/F", "/T", "/PID", str(command.pid)],  # noqa: S607
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(command.pid, number)


def end_group(
    command: subprocess.Popen[bytes], hurried: Callable[[], bool] = lambda: False
) -> None:
    """End all processes of the command's group: SIGTERM, then SIGKILL after STOP_SECONDS.

    Return when none is left and the command has been reaped.  `hurried` is asked again and again;
    once it returns True nobody gets any more time.
    """
    if _is_left(command):
        signal_group(command, signal.SIGTERM)
        if not _wait_for_end(command, STOP_SECONDS, hurried):
            signal_group(command, getattr(signal, "SIGKILL", signal.SIGTERM))
            _wait_for_end(command, _KILLED_SECONDS, lambda: False)
    command.wait()


def _wait_for_end(
    command: subprocess.Popen[bytes], seconds: float, hurried: Callable[[], bool]
) -> bool:
    """Return True if no process of the group is left within the seconds."""
    deadline = monotonic_seconds() + seconds
    while _is_left(command):
        if monotonic_seconds() >= deadline or hurried():
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _is_left(command: subprocess.Popen[bytes]) -> bool:
    """Return True while the command or another process of its group runs."""
    if command.poll() is None:
        return True
    if os.name == "nt":
        return False
    try:
        os.killpg(command.pid, 0)
    except (ProcessLookupError, PermissionError):  # macOS: only processes that have ended are left
        return False
    return not _PROC.is_dir() or _has_running(command.pid)


def _has_running(group: int) -> bool:
    """Return True if a process of the group has not ended yet.

    In a container whose first process is no init system nobody buries orphans: they have ended, and
    can be signalled for ever.
    """
    for path in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            state, _, group_id = path.read_bytes().rpartition(b")")[2].split()[:3]
            if int(group_id) == group and state not in (b"Z", b"X"):
                return True
    return False
