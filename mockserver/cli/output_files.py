"""Files that a command writes at its end: checked at its start, written whole or not at all."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .console import WRONG_USE, fail

__all__ = ["PRIVATE_MODE", "check_writable", "save_output", "write_output"]

PRIVATE_MODE = 0o600  # of HAR files and snapshots: they hold names, addresses, secrets
_NO_NEW_FILE = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS}


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
        elif not os.access(path if Path(path).exists() else folder, os.W_OK):
            reason = os.strerror(errno.EACCES)
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        fail(WRONG_USE, f"写不了 {path}：{reason}", f"cannot write {path}: {reason}")


def save_output(path: str, text: str, mode: int = 0o644) -> None:
    """Write as `write_output` does; where that fails, end with exit 2 after a line on stderr."""
    try:
        write_output(path, text, mode)
    except OSError as error:
        fail(WRONG_USE, f"写不了 {path}：{error}", f"cannot write {path}: {error}")


def write_output(path: str, text: str, mode: int = 0o644) -> None:
    """Write `text` as UTF-8; a reader sees the old file or the whole new one.

    A new file gets `mode`, one that was there keeps its own.

    What is no regular file, such as a device or a pipe, is written to as it is.  So is a file that
    may be written where no other may stand beside it or in its place, such as one that is mounted
    into a container.

    Raises:
        OSError: names the path; a file that was there is as before, no other is left behind.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, "utf-8")
        else:
            _write_file(target.resolve(), text, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from None


def _write_file(target: Path, text: str, mode: int) -> None:
    try:
        _replace(target, text, mode)
    except OSError as error:
        if error.errno not in _NO_NEW_FILE or not (target.exists() and os.access(target, os.W_OK)):
            raise
        target.write_text(text, "utf-8")


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
