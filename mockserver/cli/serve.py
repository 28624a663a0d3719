"""Commands that run a server: `serve`, `exec`."""

import gc
import os
import re
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from threading import Thread
from typing import Any

import click

from ..client.control_client import ControlRefused
from ..client.server import Server
from ..control.in_process import InProcessControl
from ..domain.durations import parse_duration
from ..embedded.server import CannotStart
from ..gateway.call_entry import load_doctor
from ..storage.open_store import MEMORY
from ..storage.port import StoreUnavailable
from ..world.real_clock import monotonic_seconds
from .background import start_detached
from .connection_info import (
    ReadyFileInUse,
    check_ready_file,
    client_variables,
    describe_connection,
    remove_ready_file,
    write_ready_file,
)
from .console import (
    NOT_STARTED,
    WRONG_USE,
    check_token,
    fail,
    own_command,
    say,
    translate,
    warn_of_unknown_variables,
)
from .exec_reports import ExecReports
from .localized import command, option
from .server_log import ServerLog
from .settings import PREFIX, SETTINGS, Settings, read_settings, world_document
from .signal_relay import SignalRelay
from .stop_signals import StopSignals, end_process, handle_stop_signals

__all__ = ["exec_", "serve"]

_OWN_PATHS = "_sandbox|router|top|pictures|metrics"  # a prefix that begins so would hide them
_PREFIX_PATH = re.compile(
    rf"(?:/(?!(?:{_OWN_PATHS})(?:/|$))[\w~-][\w.~-]*(?:/[\w~-][\w.~-]*)*)?", re.ASCII
)
_MIN_EXPIRY = timedelta(seconds=10)
_SWITCH_SECONDS = 0.001  # else a gateway call waits 5 ms for each thread with long control work


def _add_setting_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each setting, and `--config`."""
    for setting in reversed(list(SETTINGS.values())):
        kind: dict[str, Any] = {"type": type(setting.default), "default": None}
        if isinstance(setting.default, bool):
            kind = {"is_flag": True, "default": None}
        elif isinstance(setting.default, tuple):
            kind = {"multiple": True}
        elif setting.choices:
            kind = {"type": click.Choice(setting.choices), "default": None}
        add_option = option(f"--{setting.name}", zh=setting.zh, en=setting.en, **kind)
        function = add_option(function)
    add_config = option(
        "--config",
        default="",
        zh="设置文件，默认 ./mockserver.toml",
        en="settings file, ./mockserver.toml by default",
    )
    return add_config(function)  # type: ignore[no-any-return]  # click gives back what it gets


@contextmanager
def _serving(
    settings: Settings, *, lives_on: bool = True
) -> Iterator[tuple[Server, dict[str, Any]]]:
    """Run a server; yield it with the content of its ready file.

    At the end the ready file is removed first, then the server stops.
    """
    path = settings.values["ready-file"]
    log = ServerLog(
        translate("zh", "en"),
        settings.values["log-format"],
        quiet=settings.values["quiet"],
        lives_on=lives_on,
    )
    server = _start(settings, log)
    try:
        ready = describe_connection(server.sandbox(attach="default"))
        if path:
            _write_ready(path, ready)
        _load_doctor_meanwhile()
        yield server, ready
    finally:
        if path:
            remove_ready_file(path)
        server.stop()
        log.close()


def _load_doctor_meanwhile() -> None:
    """Import in a thread what explains refusals: ready is earlier, and no caller waits for it.

    So with what interrupts work at a stop.  Where there is no thread, file or memory for that,
    the first refusal or the stop imports it.
    """

    def load() -> None:
        with suppress(ImportError, OSError, MemoryError):
            load_doctor()
            import_module("ctypes")

    with suppress(RuntimeError, MemoryError):
        Thread(target=load, name="mockserver-import", daemon=True).start()


def _write_ready(path: str, ready: dict[str, Any]) -> None:
    try:
        write_ready_file(path, ready)
    except OSError as error:
        fail(
            NOT_STARTED,
            f"写不了就绪文件 {path}：{error}",
            f"cannot write ready file {path}: {error}",
        )


def _start(settings: Settings, log: ServerLog) -> Server:
    """Start the server; wrong settings end the command with exit 2, a taken port with exit 3."""
    values = settings.values
    warn_of_unknown_variables(settings)
    check_token(values["token"])
    if values["expire-after"] and values["store"] not in ("", MEMORY):
        fail(
            WRONG_USE,
            "--expire-after 不能与 --store 一起用：看不到别的进程的使用",
            "--expire-after does not go with --store: uses by other processes are not known",
        )
    tls = (values["tls-cert"], values["tls-key"])
    if any(tls) and not all(tls):
        fail(WRONG_USE, "--tls-cert 与 --tls-key 要一起给", "--tls-cert and --tls-key go together")
    if values["public-url"] and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", values["public-url"]):
        fail(
            WRONG_USE,
            f"--public-url 应以 http:// 或 https:// 开头：{values['public-url']}",
            "--public-url begins with http:// or https://",
        )
    if not _PREFIX_PATH.fullmatch(values["url-prefix"]):
        fail(
            WRONG_USE,
            f"--url-prefix 应像 /mock，以 / 开头、不以 / 结尾：{values['url-prefix']}",
            f"--url-prefix is like /mock, with no slash at its end: {values['url-prefix']}",
        )
    try:
        server = Server(
            host=values["host"],
            port=values["port"],
            token=values["token"],
            auth=values["auth"],
            document=world_document(settings),
            public_url=values["public-url"],
            tmc_port=values["tmc-port"] if values["tmc-port"] >= 0 else None,
            url_prefix=values["url-prefix"],
            expire_after=_read_expiry(values["expire-after"]),
            tls=tls if all(tls) else None,
            hosts=values["allow-host"],
            webhook_hosts=values["webhook-host"],
            journal=values["journal"],
            store=values["store"],
            refused=log.log_call,
            report=log.log_line,
        )
        _make_sandboxes(server, settings)
        if values["ready-file"]:
            check_ready_file(values["ready-file"])
        sys.setswitchinterval(_SWITCH_SECONDS)
        return server.start()
    except (CannotStart, ReadyFileInUse, StoreUnavailable) as error:
        fail(NOT_STARTED, error.zh, error.en)


def _read_expiry(text: str) -> timedelta | None:
    """Return how long a sandbox may be unused, None for ever; a wrong text is exit 2."""
    if not text:
        return None
    try:
        duration = parse_duration(text)
    except ValueError as error:
        fail(WRONG_USE, f"--expire-after：{error}", f"--expire-after: {error}")
    if duration < _MIN_EXPIRY:
        fail(WRONG_USE, "--expire-after 至少 10s", "--expire-after is at least 10s")
    return duration


def _make_sandboxes(server: Server, settings: Settings) -> None:
    """Make the sandboxes of the settings file; one that cannot be ends the command with exit 2."""
    control = InProcessControl(server.context)
    directory = server.context.directory
    stored = {world.id for world in directory.all()} if directory.store is not None else set()
    for index, document in enumerate(settings.sandboxes):
        if document["name"] in stored:
            continue
        try:
            made = control("POST", "sandboxes", document)
            server.context.directory.uses.keep(made["id"])
        except ControlRefused as error:
            title, detail = error.problem.get("title", ""), error.problem.get("detail", "")
            place = f"{settings.path}: sandboxes[{index}]"
            fail(WRONG_USE, f"{place}：{title}", f"{place}: {error.problem.get('field')}: {detail}")


def _print_welcome(ready: dict[str, Any], settings: Settings, console_link: str) -> None:
    """Print the URL on the first line, then what a client needs, then commands to paste."""
    say(ready["url"])
    say(f"gateway     {ready['gateway']}")
    if "tmc" in ready:
        say(f"tmc         {ready['tmc']}")
    for name in ("app_key", "app_secret", "session", "sub_session", "token"):
        say(f"{name:<11} {ready[name]}")
    if settings.values["auth"] == "lax":
        say(
            translate(
                "注意：--auth lax，签名与会话不强制",
                "note: --auth lax, signs and sessions are not enforced",
            )
        )
    if settings.values["host"] in ("0.0.0.0", "::"):  # noqa: S104
        url = re.sub(r"//.*:", f"//{_own_address()}:", ready["url"])
        say(
            translate(
                f"注意：任何能连到本机的人都能调用；别的机器请用 {url}/router/rest",
                f"note: whoever reaches this machine may call; others use {url}/router/rest",
            )
        )
    if _others_read_output():
        say(
            translate(
                "注意：本文件含令牌与密钥，别的用户可读：chmod 600，或用 serve --detach",
                "note: this file holds token and secrets, others may read it: chmod 600, "
                "or serve --detach",
            )
        )
    token = ready["token"]
    say(translate("试一下：", "try:"))
    say(f"  {own_command()} --url {ready['url']} --token {token} call taobao.time.get")
    exchanges = f"{ready['control']}/sandboxes/default/exchanges"
    say(f"  curl -s -X POST -H 'Authorization: Bearer {token}' {exchanges}")
    say(
        translate(
            "控制台，在浏览器里看和操作(链接只能用一次)：",
            "console, to see and drive it in a browser (the link works once):",
        )
    )
    say(f"  {console_link}")
    sys.stdout.flush()


def _others_read_output() -> bool:
    """Return True if stdout is a file that other users of this machine may read."""
    with suppress(OSError, ValueError):
        mode = os.fstat(sys.stdout.fileno()).st_mode
        return stat.S_ISREG(mode) and bool(mode & (stat.S_IRGRP | stat.S_IROTH))
    return False


def _own_address() -> str:
    """Return the address under which other machines most likely reach this one."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # of a documentation network; UDP: nothing is sent
        return str(probe.getsockname()[0])
    return "127.0.0.1"


@command(
    zh="启动服务，直到 Ctrl-C 或 SIGTERM；--detach 在后台运行。",
    en="Serve until stopped; in the background with --detach.",
)
@_add_setting_options
@option(
    "--detach",
    is_flag=True,
    zh="在后台运行，就绪后返回；用 stop 停止",
    en="run in the background; return when ready; stop ends it",
)
@click.pass_obj
def serve(
    global_options: Mapping[str, str], /, config: str, detach: bool, **options: object
) -> None:
    """Serve until stopped."""
    for name in ("token", "ready_file"):  # they mean the same when typed before the command
        options[name] = options[name] or global_options[name] or None
    settings = read_settings(options, config)
    if detach:
        start_detached(settings, config)
        return
    ready_file = settings.values["ready-file"]
    stop = StopSignals(lambda: remove_ready_file(ready_file))
    _allow_many_connections()
    with _serving(settings) as (server, ready):
        _print_welcome(ready, settings, server.make_console_link())
        gc.freeze()  # what start-up made stays: full collections need not walk it
        stop.wait()
    handle_stop_signals(signal.SIG_IGN)  # what comes now is too late to change anything
    end_process(0)


def _allow_many_connections() -> None:
    """Let this process open as many files as it is allowed to, at most 16,384."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
        if soft != resource.RLIM_INFINITY and 1024 <= soft < most:  # less is set on purpose
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@command(
    "exec",
    context_settings={"allow_interspersed_args": False},
    zh="启动服务，运行命令，停止，以命令的退出码退出。",
    en="Run a command against a server.",
)
@_add_setting_options
@option(
    "--env",
    multiple=True,
    metavar="NAME={app_key}",
    zh="服务自己的变量名",
    en="the service's own variable names",
)
@option(
    "--har", default="", metavar="F", zh="把全部调用写成 HAR 1.2", en="write all calls as HAR 1.2"
)
@option(
    "--report",
    default="",
    metavar="F",
    zh="把对客户端的检查写成 JSON；F 以 .html 结尾则写网页",
    en="write what the calls show of their client, as JSON, or as a page if F ends with .html",
)
@option(
    "--junit",
    default="",
    metavar="F",
    zh="写 JUnit XML：退出码与每条发现各为一个用例",
    en="write JUnit XML: the exit code and each finding are test cases",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(config: str, env: tuple[str, ...], command: tuple[str, ...], **options: Any) -> None:
    """Run a command against a server."""
    options["port"] = 0 if options.get("port") is None else options["port"]
    os.environ.pop(f"{PREFIX}READY_FILE", None)  # of another server: not ours to write
    reports = ExecReports(*(options.pop(name) for name in ("har", "report", "junit")))
    settings = read_settings(options, config)
    reports.check()
    program = shutil.which(command[0])
    if program is None:
        fail(WRONG_USE, f"找不到命令 {command[0]}", f"no such command: {command[0]}")
    relay = SignalRelay()
    with _serving(settings, lives_on=False) as (server, _):
        variables = client_variables(server.sandbox(attach="default"), env)
        started = monotonic_seconds()
        try:
            code = relay.run([program, *command[1:]], variables)
        except OSError as error:
            fail(WRONG_USE, f"不能执行 {program}：{error}", f"cannot run {program}: {error}")
        seconds = monotonic_seconds() - started
        reports.write(
            InProcessControl(server.context, server.url), " ".join(command), code, seconds
        )
    end_process(code)
