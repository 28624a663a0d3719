"""`tmall-mockserver`: the command line.  Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 could not start."""

import sys

import click

from ..version import __version__
from .console import INTERRUPTED
from .offline import config, explain_, reference_, sign_
from .remote import call, clock, logs, reset, snapshot
from .serving import demo, exec_, serve

__all__ = ["cli", "main"]


class _Anywhere(click.Group):
    """Takes its own options before or after the command; `serve` and `exec` keep those that are theirs."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """The group's options come first, whatever the order typed; nothing after `--` is touched."""
        end = args.index("--") if "--" in args else len(args)
        own = ("--lang",) if {"serve", "exec"} & set(args[:end]) else _GLOBAL
        first: list[str] = []
        rest: list[str] = []
        words = iter(args[:end])
        for word in words:
            name, equals, _ = word.partition("=")
            if name in own:
                first += [word] if equals else [word, *([value] if (value := next(words, None)) is not None else [])]
            else:
                rest.append(word)
        return super().parse_args(context, [*first, *rest, *args[end:]])


_GLOBAL = ("--lang", "--url", "--token", "--sandbox", "--ready-file")


@click.group(cls=_Anywhere)
@click.version_option(__version__, prog_name="tmall-mockserver")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", envvar="TMALL_MOCKSERVER_LANG", help="语言 (language)")
@click.option("--url", default="", help="运行中的服务 (a running server)")
@click.option("--token", default="", help="控制接口令牌 (the control API's token)")
@click.option("--sandbox", default="", help="沙箱，默认 default (which sandbox)")
@click.option("--ready-file", default="", help="serve 写的就绪文件 (the file that serve wrote)")
@click.pass_context
def cli(context: click.Context, /, lang: str, **link: str) -> None:
    """天猫换货 API 的本地模拟服务 (a local mock of Tmall's exchange API)."""
    context.obj = link


for command in (serve, demo, exec_, call, sign_, explain_, reference_, clock, snapshot, reset, logs, config):
    cli.add_command(command)


def main() -> None:
    """Runs a command; UTF-8 whatever the console, no traceback whatever happens."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
