"""What all commands share: languages, exit codes, lines on the terminal, the connection to a running server."""

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
from ..control.control_call import sandbox_path
from .settings import PREFIX

__all__ = [
    "CHECK_FAILED",
    "INTERRUPTED",
    "NOT_STARTED",
    "WRONG_USE",
    "Link",
    "check_token",
    "connect",
    "fail",
    "is_linked",
    "mute",
    "one_line",
    "pairs",
    "say",
    "warn",
    "words",
]

CHECK_FAILED, WRONG_USE, NOT_STARTED, INTERRUPTED = 1, 2, 3, 130
_LONGEST = 300  # characters of a line that others may have written


def words(zh: str, en: str) -> str:
    """The sentence in the language of this run."""
    context = click.get_current_context(silent=True)
    lang = context.find_root().params.get("lang") if context else "zh"
    return en if lang == "en" else zh


def say(text: str) -> None:
    """One line on stdout."""
    click.echo(text)


def warn(text: str) -> None:
    """One line on stderr; when nobody reads it any more, nothing."""
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):
        mute(sys.stderr)


def mute(stream: TextIO) -> None:
    """Nobody reads `stream` any more: what is still buffered goes nowhere, so that the exit code stays ours."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def one_line(text: str, longest: int = _LONGEST) -> str:
    """`text` for a terminal: line ends and control codes are shown escaped, what is too long is clipped."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def fail(code: int, zh: str, en: str) -> NoReturn:
    """The command ends with `code` and one line on stderr."""
    warn(words(zh, en))
    sys.exit(code)


class Link(Struct, frozen=True):
    """A running server's sandbox, as the remote commands use it."""

    control: Control
    sandbox: str

    def ask(self, verb: str, path: str = "", body: object = None, **query: object) -> Any:
        """A control call on the sandbox."""
        return self.root(verb, sandbox_path(self.sandbox, path), body, **query)

    def root(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """A control call on the server."""
        return self.control(verb, path, body, **query)


def is_linked(options: Mapping[str, Any]) -> bool:
    """Whether options or variables name a running server, for a command that can do without."""
    return any(options.values()) or any(
        os.environ.get(PREFIX + name) for name in ("URL", "READY_FILE")
    )


def connect(options: Mapping[str, Any]) -> Link:
    """The server that options or variables name, an address before a ready file; none: exit 2 with what to type."""
    variable = {
        name: os.environ.get(PREFIX + name.upper(), "")
        for name in ("url", "token", "sandbox", "ready_file")
    }
    named = options if options["url"] or options["ready_file"] else variable
    ready: Mapping[str, str] = (
        {} if named["url"] or not named["ready_file"] else _ready(named["ready_file"])
    )
    url, token, sandbox = (
        options[name] or ready.get(name) or variable[name] for name in ("url", "token", "sandbox")
    )
    if not url or not token:
        fail(
            WRONG_USE,
            "不知道连哪个服务。启动时加 --ready-file mock.json，然后：tmall-mockserver --ready-file mock.json …\n"
            "或：tmall-mockserver --url http://127.0.0.1:8420 --token <启动时打印的令牌> …\n"
            f"或设置变量 {PREFIX}URL、{PREFIX}TOKEN",
            "which server? Start it with --ready-file mock.json, then: tmall-mockserver --ready-file mock.json …\n"
            "or: tmall-mockserver --url http://127.0.0.1:8420 --token <printed at start> …\n"
            f"or set {PREFIX}URL and {PREFIX}TOKEN",
        )
    check_token(token)
    return Link(Control(_http(url), token), sandbox or "default")


def check_token(token: str) -> None:
    """The token can stand in an HTTP header; another ends the command with exit 2."""
    if not (token.isascii() and token.isprintable()):
        fail(
            WRONG_USE,
            "令牌只能由可见的 ASCII 字符组成",
            "a token has only printable ASCII characters",
        )


def _http(url: str) -> Http:
    if url.lower().startswith(("http://", "https://")):
        with suppress(ValueError):  # no such port, half an IPv6 address
            return Http(url)
    fail(
        WRONG_USE,
        f"地址应如 http://127.0.0.1:8420：{url}",
        f"an address is like http://127.0.0.1:8420: {url}",
    )


def _ready(path: str) -> Mapping[str, str]:
    try:
        ready = json.loads(Path(path).read_text("utf-8-sig"))
        return {name: value for name, value in ready.items() if isinstance(value, str)}
    except (OSError, ValueError, AttributeError):
        fail(
            WRONG_USE,
            f"读不到就绪文件 {path}：服务是否在运行？",
            f"cannot read ready file {path}: is the server running?",
        )


def pairs(given: Iterable[str]) -> dict[str, str]:
    """`k=v` words as a dict; anything else ends the command with exit 2."""
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            fail(WRONG_USE, f"应写作 k=v：{each}", f"write k=v: {each}")
        found[name] = value
    return found
