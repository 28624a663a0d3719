"""What all commands share: language, exit codes, lines on the terminal, connection to a server."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
from msgspec import Struct

from ..client.control_client import Control
from ..client.transport import Http
from ..control.control_function import sandbox_path
from .localized import language
from .settings import PREFIX

__all__ = [
    "CHECK_FAILED",
    "INTERRUPTED",
    "NOT_STARTED",
    "WRONG_USE",
    "Link",
    "check_token",
    "connect",
    "discard_output",
    "escape",
    "fail",
    "format_json",
    "names_server",
    "one_line",
    "paint",
    "parse_pairs",
    "say",
    "translate",
    "warn",
]

CHECK_FAILED, WRONG_USE, NOT_STARTED, INTERRUPTED = 1, 2, 3, 130
_LINE_CHARACTERS = 300  # of a line that others may have written
_UNKNOWN_SERVER_ZH = f"""\
不知道连哪个服务。启动时加 --ready-file mock.json，然后：tmall-mockserver --ready-file mock.json …
或：tmall-mockserver --url http://127.0.0.1:8420 --token <启动时打印的令牌> …
或设置变量 {PREFIX}URL、{PREFIX}TOKEN"""
_UNKNOWN_SERVER_EN = f"""\
which server? Start it with --ready-file mock.json, then: \
tmall-mockserver --ready-file mock.json …
or: tmall-mockserver --url http://127.0.0.1:8420 --token <printed at start> …
or set {PREFIX}URL and {PREFIX}TOKEN"""


def translate(zh: str, en: str) -> str:
    """Return the text in the language of this run (`--lang`, else the locale)."""
    return en if language() == "en" else zh


def say(text: str) -> None:
    """Print a line on stdout; its colours are left out where stdout is no terminal."""
    click.echo(text)


def paint(text: str, colour: str) -> str:
    """Return `text` in a colour, or as it is where the variable NO_COLOR is set."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour)


def warn(text: str) -> None:
    """Print a line on stderr; when nobody reads stderr any more, do nothing."""
    try:
        click.echo(text, err=True)
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
    """Return `value` as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)


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
    """Connect to the server that options or variables name; an address goes before a ready file.

    When none is named, the command ends with exit 2 and says what to type.
    """
    variables = {
        name: os.environ.get(PREFIX + name.upper(), "")
        for name in ("url", "token", "sandbox", "ready_file")
    }
    source = options if options["url"] or options["ready_file"] else variables
    ready: Mapping[str, str] = {}
    if source["ready_file"] and not source["url"]:
        ready = _read_ready_file(source["ready_file"])
    url, token, sandbox = (
        options[name] or ready.get(name) or variables[name] for name in ("url", "token", "sandbox")
    )
    if not url or not token:
        fail(WRONG_USE, _UNKNOWN_SERVER_ZH, _UNKNOWN_SERVER_EN)
    check_token(token)
    return Link(Control(_open_http(url), token), sandbox or "default")


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
        fail(
            WRONG_USE,
            f"读不到就绪文件 {path}：服务是否在运行？",
            f"cannot read ready file {path}: is the server running?",
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
