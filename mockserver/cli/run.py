"""`run`: run scenario files and shipped scenarios, print and write the results."""

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import click

from ..client.control_client import Control
from ..client.http_target import http_targets
from ..client.sandbox import Sandbox
from ..client.server import Server
from ..client.transport import Http
from ..domain.durations import parse_duration
from ..embedded.server import CannotStart
from ..scenario.library import is_shipped, list_shipped
from ..scenario.report import (
    format_client_summary,
    format_json,
    format_junit,
    format_summary,
    format_transcript,
)
from ..scenario.result import ScenarioResult
from ..scenario.yaml_text import read_yaml
from ..world.document import BadDocument
from ..world.opening_document import read_status
from ..world.real_clock import monotonic_seconds
from .client_options import env_option, handles_option, methods_option
from .client_probe import parse_handles, parse_methods
from .client_process import ClientProcess
from .connection_info import client_variables
from .console import (
    CHECK_FAILED,
    INTERRUPTED,
    NOT_STARTED,
    WRONG_USE,
    connect,
    fail,
    names_server,
    one_line,
    parse_pairs,
    say,
    translate,
    warn,
)
from .localized import command, option
from .output_files import check_writable, write_output
from .scenario_executor import (
    RunOptions,
    ScenarioExecutor,
    in_process_executor,
    shared_sandbox_executor,
)
from .scenario_files import ScenarioSource, find_files, format_mistakes, read_sources
from .stop_signals import Interruption, handle_stop_signals
from .workers import Executions, run_in_processes, run_in_threads, run_in_turn

__all__ = ["format_progress", "run"]

_SCENARIOS_WORTH_PROCESSES = 30
_THREADS = 4  # scenarios at a time on a running server
_SECONDS_WORTH_SAYING = 2
_PROGRESS_CHARACTERS = 36  # so that Chinese ones stay on one line of a terminal


@command(
    zh="运行场景文件、文件夹或内置场景；加 --url 在运行中的服务上运行。",
    en="Run scenario files, folders or shipped scenarios.",
)
@click.argument("names", nargs=-1, metavar="[PATH|NAME|GLOB|all]...")
@option("--list", "list_only", is_flag=True, zh="列出内置场景", en="the shipped scenarios")
@option(
    "--set",
    "values",
    multiple=True,
    metavar="K=V",
    zh="替换场景 set 中的值",
    en="a value of the scenario's set",
)
@option(
    "--until", default="", metavar="STATUS", zh="到此状态即停，编号或文字", en="stop at this status"
)
@option(
    "--client",
    default="",
    metavar="CMD",
    zh="被测程序：每个场景启动一次，卖家的步骤改为等待它来做",
    en="the client under test",
)
@env_option
@handles_option
@methods_option
@option("--junit", default="", metavar="F", zh="写 JUnit XML", en="write JUnit XML")
@option("--json", default="", metavar="F", zh="写 JSON 报告", en="write a JSON report")
@option(
    "--record",
    default="",
    metavar="F",
    zh="把独立环境的历史写成场景文件",
    en="write the sandbox's history as a scenario file",
)
@option(
    "--jobs", type=click.IntRange(1, 64), default=None, zh="同时运行几个", en="scenarios at a time"
)
@option(
    "--within",
    default="10s",
    zh="等被测程序一步的最长时间",
    en="how long a step waits for the client",
)
@option(
    "--keep",
    is_flag=True,
    zh="在运行中的服务上保留独立环境",
    en="keep the sandboxes on the running server",
)
@click.pass_obj
def run(
    link: Mapping[str, Any],
    /,
    names: tuple[str, ...],
    list_only: bool,
    values: tuple[str, ...],
    **typed: Any,
) -> None:
    """Run scenario files, folders or shipped scenarios."""
    if list_only:
        _list_shipped()
        return
    options = _parse_options(typed, values)
    _check_combination(link, options)
    if not names and options.record and names_server(link):
        _record_history(link, options.record)
        return
    if not names:
        fail(
            WRONG_USE,
            "运行什么？给出场景文件、文件夹，或 --list 中的名称",
            "run what? Give files, folders, or names that --list shows",
        )
    sources, mistakes = read_sources(find_files(names, library=True), options.values)
    for line in format_mistakes(mistakes):
        warn(line)
    if mistakes:
        fail(
            WRONG_USE,
            f"共 {len(mistakes)} 处错误，没有运行",
            f"{len(mistakes)} mistakes, nothing was run",
        )
    if options.record and len(sources) > 1:
        fail(
            WRONG_USE,
            f"--record 只记录一个场景，这里有 {len(sources)} 个",
            f"--record takes one scenario, here are {len(sources)}",
        )
    for path in (options.junit, options.json, options.record):
        check_writable(path)
    interruption = Interruption()
    with ExitStack() as stack:
        executions = _start(sources, link, options, stack, interruption)
        results, interrupted, seconds = _collect_results(sources, executions, interruption)
    sandboxes_kept = names_server(link) and (options.keep or bool(options.until))
    _print_results(
        results, seconds, with_sandboxes=sandboxes_kept, with_client=bool(options.client)
    )
    _write_reports(results, seconds, options)  # last: a full disk takes no result away
    handle_stop_signals(signal.SIG_IGN)  # a late one does not change the exit code
    if interrupted:
        sys.exit(INTERRUPTED)
    sys.exit(0 if all(result.ok for result in results) else CHECK_FAILED)


def _parse_options(typed: Mapping[str, Any], values: Sequence[str]) -> RunOptions:
    try:
        within = parse_duration(typed["within"])
    except ValueError:
        within = timedelta()
    if within <= timedelta():
        fail(
            WRONG_USE,
            f"--within 应为时长，例如 10s：{typed['within']}",
            f"--within is a duration such as 10s: {typed['within']}",
        )
    until = typed["until"]
    if until:
        try:
            until = str(read_status(until, {}).value)
        except BadDocument as error:
            fail(WRONG_USE, f"--until {until}：{error.zh}", f"--until {until}: {error.en}")
    return RunOptions(**{**typed, "within": within, "until": until, "values": parse_pairs(values)})


def _check_combination(link: Mapping[str, Any], options: RunOptions) -> None:
    if options.keep and not names_server(link):
        fail(
            WRONG_USE,
            "--keep 要与 --url 一起用：没有运行中的服务可以保留",
            "--keep goes with --url: there is no running server to keep it on",
        )
    if options.client and link["sandbox"]:
        fail(
            WRONG_USE,
            "--client 为每个场景新建独立环境，不能与 --sandbox 一起用",
            "--client makes a sandbox for each scenario: leave --sandbox out",
        )
    for name in ("env", "handles", "methods"):
        if getattr(options, name) and not options.client:
            fail(WRONG_USE, f"--{name} 只与 --client 一起用", f"--{name} goes with --client only")
    parse_handles(options.handles or "1")
    parse_methods(options.methods or "agree")


def _record_history(link: Mapping[str, Any], path: str) -> None:
    """Write the history of the running server's sandbox to the file."""
    check_writable(path)
    write_output(path, connect(link).ask("GET", "scenario")["scenario"])


def _list_shipped() -> None:
    paths = list_shipped()
    width = max((len(name) for name in paths), default=0)
    for name, path in paths.items():
        root = read_yaml(path.read_text("utf-8")).value
        about = root.get("about") if translate("zh", "en") == "en" else None
        say(f"{name:<{width}}  {(about or root['scenario']).value}")


def _start(
    sources: Sequence[ScenarioSource],
    link: Mapping[str, Any],
    options: RunOptions,
    stack: ExitStack,
    interruption: Interruption,
) -> Executions:
    """Choose where the scenarios run and how many at a time.

    Without a server and a client: in this process, or in several from 30 scenarios on.  Else in
    threads against a server: the one that is named, or one of our own, which `stack` closes.
    """
    if not names_server(link) and not options.client:
        jobs = options.jobs or (_cores() if len(sources) >= _SCENARIOS_WORTH_PROCESSES else 1)
        make_execute = partial(in_process_executor, options)
        if min(jobs, len(sources)) == 1:
            return run_in_turn(sources, make_execute())
        return run_in_processes(sources, make_execute, min(jobs, len(sources)))
    stopping = threading.Event()
    control = connect(link).control if names_server(link) else _start_server(stack)
    if link["sandbox"]:
        execute = shared_sandbox_executor(control, link["sandbox"], options)
        return run_in_threads(sources, execute, 1, stopping)

    def start_client(info: Mapping[str, Any]) -> ClientProcess:
        sandbox = Sandbox(control=control, attach=info["id"])
        variables = client_variables(sandbox, options.env)
        return ClientProcess(options.client, variables, lambda: interruption.hurried)

    executor = ScenarioExecutor(
        http_targets(control, keep=options.keep or bool(options.until)),
        options,
        start_client=start_client if options.client else None,
        token=control.token,
        stopping=stopping,
    )
    own_files = any(not is_shipped(source.scenario.path) for source in sources)
    jobs = options.jobs or (1 if options.client and own_files else _THREADS)
    return run_in_threads(sources, executor, min(jobs, len(sources)), stopping)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start_server(stack: ExitStack) -> Control:
    try:
        server = stack.enter_context(Server())
    except CannotStart as error:
        fail(NOT_STARTED, error.zh, error.en)
    http = Http(server.url)
    stack.callback(http.close)
    return Control(http, server.token)


def _collect_results(
    sources: Sequence[ScenarioSource], executions: Executions, interruption: Interruption
) -> tuple[list[ScenarioResult], bool, float]:
    """Return `(results, interrupted, seconds)`.

    Results stand in the order of the sources.  After Ctrl-C or SIGTERM those that did not end have
    the outcome "interrupted".
    """
    finished: dict[int, ScenarioResult] = {}
    started = monotonic_seconds()
    interrupted = False
    try:
        for index, result in executions:
            finished[index] = result
            elapsed = monotonic_seconds() - started
            _show_progress(format_progress(len(finished), len(sources), elapsed) + result.title)
            if interruption.received:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        interrupted = True
        executions.close()
    _show_progress("")
    results = [
        finished.get(index)
        or ScenarioResult(
            title=source.scenario.title, path=source.scenario.path, outcome="interrupted", steps=0
        )
        for index, source in enumerate(sources)
    ]
    return results, interrupted, monotonic_seconds() - started


def format_progress(done: int, total: int, elapsed: float) -> str:
    """Return how many have ended, and the time left if the others take as long on average."""
    left = round(elapsed / done * (total - done))
    if left < _SECONDS_WORTH_SAYING:
        return f"{done}/{total} "
    return translate(f"{done}/{total} 还需 {left} 秒 ", f"{done}/{total} {left} s left ")


def _show_progress(text: str) -> None:
    """Rewrite one line of a terminal; print nothing where stderr is no terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{one_line(text, _PROGRESS_CHARACTERS)}")
        sys.stderr.flush()


def _write_reports(results: Sequence[ScenarioResult], seconds: float, options: RunOptions) -> None:
    if options.junit:
        write_output(options.junit, format_junit(results, seconds, translate("zh", "en")))
    if options.json:
        write_output(options.json, format_json(results, seconds))


def _print_results(
    results: Sequence[ScenarioResult], seconds: float, *, with_sandboxes: bool, with_client: bool
) -> None:
    """Print failures (a single scenario always), the sandboxes that stay, and the counts."""
    lang = translate("zh", "en")
    for result in results:
        if result.outcome in ("failed", "broken") or len(results) == 1:
            say(format_transcript(result, lang))
        if with_sandboxes and result.exchanges:
            ids = "  ".join(f"{name}={dispute_id}" for name, dispute_id in result.exchanges.items())
            say(f"  {translate('独立环境', 'sandbox')} {result.sandbox}  {ids}")
    if with_client:
        say(format_client_summary(results, lang))
    say(format_summary(results, seconds, lang))
