"""Commands that run a server: `serve`, `exec`."""

import gc
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from ..client.server import Server
from ..embedded.server import CannotStart
from ..world.journal import Entry
from .child_process import SignalRelay
from .connection_info import (
    ReadyFileInUse,
    check_ready_file,
    client_variables,
    describe_connection,
    remove_ready_file,
    write_ready_file,
)
from .console import (
    INTERRUPTED,
    NOT_STARTED,
    WRONG_USE,
    check_token,
    fail,
    one_line,
    say,
    translate,
    warn,
)
from .settings import PREFIX, SETTINGS, Settings, read_settings, world_document

__all__ = ["exec_", "serve"]


def _add_setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each setting, and `--config`."""
    for setting in reversed(list(SETTINGS.values())):
        help_text = f"{setting.zh} ({setting.en})"
        if isinstance(setting.default, bool):
            option = click.option(f"--{setting.name}", is_flag=True, default=None, help=help_text)
        elif isinstance(setting.default, tuple):
            option = click.option(f"--{setting.name}", multiple=True, help=help_text)
        else:
            kind = click.Choice(setting.choices) if setting.choices else type(setting.default)
            option = click.option(f"--{setting.name}", type=kind, default=None, help=help_text)
        command = option(command)
    return click.option(
        "--config", default="", help="设置文件，默认 ./mockserver.toml (settings file)"
    )(command)


def _warn_refused(entry: Entry, lang: str) -> None:
    """Print a line for a refused or failed call: code, method, cause, the command that explains it.

    Runs in server threads, which have no command context: so the language is an argument.  Method
    and cause are the caller's text and are escaped.
    """
    cause = entry.cause_en if lang == "en" else entry.cause_zh
    line = one_line(f"{entry.code or entry.msg_code} {entry.method or '-'} {cause}")
    warn(f"{line}  [tmall-mockserver doctor {entry.request_id}]")


@contextmanager
def _serving(settings: Settings) -> Iterator[tuple[Server, dict[str, Any]]]:
    """Run a server; yield it with the content of its ready file.

    At the end the ready file is removed first, then the server stops.
    """
    lang = translate("zh", "en")
    path = settings.values["ready-file"]
    server = _start(settings, lambda entry: _warn_refused(entry, lang))
    try:
        ready = describe_connection(server.sandbox(attach="default"))
        if path:
            _write_ready(path, ready)
        yield server, ready
    finally:
        if path:
            remove_ready_file(path)
        server.stop()


def _write_ready(path: str, ready: dict[str, Any]) -> None:
    try:
        write_ready_file(path, ready)
    except OSError as error:
        fail(
            NOT_STARTED,
            f"写不了就绪文件 {path}：{error}",
            f"cannot write ready file {path}: {error}",
        )


def _start(settings: Settings, on_refused: Callable[[Entry], None]) -> Server:
    """Start the server; wrong settings end the command with exit 2, a taken port with exit 3."""
    values = settings.values
    check_token(values["token"])
    tls = (values["tls-cert"], values["tls-key"])
    if any(tls) and not all(tls):
        fail(WRONG_USE, "--tls-cert 与 --tls-key 要一起给", "--tls-cert and --tls-key go together")
    if values["public-url"] and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", values["public-url"]):
        fail(
            WRONG_USE,
            f"--public-url 应以 http:// 或 https:// 开头：{values['public-url']}",
            "--public-url begins with http:// or https://",
        )
    if not 0 <= values["port"] <= 65535 or values["journal"] < 1:
        fail(WRONG_USE, "port 应在 0–65535，journal 至少 1", "port is 0–65535, journal at least 1")
    try:
        server = Server(
            host=values["host"],
            port=values["port"],
            token=values["token"],
            auth=values["auth"],
            document=world_document(settings),
            public_url=values["public-url"],
            tls=tls if all(tls) else None,
            hosts=values["allow-host"],
            journal=values["journal"],
            refused=on_refused,
        )
        if values["ready-file"]:
            check_ready_file(values["ready-file"])
        return server.start()
    except (CannotStart, ReadyFileInUse) as error:
        fail(NOT_STARTED, error.zh, error.en)


def _print_welcome(ready: dict[str, Any], settings: Settings) -> None:
    """Print the URL on the first line, then what a client needs, then commands to paste."""
    say(ready["url"])
    say(f"gateway     {ready['gateway']}")
    for name in ("app_key", "app_secret", "session", "sub_session", "token"):
        say(f"{name:<11} {ready[name]}")
    if settings.values["auth"] == "lax":
        say(
            translate(
                "注意：--auth lax，签名与会话不强制",
                "note: --auth lax, signs and sessions are not enforced",
            )
        )
    token = ready["token"]
    say(translate("试一下：", "try:"))
    say(f"  tmall-mockserver --url {ready['url']} --token {token} call taobao.time.get")
    exchanges = f"{ready['control']}/sandboxes/default/exchanges"
    say(f"  curl -s -X POST -H 'Authorization: Bearer {token}' {exchanges}")
    sys.stdout.flush()


@click.command()
@_add_setting_options
@click.pass_obj
def serve(global_options: Mapping[str, str], /, config: str, **options: object) -> None:
    """启动服务，直到 Ctrl-C 或 SIGTERM (serve until stopped)."""
    for name in ("token", "ready_file"):  # they mean the same when typed before the command
        options[name] = options[name] or global_options[name] or None
    settings = read_settings(options, config)
    exit_code = 0
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal exit_code
        exit_code = INTERRUPTED if number == signal.SIGINT else 0
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with _serving(settings) as (_, ready):
        _print_welcome(ready, settings)
        gc.freeze()  # what start-up made stays: full collections need not walk it
        while not stopped.wait(0.5):
            pass
    sys.exit(exit_code)


@click.command("exec", context_settings={"allow_interspersed_args": False})
@_add_setting_options
@click.option(
    "--env",
    multiple=True,
    metavar="NAME={app_key}",
    help="服务自己的变量名 (the service's own variable names)",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(config: str, env: tuple[str, ...], command: tuple[str, ...], **options: object) -> None:
    """启动服务，运行命令，停止，以命令的退出码退出 (run a command against a server)."""
    options["port"] = 0 if options.get("port") is None else options["port"]
    os.environ.pop(f"{PREFIX}READY_FILE", None)  # of another server: not ours to write
    settings = read_settings(options, config)
    program = shutil.which(command[0])
    if program is None:
        fail(WRONG_USE, f"找不到命令 {command[0]}", f"no such command: {command[0]}")
    relay = SignalRelay()
    with _serving(settings) as (server, _):
        variables = client_variables(server.sandbox(attach="default"), env)
        try:
            code = relay.run([program, *command[1:]], variables)
        except OSError as error:
            fail(WRONG_USE, f"不能执行 {program}：{error}", f"cannot run {program}: {error}")
    sys.exit(code)
