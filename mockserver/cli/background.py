"""A server that runs on when the shell goes on: `serve --detach`, `wait`, `stop`.

The command that starts it waits until it is ready, so that the next line of a script finds it, and
gives back its exit code and its words when it could not start.  Settings go to the server as
variables, never as words of its command line, where everybody on the machine could read them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from ..client.control_client import ControlRefused
from ..client.transport import Unreachable
from ..domain.durations import parse_duration
from ..world.opening_document import read_status
from ..world.real_clock import monotonic_seconds
from .connection_info import ReadyFileInUse, check_ready_file
from .console import (
    CHECK_FAILED,
    DEFAULT_READY_FILE,
    NOT_STARTED,
    WRONG_USE,
    Link,
    UnknownServer,
    fail,
    find_server,
    ready_file_of,
    say,
    translate,
    warn,
)
from .localized import command, language, option
from .ready_files import is_running, read_writer
from .settings import PREFIX, Settings

__all__ = ["start_detached", "stop", "wait"]

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05
_LAST_LINES = 20  # of the log of a server that could not start


def start_detached(settings: Settings, config: str) -> None:
    """Start a server that outlives this command; return when it is ready, having said where.

    One that does not start ends the command with the server's own exit code, its words on stderr.
    """
    path = settings.values["ready-file"] or DEFAULT_READY_FILE
    try:
        check_ready_file(path)
    except ReadyFileInUse as error:
        fail(NOT_STARTED, error.zh, error.en)
    log = Path(path).with_suffix(".log")
    variables = _make_variables(settings, path, config)
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        fail(
            WRONG_USE,
            f"写不了 {log}：{error}；用 --ready-file 换一个可写的文件夹",
            f"cannot write {log}: {error}; --ready-file names a folder that can be written",
        )
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(  # this very program
            [sys.executable, "-m", "mockserver", "serve"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # closing the terminal does not end it
        )
    ready = _wait_for(
        lambda: read_writer(path) == process.pid or process.poll() is not None, _START_SECONDS
    )
    if process.returncode is not None or not ready:
        process.kill()
        process.wait()
        for line in log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]:
            warn(line)
        sys.exit(process.returncode if ready else NOT_STARTED)
    process.returncode = 0  # it is nobody's child now: nothing here waits for it any more
    _print_address(path, log)


def _make_variables(settings: Settings, path: str, config: str) -> dict[str, str]:
    """Return the environment of the server: every setting that was typed or set, as a variable."""
    variables = dict(os.environ)
    for name, value in settings.values.items():
        if settings.sources[name].startswith("--"):
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            variables[PREFIX + name.upper().replace("-", "_")] = text
    variables |= {f"{PREFIX}READY_FILE": path, f"{PREFIX}LANG": language()}
    if config:
        variables[f"{PREFIX}CONFIG"] = config
    return variables


def _print_address(path: str, log: Path) -> None:
    link = find_server({"url": "", "token": "", "sandbox": "", "ready_file": path})
    say(link.control.base_url)
    where = "" if path == DEFAULT_READY_FILE else f" --ready-file {path}"
    say(
        translate(
            f"就绪文件 {path}，日志 {log}；停止：tmall-mockserver{where} stop",
            f"ready file {path}, log {log}; to stop it: tmall-mockserver{where} stop",
        )
    )


def _wait_for(is_so: Callable[[], object], seconds: float) -> bool:
    """Return True as soon as `is_so`, False when the time is over."""
    deadline = monotonic_seconds() + seconds
    while not is_so():
        if monotonic_seconds() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


@command(
    zh="停止 serve --detach 启动的服务(就绪文件说是哪一个)，等它结束。",
    en="Stop the server that serve --detach started (the ready file says which), and wait for it.",
)
@click.pass_obj
def stop(options: Mapping[str, Any]) -> None:
    """Stop the server of the ready file; one that has ended already is fine."""
    path = ready_file_of(options)
    pid = read_writer(path)
    if pid <= 0:
        fail(
            WRONG_USE,
            f"没有就绪文件 {path}：没有可停止的服务，或换一个 --ready-file",
            f"no ready file {path}: no server to stop, or give --ready-file",
        )
    ran = is_running(pid)
    if ran:
        _check_that_it_is_ours(path, pid)
        os.kill(pid, signal.SIGTERM)
        if not _wait_for(lambda: not is_running(pid), _STOP_SECONDS):
            fail(
                CHECK_FAILED,
                f"进程 {pid} 还在运行；kill -9 {pid} 可强行结束",
                f"process {pid} still runs; kill -9 {pid} ends it",
            )
    if read_writer(path) == pid:  # killed, so that it could not remove its file
        Path(path).unlink(missing_ok=True)
    if ran:
        say(translate(f"已停止 (进程 {pid})", f"stopped (process {pid})"))
    else:
        say(
            translate(
                f"进程 {pid} 已经不在运行；删除了旧的就绪文件 {path}",
                f"process {pid} no longer runs; its old ready file {path} is removed",
            )
        )


def _check_that_it_is_ours(path: str, pid: int) -> None:
    """Check that the process answers as the server of the file: its number may be another's now."""
    try:
        find_server({"url": "", "token": "", "sandbox": "", "ready_file": path}).ask("GET")
    except (UnknownServer, Unreachable, ControlRefused):
        fail(
            WRONG_USE,
            f"进程 {pid} 不是 {path} 里的服务，没有停止它；可删除这个旧文件",
            f"process {pid} is not the server of {path}, left alone; the old file can go",
        )


@command(
    zh="等到服务就绪(--ready，默认)，或换货单到某个状态；到时限还没有则退出码 1，并说现在怎样。",
    en="Wait until the server is ready (--ready, the default), or an exchange has a status; "
    "else exit 1 and what is.",
)
@option("--ready", is_flag=True, zh="等服务就绪", en="wait for the server")
@option("--exchange", default="", metavar="ID", zh="等这张换货单", en="wait for this exchange")
@option("--status", default="", zh="编号或文字", en="number or text")
@option("--within", default="30s", zh="最长多久，默认 30s", en="how long at most, 30s by default")
@click.pass_obj
def wait(
    options: Mapping[str, Any], /, ready: bool, exchange: str, status: str, within: str
) -> None:
    """Wait for the server, or for the status of an exchange."""
    if bool(exchange) != bool(status) or (ready and exchange):
        fail(
            WRONG_USE,
            "--exchange 与 --status 一起给，不与 --ready 一起",
            "--exchange and --status go together, and without --ready",
        )
    waiting = _Waiting(options, exchange, str(read_status(status, {}).value) if status else "")
    if not _wait_for(waiting.is_over, _read_limit(within).total_seconds()):
        fail(CHECK_FAILED, *waiting.what_is)
    say(translate("好了", "done"))


def _read_limit(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except (ValueError, OverflowError):
        fail(
            WRONG_USE,
            f"--within 应为时长，例如 10s：{text}",
            f"--within is a duration such as 10s: {text}",
        )


class _Waiting:
    """What a `wait` waits for, and what was so when it last looked (`what_is`, zh and en)."""

    def __init__(self, options: Mapping[str, Any], exchange: str, status: str) -> None:
        self._options = options
        self._exchange = exchange
        self._status = status
        self.what_is = ("", "")

    def is_over(self) -> bool:
        """Return True when the server answers, and the exchange, if one is meant, is so."""
        try:
            link = find_server(self._options)
            return self._look(link)
        except (UnknownServer, Unreachable) as error:
            self.what_is = (error.zh, error.en)
            return False

    def _look(self, link: Link) -> bool:
        if not self._exchange:
            link.ask("GET")
            return True
        document = link.ask("GET", f"exchanges/{self._exchange}")
        self.what_is = (
            f"换货单 {self._exchange} 的状态是 {document['status']} {document['status_text']}",
            f"the status of exchange {self._exchange} is {document['status']}",
        )
        return str(document["status"]) == self._status
