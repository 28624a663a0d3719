"""Commands whose help and usage errors are in one language: that of `--lang`, else of the locale.

Every text for a reader is declared once, as a pair.  `bilingual` joins a pair into one string that
click carries around like any other; the formatter, which writes all of click's help, keeps the
half that this run needs.  So the help follows a `--lang` that is only known when it is printed,
and nothing that click holds is ever changed.

Click's own words (Usage, Options, its errors) are English; here they have their Chinese.
"""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

import click

from .text_width import pad, text_width, wrap

__all__ = [
    "LANGUAGE_VARIABLE",
    "OPTIONAL_COMMAND",
    "LocalizedCommand",
    "LocalizedGroup",
    "bilingual",
    "both_languages",
    "command",
    "format_usage_error",
    "group",
    "language",
    "localize",
    "option",
]

LANGUAGE_VARIABLE = "TMALL_MOCKSERVER_LANG"
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_NO_LANGUAGE = ("", "C", "POSIX")  # locales that say nothing about the reader
_PAIR = re.compile("\x02([^\x03]*)\x1f([^\x03]*)\x03")
_FIRST_COLUMN = 30  # of a list of options, at most
_CLICK_WORDS = {
    "Usage": "用法",
    "Options": "选项",
    "Commands": "命令",
    "Arguments": "参数",
    "Show this message and exit.": "显示帮助并退出。",
    "Show the version and exit.": "显示版本并退出。",
    "required": "必填",
    "default": "默认",
}
OPTIONAL_COMMAND = "[COMMAND] [ARGS]..."  # click before 8.2 writes it as if it were required
_METAVARS = {
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 [参数]...",
    OPTIONAL_COMMAND: "[命令] [参数]...",
    "INTEGER RANGE": "整数",
    "INTEGER": "整数",
    "TEXT": "文字",
}


def bilingual(zh: str, en: str) -> str:
    """Return both texts in one string, of which `localize` takes one."""
    return f"\x02{zh}\x1f{en}\x03"


def localize(text: str, lang: str) -> str:
    """Return `text` with the half in `lang` of each bilingual part."""
    return _PAIR.sub(lambda match: match[2 if lang == "en" else 1], text)


def both_languages(text: str) -> str:
    """Return `text` with each bilingual part as `中文 (English)`, for pages that have both."""
    return _PAIR.sub(lambda match: f"{match[1]} ({match[2]})", text)


def language() -> str:
    """Return `zh` or `en`: `--lang`, else the variable, else the locale, else Chinese.

    A locale that is neither Chinese nor empty (C, POSIX) means English.
    """
    context = click.get_current_context(silent=True)
    chosen = context.find_root().params.get("lang") if context else None
    return chosen or _language_of_environment()


def _language_of_environment() -> str:
    chosen = os.environ.get(LANGUAGE_VARIABLE, "").lower()
    if chosen in ("zh", "en"):
        return chosen
    for name in _LOCALE_VARIABLES:
        locale = os.environ.get(name, "").partition(".")[0]
        if locale not in _NO_LANGUAGE:
            return "zh" if locale.lower().startswith("zh") else "en"
    return "zh"


class _Formatter(click.HelpFormatter):
    """Writes help in the language of this run; nothing is cut, Chinese is two columns wide."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how the command is typed."""
        self.write(
            f"{_click_word('Usage')}: {prog} {_translate_metavars(localize(args, language()))}"
        )
        self.write("\n")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.write(f"{_click_word(heading)}:\n")

    def write_text(self, text: str) -> None:
        """Write a paragraph, wrapped to the terminal."""
        indent = " " * self.current_indent
        for line in localize(text, language()).split("\n"):
            for piece in wrap(line, self.width - self.current_indent):
                self.write(f"{indent}{piece}".rstrip() + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _FIRST_COLUMN, col_spacing: int = 2
    ) -> None:
        """Write a list of names with their meaning; a long meaning goes on below itself."""
        texts = [
            (_translate_metavars(localize(name, language())), _click_sentence(meaning))
            for name, meaning in rows
        ]
        column = min(max((text_width(name) for name, _ in texts), default=0), col_max)
        indent = " " * self.current_indent
        rest = max(self.width - self.current_indent - column - col_spacing, 20)
        for name, meaning in texts:
            lines = wrap(meaning, rest)
            gap = " " * (column + col_spacing)
            if text_width(name) > column:
                self.write(f"{indent}{name}\n")
                head = indent + gap
            else:
                head = indent + pad(name, column) + " " * col_spacing
            self.write((head + lines[0]).rstrip() + "\n")
            for line in lines[1:]:
                self.write(f"{indent}{gap}{line}\n")


def _click_word(word: str) -> str:
    return word if language() == "en" else _CLICK_WORDS.get(word, word)


def _click_sentence(text: str) -> str:
    """Return the meaning of an option in the language of this run, with what click appends."""
    text = localize(text, language())
    if language() == "en":
        return text
    text = _CLICK_WORDS.get(text, text)
    return re.sub(r"\[(required|default)\b", lambda match: f"[{_CLICK_WORDS[match[1]]}", text)


def _translate_metavars(text: str) -> str:
    if language() == "en":
        return text
    for name, zh in _METAVARS.items():
        text = text.replace(name, zh)
    return text


class _Context(click.Context):
    """A context whose help is written in the language of this run."""

    formatter_class = _Formatter


class LocalizedCommand(click.Command):
    """A command whose help is bilingual."""

    context_class = _Context


class LocalizedGroup(click.Group):
    """A group of commands whose help is bilingual; the sentence of each command is never cut."""

    context_class = _Context

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole sentence that says what it does."""
        rows = []
        for name in self.list_commands(ctx):
            subcommand = self.get_command(ctx, name)
            assert subcommand is not None
            rows.append((name, subcommand.help or ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def subcommand(
        self, name: str | None = None, *, zh: str, en: str
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Make a command of this group whose help is `zh` or `en`."""
        return self.command(name, cls=LocalizedCommand, help=bilingual(zh, en))


def command(
    name: str | None = None, *, zh: str, en: str, **more: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command whose help is `zh` or `en`."""
    return click.command(name, cls=LocalizedCommand, help=bilingual(zh, en), **more)


def group(
    name: str | None = None, *, zh: str, en: str, **more: Any
) -> Callable[[Callable[..., Any]], LocalizedGroup]:
    """Make a group of commands whose help is `zh` or `en`."""
    return click.group(name, **{"cls": LocalizedGroup, "help": bilingual(zh, en), **more})


def option(*names: str, zh: str, en: str, **more: Any) -> Callable[[Any], Any]:
    """Make an option whose help is `zh` or `en`."""
    return click.option(*names, help=bilingual(zh, en), **more)


def format_usage_error(error: click.ClickException) -> list[str]:
    """Return the lines that say what was wrong with the words of a command line.

    The first is the mistake, in one language; a second shows how the command is typed.
    """
    lang = language()
    message = error.format_message() if lang == "en" else _describe_in_chinese(error)
    lines = localize(message, lang).splitlines()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        usage = error.ctx.get_usage().partition(": ")[2]
        path = error.ctx.command_path
        lines.append(
            f"usage: {usage}   ({path} --help says more)"
            if lang == "en"
            else f"用法：{usage}   （{path} --help 有说明）"
        )
    return lines


def _describe_in_chinese(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption():
            similar = sorted(error.possibilities or ())
            advice = f"；是否想写 {'、'.join(similar)}？" if similar else ""
            return f"没有选项 {error.option_name}{advice}"
        case click.MissingParameter():
            return f"缺少 {_parameter_name(error)}"
        case click.BadParameter():
            return f"{_parameter_name(error)} 的值不对：{_expectation(error)}"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 要给一个值，或多给了值"
    text = error.format_message()
    for pattern, zh in _CLICK_ERRORS:
        if match_ := re.fullmatch(pattern, text, re.DOTALL):
            return match_.expand(zh)
    return text


_CLICK_ERRORS = (
    (r"Got unexpected extra arguments? \((.*)\)", r"多余的参数：\1"),
    (r"Missing command\.", "缺少命令"),
    (r"No such command '(.*)'\..*", r"没有命令 \1"),
)


def _parameter_name(error: click.BadParameter) -> str:
    if error.param is None:
        return str(error.param_hint or "参数")
    if isinstance(error.param, click.Option):
        return error.param.opts[0]
    return error.param.human_readable_name


def _expectation(error: click.BadParameter) -> str:
    """Return what the parameter takes."""
    kind = error.param.type if error.param else None
    if isinstance(kind, click.Choice):
        return f"应为 {'、'.join(str(choice) for choice in kind.choices)}"
    if isinstance(kind, click.IntRange):
        return f"应为 {kind.min} 到 {kind.max} 的整数"
    if kind is click.INT:
        return "应为整数"
    return localize(error.message, "zh")
