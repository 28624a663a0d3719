"""Commands that run a server: `serve`, `exec`, `demo`."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from ..domain.switches import BadSwitch
from ..server import CannotStart
from ..testing.local import Server
from ..world.document import BadDocument
from ..world.journal import Entry
from .console import INTERRUPTED, NOT_STARTED, WRONG_USE, checked, fail, say, words
from .ready import InUse, check_free, describe, remove_ready, write_ready
from .settings import PREFIX, SETTINGS, Found, read_settings, world_keys
from .story import tell

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
    return click.option("--config", default="", help="设置文件，默认 ./mockserver.toml (settings file)")(command)


def _told(entry: Entry, lang: str) -> None:
    """One line for a refused call: code, method, cause, and how to see all of it.

    Server threads have no command context, so the language comes along.
    """
    cause = entry.cause_en if lang == "en" else entry.cause_zh
    line = f"{entry.code} {entry.method or '-'} {cause}  [tmall-mockserver logs --request {entry.request_id}]"
    click.echo(line, err=True)


def _start(found: Found, refused: Callable[[Entry], None]) -> Server:
    values = found.values
    tls = (values["tls-cert"], values["tls-key"])
    if any(tls) and not all(tls):
        fail(WRONG_USE, "--tls-cert 与 --tls-key 要一起给", "--tls-cert and --tls-key go together")
    if not 0 <= values["port"] <= 65535 or values["journal"] < 1:
        fail(WRONG_USE, "port 应在 0–65535，journal 至少 1", "port is 0–65535, journal at least 1")
    try:
        server = Server(
            host=values["host"], port=values["port"], token=values["token"], auth=values["auth"],
            document=world_keys(found), public_url=values["public-url"], tls=tls if all(tls) else None,
            hosts=values["allow-host"], journal=values["journal"], refused=refused,
        )
        if values["ready-file"]:
            check_free(values["ready-file"])
        return server.start()
    except (CannotStart, InUse) as wrong:
        fail(NOT_STARTED, wrong.zh, wrong.en)
    except (BadDocument, BadSwitch) as wrong:
        fail(WRONG_USE, str(wrong), str(wrong))


def _welcome(ready: dict[str, Any], found: Found) -> None:
    """First line the URL, then all that is needed to attach, ready to paste."""
    say(ready["url"])
    say(f"gateway     {ready['gateway']}")
    for name in ("app_key", "app_secret", "session", "sub_session", "token"):
        say(f"{name:<11} {ready[name]}")
    if found.values["auth"] == "lax":
        say(words("注意：--auth lax，签名与会话不强制", "note: --auth lax, signs and sessions are not enforced"))
    link = f"--url {ready['url']} --token {ready['token']}"
    say(words("试一下：", "try:"))
    say(f"  tmall-mockserver {link} call taobao.time.get")
    say(f"  curl -s -X POST -H 'Authorization: Bearer {ready['token']}' {ready['control']}/sandboxes/default/exchanges")
    sys.stdout.flush()


@click.command()
@serving_options
def serve(config: str, **given: object) -> None:
    """启动服务，直到 Ctrl-C 或 SIGTERM (serve until stopped)."""
    found = checked(lambda: read_settings(given, config))
    code = [0]
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        code[0] = INTERRUPTED if number == signal.SIGINT else 0
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    lang = words("zh", "en")
    server = _start(found, lambda entry: _told(entry, lang))
    try:
        ready = describe(server)
        if found.values["ready-file"]:
            write_ready(found.values["ready-file"], ready)
        _welcome(ready, found)
        while not stopped.wait(0.5):
            pass
    finally:
        server.stop()
        if found.values["ready-file"]:
            remove_ready(found.values["ready-file"])
    sys.exit(code[0])


@click.command("exec", context_settings={"allow_interspersed_args": False})
@serving_options
@click.option("--env", multiple=True, metavar="NAME={app_key}", help="服务自己的变量名 (the service's own variable names)")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(config: str, env: tuple[str, ...], command: tuple[str, ...], **given: object) -> None:
    """启动服务，运行命令，停止，以命令的退出码退出 (run a command against a server)."""
    given["port"] = 0 if given.get("port") is None else given["port"]
    os.environ.pop(f"{PREFIX}READY_FILE", None)  # another server's: neither ours to write nor the command's to read
    found = checked(lambda: read_settings(given, config))
    program = shutil.which(command[0])
    if program is None:
        fail(WRONG_USE, f"找不到命令 {command[0]}", f"no such command: {command[0]}")
    lang = words("zh", "en")
    server = _start(found, lambda entry: _told(entry, lang))
    try:
        ready = describe(server)
        if found.values["ready-file"]:
            write_ready(found.values["ready-file"], ready)
        variables = {**os.environ, **server.sandbox(attach="default").env, **_own(env, ready)}
        code = _run([program, *command[1:]], variables)
    finally:
        server.stop()
        if found.values["ready-file"]:
            remove_ready(found.values["ready-file"])
    sys.exit(code)


def _own(env: tuple[str, ...], ready: dict[str, Any]) -> dict[str, str]:
    own = {}
    for each in env:
        name, equals, value = each.partition("=")
        try:
            own[name] = value.format_map(ready) if equals and name else fail(WRONG_USE, f"应写作 NAME=值：{each}", f"write NAME=value: {each}")
        except (KeyError, ValueError, IndexError):
            fail(WRONG_USE, f"--env {each}：可用 {{{'}、{'.join(ready)}}}", f"--env {each}: use {{{'}, {'.join(ready)}}}")
    return own


def _run(command: list[str], variables: dict[str, str]) -> int:
    """The command's exit code; signals are passed on to it, 128 + n when it died of one."""
    child = subprocess.Popen(command, env=variables)  # noqa: S603  # running it is what the user asks for

    def forward(number: int, frame: FrameType | None) -> None:
        if child.poll() is None and number == signal.SIGTERM:
            child.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)
    code = child.wait()
    return 128 - code if code < 0 else code


@click.command()
def demo() -> None:
    """在空闲端口上跑完一次换货：申请、同意、退货、确认、发货、收货 (a whole exchange, told step by step)."""
    with Server() as server:
        tell(server, say, words)
