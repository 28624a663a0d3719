"""`tmall-mockserver`: the command line.

Exit codes: 0 success, 1 a check failed, 2 wrong usage, 3 could not start, 130 interrupted.
"""

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
from .console import CHECK_FAILED, INTERRUPTED, WRONG_USE, discard_output, one_line, translate, warn

__all__ = ["cli", "main"]


_COMMANDS = {
    "serve": "serve.serve",
    "demo": "demo.demo",
    "exec": "serve.exec_",
    "call": "control_commands.call",
    "clock": "control_commands.clock",
    "snapshot": "control_commands.snapshot",
    "reset": "control_commands.reset",
    "logs": "logs.logs",
    "run": "run.run",
    "validate": "offline_commands.validate",
    "schema": "offline_commands.schema",
    "sign": "offline_commands.sign_",
    "doctor": "doctor.doctor",
    "explain": "offline_commands.explain_",
    "reference": "offline_commands.reference_",
    "config": "offline_commands.config",
}
_GLOBAL_OPTIONS = ("--lang", "--url", "--token", "--sandbox", "--ready-file")


class _LazyGroup(click.Group):
    """Imports the module of a command when the command is used; takes global options anywhere.

    Global options may stand before or after the command; `serve` and `exec` keep those that are
    theirs.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of a day's work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(".")
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command in `args`; refuse an unknown one with the most similar name."""
        if args and args[0] not in _COMMANDS:
            similar = get_close_matches(args[0], _COMMANDS, 1)
            advice = f"；是否想写 {similar[0]}？(did you mean {similar[0]}?)" if similar else ""
            commands = ", ".join(_COMMANDS)
            raise click.UsageError(
                f"没有命令 {args[0]} (no such command){advice} 可用 (use): {commands}", ctx
            )
        return super().resolve_command(ctx, args)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Move global options to the front before click parses; leave what follows `--` alone."""
        end = args.index("--") if "--" in args else len(args)
        own_options = _find_command(args[:end]) in ("serve", "exec")
        moved_options = ("--lang",) if own_options else _GLOBAL_OPTIONS
        front: list[str] = []
        rest: list[str] = []
        words = iter(args[:end])
        for word in words:
            name, equals, _ = word.partition("=")
            if name not in moved_options:
                rest.append(word)
                continue
            front.append(word)
            if not equals and (value := next(words, None)) is not None:
                front.append(value)
        return super().parse_args(context, [*front, *rest, *args[end:]])


def _find_command(args: list[str]) -> str:
    """Return the first word that is neither an option nor a global option's value, or ""."""
    words = iter(args)
    for word in words:
        if word in _GLOBAL_OPTIONS:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


@click.group(cls=_LazyGroup)
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
    """Run the command in `sys.argv` and exit; write UTF-8 on any console, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(_run(sys.argv[1:]))


def _run(args: list[str]) -> int:
    """Return the exit code of the command in `args`.

    The command's context stays open until an error is printed, because it holds the language.
    """
    try:
        with cli.make_context("tmall-mockserver", args) as context:
            return _invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED


def _invoke(context: click.Context) -> int:
    try:
        cli.invoke(context)
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except BrokenPipeError:  # the reader of our output has gone
        discard_output(sys.stdout)
    except Exception as error:  # the door: whatever breaks, the user gets a sentence
        warn(one_line(translate(*_reason(error))))
        conflict = isinstance(error, ControlRefused) and error.status == 409
        return CHECK_FAILED if conflict else WRONG_USE
    return 0


def _reason(error: Exception) -> tuple[str, str]:
    """Return what went wrong, in Chinese and in English."""
    match error:
        case BadDocument():
            return f"{error.field}：{error.zh}", f"{error.field}: {error.en}"
        case ControlRefused():
            status = f"HTTP {error.status}"
            problem = error.problem
            return str(problem.get("title", status)), str(problem.get("detail", status))
        case DomainError():
            return error.zh, error.en
        case BadRule() | Unreachable():
            return str(error), str(error)
        case DecodeError():
            return f"应答不是控制接口的：{error}", f"not an answer of the control API: {error}"
        case OSError() | ValueError():
            return f"做不到：{error}", f"cannot: {error}"
    return f"程序出错，请报告：{error!r}", f"a fault of ours, please report: {error!r}"
