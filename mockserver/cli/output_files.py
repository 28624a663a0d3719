"""Files that a command writes at its end: checked at its start, written whole or not at all."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .console import WRONG_USE, fail

__all__ = ["check_writable", "write_output"]


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


def write_output(path: str, text: str, mode: int = 0o644) -> None:
    """Write `text` as UTF-8; a reader sees the old file or the whole new one.

    A new file gets `mode`, one that was there keeps its own.

    What is no regular file, such as a device or a pipe, is written to as it is.

    Raises:
        OSError: names the path; a file that was there is as before, no other is left behind.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, "utf-8")
        else:
            _replace(target.resolve(), text, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from None


def _replace(target: Path, text: str, mode: int) -> None:
    if target.exists():
        mode = target.stat().st_mode & 0o777
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(draft, mode)  # noqa: PTH101  # mkstemp's files are their owner's only
        Path(draft).replace(target)
    except OSError:
        with suppress(OSError):
            Path(draft).unlink()
        raise
