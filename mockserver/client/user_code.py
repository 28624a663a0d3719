"""The place in the user's code: the innermost frame that is no library's."""

import os
import sys
import sysconfig
import threading
from pathlib import Path
from types import FrameType

__all__ = ["main_place", "user_place"]

_PACKAGES = ("site-packages", "dist-packages")
_LIBRARIES = tuple(
    f"{folder}{os.sep}"
    for folder in {
        *map(Path, map(sysconfig.get_path, ("stdlib", "platstdlib"))),
        Path(__file__).parents[1],
    }
)


def user_place(frame: FrameType | None) -> str:
    """Return `file:line` of the innermost frame, from `frame` outwards, that is the user's.

    Frames of Python, of installed packages and of this product are not.  Below the working
    directory the file is relative to it; empty without such a frame.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(("<", *_LIBRARIES)) and not any(part in file for part in _PACKAGES):
            return f"{_short(file)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def main_place() -> str:
    """Return where the main thread is in the user's code; empty if it is not."""
    return user_place(sys._current_frames().get(threading.main_thread().ident or 0))


def _short(file: str) -> str:
    here = Path.cwd()
    return str(Path(file).relative_to(here)) if Path(file).is_relative_to(here) else file
