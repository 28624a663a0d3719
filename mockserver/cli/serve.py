"""Commands that run a server: `serve`, `exec`, `demo`."""

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
from .client_variables import client_variables
from .console import (
    INTERRUPTED,
    NOT_STARTED,
    WRONG_USE,
    check_token,
    fail,
    one_line,
    say,
    warn,
    words,
)
from .demo import run_demo
from .ready_file import InUse, check_free, describe, remove_ready, write_ready
from .settings import PREFIX, SETTINGS, Found, read_settings, world_keys
from .signal_relay import Relay

__all__ = ["demo", "exec_", "serve", "serving_options"]


def serving_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`serve`'s options, one a setting; `exec` takes them too."""
    for setting in reversed(list(SETTINGS.values())):
        help_text = f"{setting.zh} ({setting.en})"
        if isinstance(setting.default, bool):
            option = click.option(f"--{setting.name}", is_flag=True, default=None, help=help_text)
        elif isinstance(setting.default, tuple):
            option = click.option(f"--{setting.name}", multiple=True, help=help_text)
        else:
            kind = click.Choice(setting.among) if setting.among else type(setting.default)
            option = click.option(f"--{setting.name}", type=kind, default=None, help=help_text)
        command = option(command)
    return click.option(
        "--config", default="", help="设置文件，默认 ./mockserver.toml (settings file)"
    )(command)


def _told(entry: Entry, lang: str) -> None:
    """One line for a call that was refused or failed: code, method, cause, and the command that explains it.

    Server threads have no command context, so the language comes along.  Name and cause are the caller's.
    """
    cause = entry.cause_en if lang == "en" else entry.cause_zh
    line = one_line(f"{entry.code or entry.msg_code} {entry.method or '-'} {cause}")
    warn(f"{line}  [tmall-mockserver doctor {entry.request_id}]")


@contextmanager
def _serving(found: Found) -> Iterator[tuple[Server, dict[str, Any]]]:
    """A server that runs, with what its ready file says; afterwards the file is gone, then the server."""
    lang, path = words("zh", "en"), found.values["ready-file"]
    server = _start(found, lambda entry: _told(entry, lang))
    try:
        ready = describe(server.sandbox(attach="default"))
        if path:
            _write(path, ready)
        yield server, ready
    finally:
        if path:
            remove_ready(path)
        server.stop()


def _write(path: str, ready: dict[str, Any]) -> None:
    try:
        write_ready(path, ready)
    except OSError as wrong:
        fail(
            NOT_STARTED,
            f"写不了就绪文件 {path}：{wrong}",
            f"cannot write ready file {path}: {wrong}",
        )


def _start(found: Found, refused: Callable[[Entry], None]) -> Server:
    values = found.values
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
            document=world_keys(found),
            public_url=values["public-url"],
            tls=tls if all(tls) else None,
            hosts=values["allow-host"],
            journal=values["journal"],
            refused=refused,
        )
        if values["ready-file"]:
            check_free(values["ready-file"])
        return server.start()
    except (CannotStart, InUse) as wrong:
        fail(NOT_STARTED, wrong.zh, wrong.en)


def _welcome(ready: dict[str, Any], found: Found) -> None:
    """First line the URL, then all that is needed to attach, ready to paste."""
    say(ready["url"])
    say(f"gateway     {ready['gateway']}")
    for name in ("app_key", "app_secret", "session", "sub_session", "token"):
        say(f"{name:<11} {ready[name]}")
    if found.values["auth"] == "lax":
        say(
            words(
                "注意：--auth lax，签名与会话不强制",
                "note: --auth lax, signs and sessions are not enforced",
            )
        )
    link = f"--url {ready['url']} --token {ready['token']}"
    say(words("试一下：", "try:"))
    say(f"  tmall-mockserver {link} call taobao.time.get")
    say(
        f"  curl -s -X POST -H 'Authorization: Bearer {ready['token']}' {ready['control']}/sandboxes/default/exchanges"
    )
    sys.stdout.flush()


@click.command()
@serving_options
@click.pass_obj
def serve(group: Mapping[str, str], /, config: str, **given: object) -> None:
    """启动服务，直到 Ctrl-C 或 SIGTERM (serve until stopped)."""
    for name in ("token", "ready_file"):
        given[name] = (
            given[name] or group[name] or None
        )  # typed before the command, they mean the same
    found = read_settings(given, config)
    code = [0]
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        code[0] = INTERRUPTED if number == signal.SIGINT else 0
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with _serving(found) as (_, ready):
        _welcome(ready, found)
        gc.freeze()  # what start-up made stays: full collections need not walk it
        while not stopped.wait(0.5):
            pass
    sys.exit(code[0])


@click.command("exec", context_settings={"allow_interspersed_args": False})
@serving_options
@click.option(
    "--env",
    multiple=True,
    metavar="NAME={app_key}",
    help="服务自己的变量名 (the service's own variable names)",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(config: str, env: tuple[str, ...], command: tuple[str, ...], **given: object) -> None:
    """启动服务，运行命令，停止，以命令的退出码退出 (run a command against a server)."""
    given["port"] = 0 if given.get("port") is None else given["port"]
    os.environ.pop(
        f"{PREFIX}READY_FILE", None
    )  # another server's: neither ours to write nor the command's to read
    found = read_settings(given, config)
    program = shutil.which(command[0])
    if program is None:
        fail(WRONG_USE, f"找不到命令 {command[0]}", f"no such command: {command[0]}")
    relay = Relay()
    with _serving(found) as (server, _):
        variables = client_variables(server.sandbox(attach="default"), env)
        try:
            code = relay.run([program, *command[1:]], variables)
        except OSError as wrong:
            fail(WRONG_USE, f"不能执行 {program}：{wrong}", f"cannot run {program}: {wrong}")
    sys.exit(code)


@click.command()
def demo() -> None:
    """在空闲端口上跑完一次换货：申请、同意、退货、确认、发货、收货 (a whole exchange, told step by step)."""
    with Server() as server:
        run_demo(server, say, words)
