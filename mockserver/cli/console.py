"""What all commands share: languages, exit codes, the connection to a running server."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
from msgspec import Struct

from ..testing.control import Control, ControlRefused
from ..testing.transport import Http, Unreachable
from ..world.document import BadDocument
from .settings import PREFIX

__all__ = [
    "CHECK_FAILED", "INTERRUPTED", "NOT_STARTED", "WRONG_USE", "Link", "checked", "connect", "fail", "pairs", "say", "words",
]

CHECK_FAILED, WRONG_USE, NOT_STARTED, INTERRUPTED = 1, 2, 3, 130


def words(zh: str, en: str) -> str:
    """The sentence in the language of this run."""
    context = click.get_current_context(silent=True)
    lang = context.find_root().params.get("lang") if context else "zh"
    return en if lang == "en" else zh


def say(text: str) -> None:
    """One line on stdout."""
    click.echo(text)


def fail(code: int, zh: str, en: str) -> NoReturn:
    """The command ends with `code` and one line on stderr."""
    click.echo(words(zh, en), err=True)
    sys.exit(code)


class Link(Struct, frozen=True):
    """A running server's sandbox, as the remote commands use it."""

    control: Control
    sandbox: str

    def ask(self, verb: str, path: str = "", body: object = None, **query: object) -> Any:
        """A control call on the sandbox; a refusal ends the command with its reason."""
        return self.root(verb, f"sandboxes/{self.sandbox}{'/' if path else ''}{path}", body, **query)

    def root(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """A control call on the server."""
        try:
            return self.control(verb, path, body, **query)
        except ControlRefused as refused:
            problem = refused.problem
            fail(CHECK_FAILED if refused.status == 409 else WRONG_USE, str(problem.get("title")), str(problem.get("detail")))
        except Unreachable as gone:
            fail(WRONG_USE, str(gone), str(gone))


def connect(options: Mapping[str, Any]) -> Link:
    """The server that options or variables name, an address before a ready file; none: exit 2 with what to type."""
    variable = {name: os.environ.get(PREFIX + name.upper(), "") for name in ("url", "token", "sandbox", "ready_file")}
    named = options if options["url"] or options["ready_file"] else variable
    ready: Mapping[str, Any] = {} if named["url"] or not named["ready_file"] else _ready(named["ready_file"])
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
    return Link(Control(Http(url), token), sandbox or "default")


def _ready(path: str) -> Mapping[str, Any]:
    try:
        ready: Mapping[str, Any] = json.loads(Path(path).read_text("utf-8-sig"))
    except (OSError, ValueError):
        fail(WRONG_USE, f"读不到就绪文件 {path}：服务是否在运行？", f"cannot read ready file {path}: is the server running?")
    return ready


def pairs(given: Iterable[str]) -> dict[str, str]:
    """`k=v` words as a dict; anything else ends the command with exit 2."""
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            fail(WRONG_USE, f"应写作 k=v：{each}", f"write k=v: {each}")
        found[name] = value
    return found


def checked(run: Callable[[], Any]) -> Any:
    """What `run` gives; a bad document ends the command with exit 2."""
    try:
        return run()
    except BadDocument as wrong:
        fail(WRONG_USE, f"{wrong.field}：{wrong.zh}", f"{wrong.field}: {wrong.en}")
