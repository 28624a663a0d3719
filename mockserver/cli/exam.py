"""`exam`: may this client go live?  Scenarios, state machine and habits, with a grade."""

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import click
from msgspec.structs import replace

from ..client.control_client import Control
from ..client.http_target import http_targets
from ..client.sandbox import Sandbox
from ..client.server import Server
from ..client.transport import Http
from ..embedded.server import CannotStart
from ..scenario.result import ScenarioResult
from ..scenario.run_settings import ClientProfile
from ..world.real_clock import monotonic_seconds
from .client_options import (
    env_option,
    handles_option,
    methods_option,
    round_line_option,
    write_to_option,
)
from .client_probe import describe_profile, parse_handles, probe_client, read_profile_options
from .client_process import ClientProcess
from .command_client import CommandClient
from .connection_info import client_variables
from .console import (
    CHECK_FAILED,
    NOT_STARTED,
    WRONG_USE,
    connect,
    fail,
    names_server,
    say,
    translate,
    warn,
)
from .exam_attached import examine_running_client
from .exam_parts import Habits, describe_scenario, report_target
from .exam_report import ExamItem, ExamReport
from .fuzz import parse_seconds
from .localized import command, option
from .output_files import check_writable, save_output
from .scenario_executor import RunOptions, ScenarioExecutor
from .scenario_files import find_files, read_sources
from .stop_signals import Interruption
from .workers import run_in_threads

__all__ = ["exam"]

_THREADS = 4  # scenarios at a time
_MACHINE_HANDLES = "1,3,12"  # of a client of which nothing could be learnt


@command(
    zh="上线前体检：用场景和状态机考查被测程序，给出成绩、证据、线上代价和改法。",
    en="The go-live exam: a grade, with evidence, what it costs in production, what to change.",
)
@option(
    "--client",
    default="",
    metavar="CMD",
    zh="被测程序；不给则考查已连到 --sandbox 的程序",
    en="the client under test; without it the one that already works in --sandbox",
)
@env_option
@handles_option
@methods_option
@option(
    "--scenarios",
    multiple=True,
    metavar="NAME",
    default=("all",),
    zh="考哪些内置场景，默认 all",
    en="which shipped scenarios, all by default",
)
@option(
    "--examples",
    type=click.IntRange(0, 1_000),
    default=4,
    zh="状态机每组运行几次，0 为不运行",
    en="runs of each group of the state machine, 0 for none",
)
@option("--steps", type=click.IntRange(1, 200), default=12, zh="每次几步", en="steps of a run")
@round_line_option
@option("--within", default="10s", zh="等被测程序一步的最长时间", en="how long a step waits for it")
@option("--limit", default="90s", zh="状态机总共最长的时间", en="the longest the machine may take")
@option("--html", default="", metavar="F", zh="写 HTML 报告", en="write an HTML report")
@option("--junit", default="", metavar="F", zh="写 JUnit XML", en="write JUnit XML")
@option("--json", default="", metavar="F", zh="写 JSON 报告", en="write a JSON report")
@write_to_option
@click.pass_obj
def exam(link: Mapping[str, Any], /, **typed: Any) -> None:
    """Examine a client; exit 0 if it may go live."""
    parse_handles(typed["handles"] or "1")
    within = timedelta(seconds=parse_seconds("--within", typed["within"]))
    parse_seconds("--limit", typed["limit"])
    _check_combination(link, typed)
    for name in ("html", "junit", "json"):
        check_writable(typed[name])
    began = monotonic_seconds()
    if typed["client"]:
        items, profile = _examine_command(typed, within)
    else:
        handles = sorted(parse_handles(typed["handles"] or _MACHINE_HANDLES))
        items = examine_running_client(connect(link), handles, within)
        profile = ClientProfile(handles=frozenset(handles), methods=frozenset())
    writes = sorted(profile.methods) if not profile.asks_all else []
    report = ExamReport(
        items=items,
        handles=sorted(profile.handles),
        methods=[name for name in writes if name.startswith("tmall.exchange.")],
        seconds=monotonic_seconds() - began,
    )
    lang = translate("zh", "en")
    say(report.format_lines(lang))
    if typed["html"]:
        save_output(typed["html"], report.format_html(lang))
    if typed["junit"]:
        save_output(typed["junit"], report.format_junit(lang))
    if typed["json"]:
        save_output(typed["json"], report.format_json())
    if not report.passed:
        raise SystemExit(CHECK_FAILED)


def _check_combination(link: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    if not typed["client"] and not names_server(link):
        fail(
            WRONG_USE,
            "考查谁？给出 --client CMD，或用 --url、--sandbox 指定程序正在用的独立环境",
            "examine whom? Give --client CMD, or the sandbox that it uses: --url, --sandbox",
        )
    if typed["client"] and names_server(link):
        fail(
            WRONG_USE,
            "--client 自己启动服务，不能与 --url、--sandbox、--ready-file 一起用",
            "--client starts a server of its own: leave --url, --sandbox, --ready-file out",
        )


def _examine_command(
    typed: Mapping[str, Any], within: timedelta
) -> tuple[list[ExamItem], ClientProfile]:
    """Run all parts against the command; return the items, and what the client does."""
    habits = Habits()
    items: list[ExamItem] = []
    sources, _ = read_sources(find_files(typed["scenarios"], library=True))
    with ExitStack() as stack:
        control = _start_server(stack)
        interruption = Interruption()

        def start_client(info: Mapping[str, Any]) -> ClientProcess:
            sandbox = Sandbox(control=control, attach=info["id"])
            variables = client_variables(sandbox, typed["env"])
            return ClientProcess(typed["client"], variables, lambda: interruption.hurried)

        make_target = http_targets(control)
        stopping = threading.Event()

        def pause(seconds: float) -> None:
            stopping.wait(seconds)

        learnt = probe_client(report_target(make_target, habits), start_client, pause, within)
        profile = replace(learnt, **read_profile_options(typed["handles"], typed["methods"]))
        say(describe_profile(profile))
        options = RunOptions(client=typed["client"], env=typed["env"], within=within)
        executor = ScenarioExecutor(
            make_target,
            options,
            start_client=start_client,
            token=control.token,
            stopping=stopping,
            profile=profile,
        )
        executions = run_in_threads(sources, executor, min(_THREADS, len(sources)), stopping)
        by_index: dict[int, ScenarioResult] = dict(executions)
        items += [describe_scenario(by_index[index]) for index in range(len(sources))]
    if typed["examples"]:
        items += _play_machine(typed, profile, habits)
    return [*items, *habits.describe()], profile


def _play_machine(
    typed: Mapping[str, Any], profile: ClientProfile, habits: Habits
) -> list[ExamItem]:
    try:
        from .exam_machine import MachinePlan, play_groups
    except ImportError:
        warn(
            translate(
                "没有 hypothesis，状态机没有考：pip install 'tmall-mockserver[hypothesis]'",
                "without hypothesis no machine runs: pip install 'tmall-mockserver[hypothesis]'",
            )
        )
        return []
    client = CommandClient(
        typed["client"],
        env=typed["env"],
        round_line=typed["round_line"],
        longest=parse_seconds("--within", typed["within"]) / 2,
    )
    plan = MachinePlan(
        handles=sorted(profile.handles or parse_handles(_MACHINE_HANDLES)),
        examples=typed["examples"],
        steps=typed["steps"],
        seconds=parse_seconds("--limit", typed["limit"]),
        write_to=typed["write_to"],
    )
    try:
        return list(play_groups(client, plan, habits))
    finally:
        client.stop()


def _start_server(stack: ExitStack) -> Control:
    try:
        server = stack.enter_context(Server())
    except CannotStart as error:
        fail(NOT_STARTED, error.zh, error.en)
    http = Http(server.url)
    stack.callback(http.close)
    return Control(http, server.token)
