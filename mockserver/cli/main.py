"""`tmall-mockserver`: the command line.  Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 could not start."""

import sys
from difflib import get_close_matches
from importlib import import_module

import click
from msgspec import DecodeError

from ..client.control_client import ControlRefused
from ..client.transport import Unreachable
from ..domain.errors import DomainError
from ..domain.rules import BadRule
from ..version import __version__
from ..world.document import BadDocument
from .console import CHECK_FAILED, INTERRUPTED, WRONG_USE, mute, one_line, warn, words

__all__ = ["cli", "main"]


_COMMANDS = {
    "serve": "serve.serve",
    "demo": "serve.demo",
    "exec": "serve.exec_",
    "call": "control_commands.call",
    "clock": "control_commands.clock",
    "snapshot": "control_commands.snapshot",
    "reset": "control_commands.reset",
    "logs": "logs.logs",
    "run": "run.run",
    "validate": "validate.validate",
    "schema": "validate.schema",
    "sign": "offline_commands.sign_",
    "doctor": "doctor.doctor",
    "explain": "offline_commands.explain_",
    "reference": "offline_commands.reference_",
    "config": "offline_commands.config",
}


class _Anywhere(click.Group):
    """Takes its own options before or after the command; `serve` and `exec` keep those that are theirs.

    A command's module is imported when the command is used.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of a day's work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(".")
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command typed; an unknown one ends with what was probably meant."""
        if args and args[0] not in _COMMANDS:
            close = get_close_matches(args[0], _COMMANDS, 1)
            meant = f"；是否想写 {close[0]}？(did you mean {close[0]}?)" if close else ""
            raise click.UsageError(
                f"没有命令 {args[0]} (no such command){meant} 可用 (use): {', '.join(_COMMANDS)}",
                ctx,
            )
        return super().resolve_command(ctx, args)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """The group's options come first, whatever the order typed; nothing after `--` is touched."""
        end = args.index("--") if "--" in args else len(args)
        own = ("--lang",) if _command(args[:end]) in ("serve", "exec") else _GLOBAL
        first: list[str] = []
        rest: list[str] = []
        words = iter(args[:end])
        for word in words:
            name, equals, _ = word.partition("=")
            if name in own:
                first += (
                    [word]
                    if equals
                    else [word, *([value] if (value := next(words, None)) is not None else [])]
                )
            else:
                rest.append(word)
        return super().parse_args(context, [*first, *rest, *args[end:]])


_GLOBAL = ("--lang", "--url", "--token", "--sandbox", "--ready-file")


def _command(args: list[str]) -> str:
    """The command among `args`: the first word that is neither an option nor an option's value."""
    words = iter(args)
    for word in words:
        if word in _GLOBAL:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


@click.group(cls=_Anywhere)
@click.version_option(__version__, prog_name="tmall-mockserver")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    envvar="TMALL_MOCKSERVER_LANG",
    help="语言 (language)",
)
@click.option("--url", default="", help="运行中的服务 (a running server)")
@click.option("--token", default="", help="控制接口令牌 (the control API's token)")
@click.option("--sandbox", default="", help="独立环境，默认 default (which sandbox)")
@click.option("--ready-file", default="", help="serve 写的就绪文件 (the file that serve wrote)")
@click.pass_context
def cli(context: click.Context, /, lang: str, **link: str) -> None:
    """天猫换货 API 的本地模拟服务 (a local mock of Tmall's exchange API)."""
    context.obj = link


def main() -> None:
    """Runs a command; UTF-8 whatever the console, no traceback whatever happens."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(_run(sys.argv[1:]))


def _run(args: list[str]) -> int:
    """The exit code of the command in `args`; its context lives until the reason of its end is told."""
    try:
        with cli.make_context("tmall-mockserver", args) as context:
            return _invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED


def _invoke(context: click.Context) -> int:
    try:
        cli.invoke(context)
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except BrokenPipeError:  # the reader of our output has seen enough
        mute(sys.stdout)
    except Exception as wrong:  # the door: whatever breaks, the user gets a sentence
        warn(one_line(words(*_reason(wrong))))
        return (
            CHECK_FAILED if isinstance(wrong, ControlRefused) and wrong.status == 409 else WRONG_USE
        )
    return 0


def _reason(wrong: Exception) -> tuple[str, str]:
    """What went wrong, in Chinese and in English."""
    match wrong:
        case BadDocument():
            return f"{wrong.field}：{wrong.zh}", f"{wrong.field}: {wrong.en}"
        case ControlRefused():
            other = f"HTTP {wrong.status}"
            return str(wrong.problem.get("title", other)), str(wrong.problem.get("detail", other))
        case DomainError():
            return wrong.zh, wrong.en
        case BadRule() | Unreachable():
            return str(wrong), str(wrong)
        case DecodeError():
            return f"应答不是控制接口的：{wrong}", f"not an answer of the control API: {wrong}"
        case OSError() | ValueError():
            return f"做不到：{wrong}", f"cannot: {wrong}"
    return f"程序出错，请报告：{wrong!r}", f"a fault of ours, please report: {wrong!r}"
