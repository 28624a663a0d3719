"""`tmall-mockserver`: the command line.

Exit codes: 0 success, 1 a check failed, 2 wrong usage, 3 could not start, 130 interrupted.
"""

import os
import sys
from contextlib import suppress
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
from .localized import LocalizedGroup, bilingual, format_usage_error, group, option

__all__ = ["cli", "main", "run_command"]


_COMMANDS = {
    "serve": "serve.serve",
    "stop": "background.stop",
    "wait": "background.wait",
    "demo": "demo.demo",
    "exec": "serve.exec_",
    "call": "control_commands.call",
    "open": "exchange_commands.open_",
    "list": "exchange_commands.list_",
    "show": "exchange_commands.show",
    "buyer": "exchange_commands.buyer",
    "seller": "exchange_commands.seller",
    "cs": "exchange_commands.cs",
    "system": "exchange_commands.system",
    "move": "exchange_commands.move",
    "stock": "sandbox_commands.stock",
    "rules": "sandbox_commands.rules",
    "faults": "sandbox_commands.faults",
    "quotas": "sandbox_commands.quotas",
    "robots": "sandbox_commands.robots",
    "messages": "message_commands.messages",
    "sandboxes": "sandbox_commands.sandboxes",
    "tokens": "token_commands.tokens",
    "clock": "control_commands.clock",
    "snapshot": "control_commands.snapshot",
    "reset": "control_commands.reset",
    "logs": "logs.logs",
    "run": "run.run",
    "fuzz": "fuzz.fuzz",
    "exam": "exam.exam",
    "validate": "offline_commands.validate",
    "schema": "offline_commands.schema",
    "sign": "offline_commands.sign_",
    "doctor": "doctor.doctor",
    "explain": "offline_commands.explain_",
    "reference": "offline_commands.reference_",
    "config": "offline_commands.config",
}
_GLOBAL_OPTIONS = ("--lang", "--url", "--token", "--sandbox", "--ready-file")


class _LazyGroup(LocalizedGroup):
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
            advice_zh = f"；是否想写 {similar[0]}？" if similar else "；"
            advice_en = f"; did you mean {similar[0]}?" if similar else ";"
            zh = f"没有命令 {args[0]}{advice_zh}可用：{'、'.join(_COMMANDS)}"
            en = f"no command {args[0]}{advice_en} use: {', '.join(_COMMANDS)}"
            raise click.UsageError(bilingual(zh, en), ctx)
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


@group(
    cls=_LazyGroup,
    zh="天猫换货 API 的本地模拟服务。",
    en="A local mock of Tmall's exchange API.",
    epilog=bilingual(
        "退出码：0 成功，1 检查不通过或操作被拒绝，2 用法或文件不对，3 启动不了，130 被中断。",
        "Exit codes: 0 fine, 1 a check failed or a move was refused, 2 wrong usage or file, "
        "3 could not start, 130 interrupted.",
    ),
)
@click.version_option(
    __version__, prog_name="tmall-mockserver", help=bilingual("显示版本并退出", "Show the version")
)
@option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default=None,
    is_eager=True,  # before --help, which is written in it
    zh="语言；不给时看 TMALL_MOCKSERVER_LANG、LC_ALL、LANG，再没有则为中文",
    en="language; else TMALL_MOCKSERVER_LANG, LC_ALL, LANG decide, else Chinese",
)
@option("--url", default="", zh="运行中的服务的地址", en="address of a running server")
@option("--token", default="", zh="控制接口令牌", en="the control API's token")
@option(
    "--sandbox", default="", zh="独立环境，默认 default", en="which sandbox, default by default"
)
@option("--ready-file", default="", zh="serve 写的就绪文件", en="the ready file that serve wrote")
@click.pass_context
def cli(context: click.Context, /, lang: str | None, **link: str) -> None:
    """Keep the options that name a running server for the command."""
    context.obj = link


def main() -> None:
    """Run the command in `sys.argv` and exit; write UTF-8 on any console, never a traceback."""
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(run_command(sys.argv[1:]))


def _open_missing_streams() -> None:
    """Let the null device stand for each of stdin, stdout and stderr that is closed (`>&-`).

    Else Python has None for it, and the next file or socket that is opened gets its descriptor:
    what a command started by us writes to its stdout would go there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        with suppress(OSError):
            null = os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
            os.set_inheritable(null, True)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8", closefd=False))


def run_command(args: list[str]) -> int:
    """Return the exit code of the command in `args`; write what went wrong to stderr.

    The help and the version are written while click parses, so parsing may fail as a command may.
    """
    try:
        with cli.make_context("tmall-mockserver", args) as context:
            cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None) or _language_context(args)
        if isinstance(error, click.UsageError):
            error.ctx = context
        with context.scope(cleanup=False):
            for line in format_usage_error(error):
                warn(line)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone
        discard_output(sys.stdout)
    except Exception as error:  # the door: whatever breaks, the user gets a sentence
        with _language_context(args).scope(cleanup=False):
            warn(one_line(translate(*_reason(error))))
        conflict = isinstance(error, ControlRefused) and error.status == 409
        return CHECK_FAILED if conflict else WRONG_USE
    return 0


def _language_context(args: list[str]) -> click.Context:
    """Return a context that knows nothing but the `--lang` in `args`: click's has none to give."""
    context = cli.context_class(cli, info_name="tmall-mockserver")
    words = [word for arg in args for word in arg.split("=", 1)]
    if "--lang" in words[:-1]:
        context.params["lang"] = words[words.index("--lang") + 1]
    return context


def _reason(error: Exception) -> tuple[str, str]:
    """Return what went wrong, in Chinese and in English."""
    match error:
        case BadDocument():
            return f"{error.field}：{error.zh}", f"{error.field}: {error.en}"
        case ControlRefused():
            status = f"HTTP {error.status}"
            title = str(error.problem.get("title", status))
            detail = str(error.problem.get("detail", status))
            field = error.problem.get("field")
            return title, f"{field}: {detail}" if title.startswith(f"{field}：") else detail
        case DomainError() | BadRule() | Unreachable():
            return error.zh, error.en
        case DecodeError():
            return f"应答不是控制接口的：{error}", f"not an answer of the control API: {error}"
        case OSError() | ValueError():
            return f"做不到：{error}", f"cannot: {error}"
    return f"程序出错，请报告：{error!r}", f"a fault of ours, please report: {error!r}"
