"""What a program needs to reach a server: the ready file, and the variables of a client.

The ready file is JSON.  It is written atomically with mode 0600 when the port is open, removed on
exit, and overwritten when the process that wrote it no longer runs.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from string import Formatter
from typing import Any

from ..client.sandbox import Sandbox
from .console import WRONG_USE, fail
from .ready_files import is_device_or_folder, is_running, read_writer
from .settings import PREFIX

__all__ = [
    "ReadyFileInUse",
    "check_ready_file",
    "client_variables",
    "describe_connection",
    "remove_ready_file",
    "write_ready_file",
]

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class ReadyFileInUse(Exception):
    """The ready file belongs to a process that still runs."""

    def __init__(self, path: str, pid: int) -> None:
        self.zh = f"就绪文件 {path} 属于仍在运行的进程 {pid}"
        self.en = f"ready file {path} belongs to process {pid}, which still runs"
        super().__init__(f"{self.zh} ({self.en})")


def describe_connection(sandbox: Sandbox) -> dict[str, Any]:
    """Return the content of a ready file: addresses, token, process, credentials of `sandbox`.

    The server runs in this process.  `url` is the address on this machine; `gateway` and `control`
    follow the public address, if there is one.
    """
    public_url = sandbox.gateway_url.removesuffix("/router/rest")
    return {
        "url": sandbox.env["TMALL_MOCKSERVER_URL"],
        "gateway": sandbox.gateway_url,
        "control": f"{public_url}/_sandbox",
        "oauth": public_url,
        "console": f"{public_url}/console",
        **({"tmc": sandbox.tmc_url} if sandbox.tmc_url else {}),
        "token": sandbox.env["TMALL_MOCKSERVER_TOKEN"],
        "pid": os.getpid(),
        "sandbox": sandbox.id,
        "app_key": sandbox.app_key,
        "app_secret": sandbox.app_secret,
        "session": sandbox.session,
        "sub_session": sandbox.sub_session,
    }


def check_ready_file(path: str) -> None:
    """Check that the file is absent or that its process has ended.

    Raises:
        ReadyFileInUse: its process still runs.
    """
    pid = read_writer(path)
    if pid > 0 and pid != os.getpid() and is_running(pid):
        raise ReadyFileInUse(path, pid)


def write_ready_file(path: str, content: dict[str, Any]) -> None:
    """Write `content` atomically: a reader sees the old file or the whole new one.

    Raises:
        OSError: it cannot be written there; no temporary file is left behind.
    """
    target = Path(path)
    if is_device_or_folder(path):
        raise FileExistsError(f"{path} is no file")
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
            file.write("\n")
        Path(draft).replace(target)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def remove_ready_file(path: str) -> None:
    """Remove the file if this process wrote it."""
    if read_writer(path) == os.getpid():
        with suppress(OSError):
            Path(path).unlink()


class _PlainFormatter(Formatter):
    """Replaces plain names only: no attributes, no items."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        """Return the value of exactly this name."""
        return kwargs[field_name], field_name


def client_variables(sandbox: Sandbox, templates: Iterable[str]) -> dict[str, str]:
    """Return the environment of a client: inherited, of the sandbox, its own.

    `templates` are `NAME=value` words in which `{app_key}` and the other keys of the ready file are
    replaced; a wrong one ends the command with exit 2.  TMALL_MOCKSERVER_READY_FILE is left out,
    because it names the file of another server.  Where a proxy is set, this machine is excepted:
    clients would send their calls to the proxy, which cannot reach the mock.
    """
    inherited = {name: value for name, value in os.environ.items() if name != f"{PREFIX}READY_FILE"}
    own = {**sandbox.env, **_fill(templates, describe_connection(sandbox))}
    return {**inherited, **_except_this_machine(inherited), **own}


def _except_this_machine(variables: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY in both spellings with this machine added, empty if no proxy is set."""
    if not any(name.lower() in _PROXIES for name in variables):
        return {}
    excepted = next((variables[name] for name in _NO_PROXY if variables.get(name)), "")
    hosts = [host for host in excepted.split(",") if host]
    hosts += [host for host in _THIS_MACHINE if host not in hosts]
    return dict.fromkeys(_NO_PROXY, ",".join(hosts))


def _fill(templates: Iterable[str], values: Mapping[str, Any]) -> dict[str, str]:
    variables = {}
    for word in templates:
        name, equals, template = word.partition("=")
        if not (name and equals):
            fail(WRONG_USE, f"应写作 NAME=值：{word}", f"write NAME=value: {word}")
        try:
            variables[name] = _PlainFormatter().vformat(template, (), values)
        except (KeyError, ValueError):
            fail(
                WRONG_USE,
                f"--env {word}：可用 {{{'}、{'.join(values)}}}",
                f"--env {word}: use {{{'}, {'.join(values)}}}",
            )
    return variables
