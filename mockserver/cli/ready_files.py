"""Reading of ready files: which process wrote one, and whether that process still runs."""

import json
import os
from pathlib import Path

__all__ = ["is_device_or_folder", "is_running", "read_writer"]

_QUERY_LIMITED_INFORMATION = 0x1000  # the right that Windows asks for to see a process
_MAX_READY_BYTES = 64 * 1024
_MAX_PID = 2**31


def read_writer(path: str) -> int:
    """Return the process that wrote the file, 0 if it is absent or no ready file."""
    if is_device_or_folder(path):
        return 0
    try:
        with Path(path).open("rb") as file:
            pid = json.loads(file.read(_MAX_READY_BYTES))["pid"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return 0
    return pid if isinstance(pid, int) and pid < _MAX_PID else 0


def is_running(pid: int) -> bool:
    """Return True while a process of this number runs, whoever's it is.

    One that has ended does not run, even if its parent has not noticed: in a container whose first
    process waits for no child, the number of a killed server stays taken.
    """
    if os.name == "nt":
        import ctypes

        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]  # Windows only
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
        if handle:
            kernel.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Return True for a process that has ended and waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def is_device_or_folder(path: str) -> bool:
    """Return True for what must be neither read to its end nor replaced by a file."""
    target = Path(path)
    return target.is_dir() or target.is_char_device() or target.is_block_device()
