"""What all commands share: language, exit codes, lines on the terminal, connection to a server."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
from msgspec import Struct

from ..client.control_client import Control
from ..client.terminal import escape_controls
from ..client.transport import Http, Unreachable
from ..service.control_function import sandbox_path
from .localized import language
from .ready_files import is_running, read_writer
from .settings import PREFIX, Settings

__all__ = [
    "CHECK_FAILED",
    "DEFAULT_READY_FILE",
    "INTERRUPTED",
    "NOT_STARTED",
    "WRONG_USE",
    "Link",
    "UnknownServer",
    "check_token",
    "connect",
    "discard_output",
    "escape",
    "fail",
    "find_server",
    "format_json",
    "names_server",
    "on_terminal",
    "one_line",
    "own_command",
    "paint",
    "parse_pairs",
    "ready_file_of",
    "say",
    "translate",
    "warn",
    "warn_of_unknown_variables",
]

CHECK_FAILED, WRONG_USE, NOT_STARTED, INTERRUPTED = 1, 2, 3, 130
DEFAULT_READY_FILE = ".mockserver.json"  # in the current folder; `serve --detach` writes it
_COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright_black")
_LINE_CHARACTERS = 300  # of a line that others may have written
_UNKNOWN_SERVER_ZH = f"""\
不知道连哪个服务。启动：tmall-mockserver serve --detach，然后在同一文件夹里再试；
或用 --ready-file mock.json 指定 serve 写的就绪文件；
或：tmall-mockserver --url http://127.0.0.1:8420 --token <启动时打印的令牌> …
或设置变量 {PREFIX}URL、{PREFIX}TOKEN"""
_UNKNOWN_SERVER_EN = f"""\
which server? Start one with tmall-mockserver serve --detach, then try again in the same folder;
or name the ready file that serve wrote: --ready-file mock.json;
or: tmall-mockserver --url http://127.0.0.1:8420 --token <printed at start> …
or set {PREFIX}URL and {PREFIX}TOKEN"""


def translate(zh: str, en: str) -> str:
    """Return the text in the language of this run (`--lang`, else the locale)."""
    return en if language() == "en" else zh


def own_command() -> str:
    """Return how to type this program here: by name if the shell finds it, else with Python."""
    if shutil.which("tmall-mockserver"):
        return "tmall-mockserver"
    return f"{os.path.relpath(sys.executable)} -m mockserver"


def say(text: str) -> None:
    """Print a line on stdout; its colours are left out where stdout is no terminal.

    Nothing that somebody else wrote reaches the terminal as a command: see `escape_controls`.
    """
    click.echo(_write_colours(text))


def on_terminal() -> bool:
    """Return True where stdout is a terminal: there a reader gets headings and tables.

    Programs that read a pipe get the plain lines, whose words stand where they always stood.
    """
    return sys.stdout.isatty()


_PAINTED = re.compile("\ufdd0([a-z_]+)\ufdd1([^\ufdd0-\ufdd2]*)\ufdd2")


def paint(text: str, colour: str) -> str:
    """Return `text` in a colour, or as it is where the variable NO_COLOR is set.

    The colour is a mark that only `say` turns into a terminal's command, as no other text may be.
    """
    text = escape_controls(text)
    return text if os.environ.get("NO_COLOR") else f"\ufdd0{colour}\ufdd1{text}\ufdd2"


def _write_colours(text: str) -> str:
    """Return the text with all control characters escaped, except the colours of `paint`."""
    pieces: list[str] = []
    end = 0
    for match in _PAINTED.finditer(text):
        if match[1] in _COLOURS:
            pieces.append(escape_controls(text[end : match.start()]))
            pieces.append(click.style(match[2], fg=match[1]))
            end = match.end()
    return "".join(pieces) + escape_controls(text[end:])


def warn(text: str) -> None:
    """Print a line on stderr; when nobody reads stderr any more, do nothing."""
    try:
        click.echo(_write_colours(text), err=True)
    except (OSError, ValueError):
        discard_output(sys.stderr)


def discard_output(stream: TextIO) -> None:
    """Send what `stream` still buffers to the null device.

    For a stream whose reader has gone: without this Python's own flush at exit changes the exit
    code.
    """
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def escape(text: str) -> str:
    """Return `text` for a terminal: line ends and control codes are escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def one_line(text: str, longest: int = _LINE_CHARACTERS) -> str:
    """Return `text` escaped, and cut when it has more than `longest` characters."""
    line = escape(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def format_json(value: object) -> str:
    """Return `value` as indented JSON, which is safe for a terminal."""
    return escape_controls(json.dumps(value, ensure_ascii=False, indent=2))


def fail(code: int, zh: str, en: str) -> NoReturn:
    """End the command with exit `code` after a line on stderr."""
    warn(translate(zh, en))
    sys.exit(code)


class Link(Struct, frozen=True):
    """A connection to a running server, and the sandbox that the command is about."""

    control: Control
    sandbox: str

    def ask(self, verb: str, path: str = "", body: object = None, **query: object) -> Any:
        """Make a control call on the sandbox and return the decoded reply.

        Raises:
            ControlRefused: a status of 400 or more.
            Unreachable: no server answers.
        """
        return self.control(verb, sandbox_path(self.sandbox, path), body, **query)


def names_server(options: Mapping[str, Any]) -> bool:
    """Return True if options or variables name a running server."""
    return any(options.values()) or any(
        os.environ.get(PREFIX + name) for name in ("URL", "READY_FILE")
    )


def connect(options: Mapping[str, Any]) -> Link:
    """Connect to the server that options, variables or the ready file of this folder name.

    When none is named, or the ready file says nothing, the command ends with exit 2 and says what
    to type.
    """
    try:
        return find_server(options)
    except UnknownServer as error:
        fail(WRONG_USE, error.zh, error.en)


class UnknownServer(Exception):
    """No server is named, or its ready file cannot be read."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} ({en})")


def find_server(options: Mapping[str, Any]) -> Link:
    """Return the link to the server that is named; an address goes before a ready file.

    A malformed address or token ends the command with exit 2.

    Raises:
        UnknownServer: none is named, or the ready file cannot be read.
    """
    variables = {
        name: os.environ.get(PREFIX + name.upper(), "")
        for name in ("url", "token", "sandbox", "ready_file")
    }
    source = options if options["url"] or options["ready_file"] else variables
    ready: Mapping[str, str] = {}
    if not source["url"]:
        path = source["ready_file"]
        if path or Path(DEFAULT_READY_FILE).is_file():
            ready = _read_ready_file(path or DEFAULT_READY_FILE)
    url, token, sandbox = (
        options[name] or ready.get(name) or variables[name] for name in ("url", "token", "sandbox")
    )
    if not url:
        raise UnknownServer(_UNKNOWN_SERVER_ZH, _UNKNOWN_SERVER_EN)
    if not token:
        raise UnknownServer(
            f"缺少令牌：--token 或变量 {PREFIX}TOKEN；serve 启动时打印，也在就绪文件里",
            f"the token is missing: --token or {PREFIX}TOKEN; serve prints it at its start",
        )
    check_token(token)
    link = Link(Control(_open_http(url), token), sandbox or "default")
    if not source["url"]:
        _check_that_it_runs(link, source["ready_file"] or DEFAULT_READY_FILE)
    return link


def _check_that_it_runs(link: Link, path: str) -> None:
    """Check that the server of a ready file is there; it was killed if its process has ended.

    A process of another container or machine is unknown here, so the address decides.

    Raises:
        UnknownServer: its process has ended, and nothing answers at its address.
    """
    pid = read_writer(path)
    if pid <= 0 or is_running(pid):
        return
    try:
        link.control("GET", "health")
    except Unreachable:
        again = "serve --detach" if path == DEFAULT_READY_FILE else f"serve --ready-file {path}"
        raise UnknownServer(
            f"就绪文件 {path} 里的服务(进程 {pid})已经不在运行，它没有正常结束；"
            f"重新启动：{own_command()} {again}，旧文件会被覆盖",
            f"the server of ready file {path} (process {pid}) no longer runs, it was killed; "
            f"start it again: {own_command()} {again}, which overwrites the old file",
        ) from None


def ready_file_of(options: Mapping[str, Any]) -> str:
    """Return the path of the ready file that is named, else that of this folder."""
    return str(options["ready_file"] or os.environ.get(f"{PREFIX}READY_FILE") or DEFAULT_READY_FILE)


def check_token(token: str) -> None:
    """Check that the token can stand in an HTTP header; else end the command with exit 2."""
    if not (token.isascii() and token.isprintable()):
        fail(
            WRONG_USE,
            "令牌只能由可见的 ASCII 字符组成",
            "a token has only printable ASCII characters",
        )


def _open_http(url: str) -> Http:
    if url.lower().startswith(("http://", "https://")):
        with suppress(ValueError):  # no such port, half an IPv6 address
            return Http(url)
    fail(
        WRONG_USE,
        f"地址应如 http://127.0.0.1:8420：{url}",
        f"an address is like http://127.0.0.1:8420: {url}",
    )


def _read_ready_file(path: str) -> Mapping[str, str]:
    try:
        ready = json.loads(Path(path).read_text("utf-8-sig"))
        return {name: value for name, value in ready.items() if isinstance(value, str)}
    except (OSError, ValueError, AttributeError):
        raise UnknownServer(
            f"读不到就绪文件 {path}：服务是否在运行？",
            f"cannot read ready file {path}: is the server running?",
        ) from None


def warn_of_unknown_variables(settings: Settings) -> None:
    """Print a line for each variable with our prefix that nothing reads, and one for those that
    Kubernetes sets."""
    if settings.ignored:
        names = ", ".join(settings.ignored)
        warn(
            translate(
                f"忽略 {names}：是 Kubernetes 为同名 Service 设置的地址，不是设置",
                f"ignored {names}: an address that Kubernetes sets for a Service, no setting",
            )
        )
    for name, meant in settings.unknown_variables.items():
        warn(
            translate(
                f"不认识变量 {name}，没有使用" + (f"；是否想写 {meant}？" if meant else ""),
                f"unknown variable {name}, not used"
                + (f"; did you mean {meant}?" if meant else ""),
            )
        )


def parse_pairs(words: Iterable[str]) -> dict[str, str]:
    """Return `k=v` words as a dict; any other word ends the command with exit 2."""
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            fail(WRONG_USE, f"应写作 k=v：{word}", f"write k=v: {word}")
        pairs[name] = value
    return pairs
