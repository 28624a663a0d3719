"""Files that a command writes at its end: whether they can be written is checked at its start."""

import errno
import os
from pathlib import Path

from .console import WRONG_USE, fail

__all__ = ["check_writable"]


def check_writable(path: str) -> None:
    """Check that a file can be written there before the work begins; make its folder.

    Nothing is checked for a file that nobody asked for.
    """
    if not path:
        return
    folder = Path(path).parent
    reason = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if Path(path).is_dir():
            reason = os.strerror(errno.EISDIR)
        elif not os.access(folder, os.W_OK):
            reason = os.strerror(errno.EACCES)
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        fail(WRONG_USE, f"写不了 {path}：{reason}", f"cannot write {path}: {reason}")
