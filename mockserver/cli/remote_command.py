"""Commands about a running server, each declared once: its words, what it asks, how it prints.

The body of such a command takes a `Link` and returns the decoded reply of the control API.  All
else is here: the connection, `--json` and `--quiet`, the lines for a reader, and, when the server
does not know a name, the names that were probably meant.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import update_wrapper
from typing import Any

import click
from msgspec import Struct

from ..client.control_client import ControlRefused
from .console import Link, connect, format_json, say
from .localized import OPTIONAL_COMMAND, LocalizedCommand, LocalizedGroup, bilingual, option

__all__ = ["Candidates", "print_reply", "remote_command", "remote_group"]

View = Callable[[Any], Iterable[str]]
Names = Callable[[Any], Iterable[str]]
_MOST_SUGGESTIONS = 3
_MOST_NAMES = 12  # that are listed where none is similar


class Candidates(Struct, frozen=True):
    """The names that the server knows, for the words in one argument of the command.

    A word is a name, or begins with a name and `=`.
    """

    argument: str
    ask: Callable[[Link], list[str]]


def remote_command(
    name: str | None = None,
    *,
    zh: str,
    en: str,
    view: View,
    names: Names | None = None,
    candidates: Candidates | None = None,
    parent: LocalizedGroup | None = None,
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function `(link, **arguments)` that returns a reply.

    `view` turns the reply into lines.  With `names` the command has `--quiet`, which prints the
    names in the reply and nothing else, one a line.  `candidates` are the names that a refusal may
    suggest.  Without `parent` it is a command of its own.
    """
    maker = click.command if parent is None else parent.command

    def decorate(function: Callable[..., Any]) -> click.Command:
        run = _add_output_options(function, view, names, candidates)
        return maker(name, cls=LocalizedCommand, help=bilingual(zh, en))(run)

    return decorate


def remote_group(*, zh: str, en: str, view: View) -> Callable[[Callable[..., Any]], LocalizedGroup]:
    """Make a group of commands; the function is what the group does without a subcommand."""

    def decorate(function: Callable[..., Any]) -> LocalizedGroup:
        run = _add_output_options(function, view, None, None)

        def run_alone(**arguments: Any) -> None:
            if click.get_current_context().invoked_subcommand is None:
                run(**arguments)

        update_wrapper(run_alone, run)
        return click.group(
            cls=LocalizedGroup,
            help=bilingual(zh, en),
            invoke_without_command=True,
            subcommand_metavar=OPTIONAL_COMMAND,
        )(run_alone)

    return decorate


def _add_output_options(
    function: Callable[..., Any], view: View, names: Names | None, candidates: Candidates | None
) -> Callable[..., Any]:
    """Return the function that click calls: it connects, asks, and prints the reply."""

    def run(as_json: bool, quiet: bool = False, **arguments: Any) -> None:
        link = connect(click.get_current_context().obj)
        typed = arguments[candidates.argument] if candidates else ""
        with _suggest(link, candidates, typed):
            reply = function(link, **arguments)
        if quiet and names is not None:
            for item in names(reply):
                say(item)
        else:
            print_reply(reply, view, as_json=as_json)

    update_wrapper(run, function)  # also what click's decorators have noted on the function
    if names is not None:
        option("--quiet", "-q", is_flag=True, zh="只打印编号", en="print the ids alone")(run)
    option("--json", "as_json", is_flag=True, zh="以 JSON 打印", en="print JSON")(run)
    return run


def print_reply(reply: Any, view: View, *, as_json: bool) -> None:
    """Print a reply as JSON, or as the lines of its view."""
    if as_json:
        say(format_json(reply))
        return
    for line in view(reply):
        say(line)


@contextmanager
def _suggest(link: Link, candidates: Candidates | None, typed: object) -> Iterator[None]:
    """Add to the refusal of an unknown name those names that were probably meant."""
    try:
        yield
    except ControlRefused as error:
        if candidates is None or error.status not in (400, 404):
            raise
        words = (typed,) if isinstance(typed, str) else typed
        assert isinstance(words, tuple)
        names = candidates.ask(link)
        unknown = [name for name in (word.partition("=")[0] for word in words) if name not in names]
        if not unknown:
            raise
        zh, en = _advise(unknown[0], names)
        title = str(error.problem.get("title", "")).partition("；")[
            0
        ]  # the list of all is left out
        detail = str(error.problem.get("detail", "")).partition(";")[0]
        raise ControlRefused(
            {**error.problem, "title": f"{title}；{zh}", "detail": f"{detail}; {en}"}
        ) from None


def _advise(name: str, names: list[str]) -> tuple[str, str]:
    """Return what to say about an unknown name where `names` exist."""
    similar = get_close_matches(name, names, _MOST_SUGGESTIONS)
    if similar:
        return f"是否想写 {'、'.join(similar)}？", f"did you mean {', '.join(similar)}?"
    if not names:
        return "现在一个也没有", "there are none"
    few = names[:_MOST_NAMES]
    more_zh, more_en = (" 等", " and others") if len(names) > len(few) else ("", "")
    return f"现有 {'、'.join(few)}{more_zh}", f"there are {', '.join(few)}{more_en}"
