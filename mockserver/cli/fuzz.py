"""`fuzz`: the state machine of `exchange_machine` against a command in any language."""

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from ..domain.durations import parse_duration
from ..world.real_clock import monotonic_seconds
from .client_options import env_option, round_line_option, write_to_option
from .client_probe import parse_handles
from .command_client import CommandClient
from .console import CHECK_FAILED, WRONG_USE, fail, one_line, say, translate
from .localized import command, option
from .stop_signals import Interruption

if TYPE_CHECKING:
    from ..testing.machine.machine import ExchangeMachine

__all__ = ["fuzz", "parse_seconds"]

_PLAYS = "buyer,cs,stock,replies"
_CHARACTERS = 2_000  # of a failure


@command(
    zh="让状态机扮演其他各方，检验任何语言的程序；失败写成三个文件。",
    en="Play all other parties against a program; failures become files.",
)
@option("--client", required=True, metavar="CMD", zh="被测程序", en="the client under test")
@env_option
@option("--examples", type=click.IntRange(1, 10_000), default=20, zh="几次运行", en="runs")
@option("--steps", type=click.IntRange(1, 200), default=15, zh="每次几步", en="steps of a run")
@option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    zh="随机种子；不给则每次不同",
    en="the seed of all draws; without it every run differs",
)
@option("--handles", default="1,3,12", zh="程序办理的状态", en="the statuses it acts at")
@option("--plays", default=_PLAYS, zh="扮演谁", en="who is played")
@option(
    "--ruleset",
    type=click.Choice(["classic", "upgraded"]),
    default="classic",
    zh="流程",
    en="the flow",
)
@round_line_option
@option(
    "--quiet", default="300ms", zh="多久没有调用算一轮结束", en="no call for so long ends a round"
)
@option("--within", default="5s", zh="一轮最长的时间", en="the longest a round may take")
@option("--limit", default="2m", zh="总共最长的时间", en="the longest all of it may take")
@option(
    "--restart", is_flag=True, zh="每次运行都重新启动程序", en="start the client anew for each run"
)
@write_to_option
@click.pass_obj
def fuzz(link: Mapping[str, Any], /, **typed: Any) -> None:
    """Play all other parties against a program in any language."""
    try:
        from ..testing.machine.machine import exchange_machine
        from .bounded_machine import run_bounded
    except ImportError:
        fail(
            WRONG_USE,
            "fuzz 需要 hypothesis：pip install 'tmall-mockserver[hypothesis]'",
            "fuzz needs hypothesis: pip install 'tmall-mockserver[hypothesis]'",
        )
    client = CommandClient(
        typed["client"],
        env=typed["env"],
        round_line=typed["round_line"],
        quiet=parse_seconds("--quiet", typed["quiet"]),
        longest=parse_seconds("--within", typed["within"]),
        restart=typed["restart"],
        interruption=Interruption(),
    )
    machine = exchange_machine(
        client,
        plays=typed["plays"].split(","),
        ruleset=typed["ruleset"],
        handles=sorted(parse_handles(typed["handles"])),
        ages=True,
        write_to=typed["write_to"],
    )
    try:
        played, trouble = run_bounded(
            machine,
            examples=typed["examples"],
            steps=typed["steps"],
            end=monotonic_seconds() + parse_seconds("--limit", typed["limit"]),
            seed_number=typed["seed"],
        )
    finally:
        client.stop()
    say(played.summary(translate("zh", "en")))
    if not trouble:
        say(translate("没有发现错误", "nothing was found"))
        return
    for line in list(_describe_failures(played)) or trouble[:_CHARACTERS].splitlines():
        say(one_line(line))
    raise SystemExit(CHECK_FAILED)


def _describe_failures(machine: "type[ExchangeMachine]") -> Iterator[str]:
    """Yield the lines about each failure: what it is, the steps that show it, where they stand."""
    for kind, failing in machine.failures.items():
        failure = failing.failure
        yield f"{failure.check}: {translate(failure.zh, failure.en)[:_CHARACTERS]}"
        yield translate("缩减为：", "reduced to:")
        yield from (f"    {step}" for step in failing.steps)
        if not failing.is_smallest:
            yield translate(
                "被测程序较慢，没有时间再缩减", "the client is slow: no time to reduce it further"
            )
        written = machine.written.get(kind)
        if written is None:
            yield translate("三个文件写不了", "the three files cannot be written")
        for path in written or ():
            yield translate(f"已写入 {path}", f"written: {path}")


def parse_seconds(option_name: str, text: str) -> float:
    """Return a duration in seconds; `300ms` is allowed, a wrong one ends with exit 2."""
    number = text.removesuffix("ms")
    seconds = math.nan
    if number != text and number.isascii() and number.isdigit():
        seconds = int(number) / 1000
    else:
        with suppress(ValueError):
            seconds = parse_duration(text).total_seconds()
    if not 0 < seconds < math.inf:
        fail(
            WRONG_USE,
            f"{option_name} 应为时长，例如 300ms、5s：{text}",
            f"{option_name} is a duration such as 300ms or 5s: {text}",
        )
    return seconds
