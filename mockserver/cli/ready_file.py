"""The ready file: how scripts learn that the server is up, and where.

Written atomically with mode 0600 when the port is open, removed on exit, overwritten when the process
that wrote it is gone.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ..client.sandbox import Sandbox

__all__ = ["InUse", "check_free", "describe", "remove_ready", "write_ready"]


class InUse(Exception):
    """The file belongs to a process that still runs."""

    def __init__(self, path: str, pid: int) -> None:
        self.zh = f"就绪文件 {path} 属于仍在运行的进程 {pid}"
        self.en = f"ready file {path} belongs to process {pid}, which still runs"
        super().__init__(f"{self.zh} ({self.en})")


def describe(made: Sandbox) -> dict[str, Any]:
    """What the file says: addresses, token, process, credentials of a sandbox of a server of this process.

    `url` is this machine's; `gateway` and `control` are handed out, so they follow a public address.
    """
    handed_out = made.gateway_url.removesuffix("/router/rest")
    return {
        "url": made.env["TMALL_MOCKSERVER_URL"],
        "gateway": made.gateway_url,
        "control": f"{handed_out}/_sandbox",
        "token": made.env["TMALL_MOCKSERVER_TOKEN"],
        "pid": os.getpid(),
        "sandbox": made.id,
        "app_key": made.app_key,
        "app_secret": made.app_secret,
        "session": made.session,
        "sub_session": made.sub_session,
    }


def check_free(path: str) -> None:
    """The file is absent, or its process is gone.

    Raises:
        InUse: it still runs.
    """
    try:
        pid = int(json.loads(Path(path).read_text("utf-8")).get("pid", 0))
    except (OSError, ValueError, AttributeError, TypeError):
        return
    if pid > 0 and pid != os.getpid() and _alive(pid):
        raise InUse(path, pid)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)  # type: ignore[attr-defined]  # Windows only
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)  # type: ignore[attr-defined]  # Windows only
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_ready(path: str, content: dict[str, Any]) -> None:
    """The file says `content`; readers see the old file or the whole new one.

    Raises:
        OSError: it cannot be written there; nothing is left behind.
    """
    target = Path(path)
    descriptor, draft = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name}."
    )  # new, and ours alone
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
            file.write("\n")
        Path(draft).replace(target)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def remove_ready(path: str) -> None:
    """The file is gone, if it is still this process's."""
    try:
        if json.loads(Path(path).read_text("utf-8")).get("pid") == os.getpid():
            Path(path).unlink()
    except (OSError, ValueError, AttributeError):
        return
